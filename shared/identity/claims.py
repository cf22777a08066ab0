"""What an access token says about its caller, and why one is not accepted.

TokenError
├── TokenExpired     `token_expired`
└── TokenInvalid     `authentication_failed`
    └── UnknownKey   the same, after which the key set may be worth reading again
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

ROLES = frozenset({"user", "practitioner", "staff"})


class TokenError(Exception):
    """The token is not accepted; `code` is the stable word for the answer."""

    code = "authentication_failed"


class TokenExpired(TokenError):
    """The token was good once."""

    code = "token_expired"


class TokenInvalid(TokenError):
    """The token was never good here."""


class UnknownKey(TokenInvalid):
    """The token names a key we do not hold; it may have been published a moment ago."""

    def __init__(self, kid: str) -> None:
        super().__init__("unknown key")
        self.kid = kid


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who calls, as the token says.

    Times are unix seconds. `practitioner_id` and `tier` are short cuts: a service asks its own replica when they
    are None. Who `is_pending` proves their address before they change anything. A legacy token knows neither `uuid`,
    `session_id` nor `token_id`, and its `issued_at` may be 0.
    """

    user_id: int
    uuid: str | None
    session_id: str | None
    token_id: str | None
    roles: frozenset[str]
    practitioner_id: int | None
    tier: str | None
    amr: tuple[str, ...]
    auth_time: int | None
    actor_id: int | None
    issued_at: int
    expires_at: int
    legacy: bool
    is_pending: bool = False

    @property
    def is_staff(self) -> bool:
        """True when the token carries the role `staff`."""
        return "staff" in self.roles


def claims_of(said: Mapping[str, Any]) -> Claims:
    """Return what the payload of one of our access tokens says. Raises TokenInvalid."""
    if said.get("type") != "access" or not isinstance(said["sid"], str) or not said["sid"]:
        raise TokenInvalid("not an access token")
    return Claims(
        user_id=_user_id(said["sub"]),
        uuid=_text(said.get("uuid")),
        session_id=said["sid"],
        token_id=_text(said["jti"]),
        roles=_roles(tuple(_texts(said.get("roles")))),
        practitioner_id=_number(said.get("practitioner_id")),
        tier=_text(said.get("tier")),
        amr=_methods(tuple(_texts(said.get("amr")))),
        auth_time=_number(said.get("auth_time")),
        actor_id=_actor(said.get("act")),
        issued_at=instant(said["iat"]),
        expires_at=instant(said["exp"]),
        legacy=False,
        is_pending=said.get("status") == "pending",
    )


def legacy_claims_of(said: Mapping[str, Any]) -> Claims:
    """Return what an access token of the replaced system says: who, and nothing about roles. Raises TokenInvalid."""
    if any(said.get(name, "access") != "access" for name in ("token_type", "type")):
        raise TokenInvalid("not an access token")
    return Claims(
        user_id=_user_id(said.get("user_id", said.get("sub"))),
        uuid=None,
        session_id=None,
        token_id=None,
        roles=frozenset({"user"}),
        practitioner_id=None,
        tier=None,
        amr=(),
        auth_time=None,
        actor_id=None,
        issued_at=instant(said.get("iat")),
        expires_at=instant(said["exp"]),
        legacy=True,
    )


@lru_cache(maxsize=64)
def _roles(names: tuple[str, ...]) -> frozenset[str]:
    """Return the roles we know; the same object each time, as many thousand claims are held."""
    return frozenset(names) & ROLES


@lru_cache(maxsize=64)
def _methods(names: tuple[str, ...]) -> tuple[str, ...]:
    return names


def _user_id(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
        return value
    raise TokenInvalid("no user")


def _actor(value: object) -> int | None:
    return _user_id(value.get("sub")) if isinstance(value, Mapping) else None


def instant(value: object) -> int:
    """Return a time in unix seconds, 0 for none. Raises TokenInvalid."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenInvalid("a time is not a number")
    return int(value)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
