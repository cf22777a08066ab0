"""Who calls, as a service's code sees it."""

from dataclasses import dataclass
from typing import Self

from shared.identity.claims import Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The caller of an operation; `user_id` is 0 when nobody is signed in.

    `practitioner_id` and `tier` are the token's short cuts: where they are None, ask the service's own replica.
    `auth_time` and `expires_at` are unix seconds. `actor_id` is the staff member who acts for the user; such a caller
    moves no money and changes no credentials. Who `is_pending` has to prove their address before they change anything.
    """

    user_id: int = 0
    uuid: str | None = None
    session_id: str | None = None
    roles: frozenset[str] = frozenset()
    practitioner_id: int | None = None
    tier: str | None = None
    auth_time: int | None = None
    expires_at: int | None = None
    actor_id: int | None = None
    is_pending: bool = False
    client_ip: str = ""
    request_id: str = ""

    @classmethod
    def of(cls, claims: Claims, *, client_ip: str, request_id: str) -> Self:
        """Return the caller that verified `claims` name."""
        return cls(
            user_id=claims.user_id,
            uuid=claims.uuid,
            session_id=claims.session_id,
            roles=claims.roles,
            practitioner_id=claims.practitioner_id,
            tier=claims.tier,
            auth_time=claims.auth_time,
            expires_at=claims.expires_at,
            actor_id=claims.actor_id,
            is_pending=claims.is_pending,
            client_ip=client_ip,
            request_id=request_id,
        )

    @property
    def is_signed_in(self) -> bool:
        """Whether a good token came with the request."""
        return self.user_id > 0

    @property
    def is_staff(self) -> bool:
        """Whether the caller works for the marketplace."""
        return "staff" in self.roles

    @property
    def role(self) -> str:
        """The strongest role, as events name it: staff, practitioner, user or anonymous."""
        for role in ("staff", "practitioner", "user"):
            if role in self.roles:
                return role
        return "anonymous"


SYSTEM = Identity(roles=frozenset({"system"}))
"""The caller of clock jobs and event handlers."""
