"""Who calls, before any service sees the request."""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway.errors import Refusal
from gateway.revocations import Revocations
from shared.identity.claims import Claims, TokenError, TokenExpired, UnknownKey
from shared.identity.keyset import KeySet
from shared.identity.verifying import MAX_TOKEN_BYTES, TokenVerifier

if TYPE_CHECKING:
    from gateway.routes import Route


RECENT_MAX = 1024


class Authenticator:
    """Reads `Authorization` as the contract says: anonymous, a caller, or 401.

    `refetch_keys` reads the key set again, at most once in ten seconds for all that wait.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        keys: KeySet,
        revocations: Revocations,
        refetch_keys: Callable[[], Awaitable[None]],
    ) -> None:
        self._verifier = verifier
        self._keys = keys
        self._revocations = revocations
        self._refetch_keys = refetch_keys
        self._recent: dict[bytes, tuple[Claims, str]] = {}
        self._withdrawals = keys.withdrawals

    def authenticate(self, authorization: list[bytes], route: "Route") -> tuple[Claims | None, str]:
        """Return the caller and the token to pass on; (None, "") for somebody anonymous.

        Raises Refusal: authentication_failed, token_expired, token_revoked; UnknownKey when the token names a key
        that may have been published a moment ago: then `refresh_keys`, and once more.
        """
        if not authorization or route.ignore_token:
            return None, ""
        known = self._recent.get(authorization[0]) if len(authorization) == 1 else None
        if known is not None and self._keys.withdrawals == self._withdrawals and known[0].expires_at > time.time():
            if self._revocations.refuse(known[0]):
                raise unauthorized("token_revoked")
            return known
        token = _bearer(authorization)
        if not token:
            return None, ""
        try:
            claims = self._verifier.verify(token)
        except TokenExpired as error:
            if route.lets_expired:
                return None, token
            raise unauthorized("token_expired") from error
        except UnknownKey:
            raise
        except TokenError as error:
            raise unauthorized("authentication_failed") from error
        if self._revocations.refuse(claims):
            raise unauthorized("token_revoked")
        self._remember(authorization[0], claims, token)
        return claims, token

    def _remember(self, authorization: bytes, claims: Claims, token: str) -> None:
        """Keep what a header led to: the same page asks ten times, and the next time nothing of it needs reading."""
        if self._keys.withdrawals != self._withdrawals or len(self._recent) >= RECENT_MAX:
            self._withdrawals = self._keys.withdrawals
            self._recent.clear()
        self._recent[authorization] = (claims, token)

    async def refresh_keys(self, unknown: UnknownKey) -> None:
        """Read the keys again. Raises Refusal: service_unavailable, when there are none."""
        await self._refetch_keys()
        if not len(self._keys):
            raise Refusal("service_unavailable", headers=[("Retry-After", "2")]) from unknown

    def is_staff(self, authorization: list[bytes]) -> bool:
        """Say whether staff asks, where a bad token is as good as none."""
        try:
            token = _bearer(authorization) if authorization else ""
            claims = self._verifier.verify(token) if token else None
        except (Refusal, TokenError):
            return False
        return claims is not None and claims.is_staff and not self._revocations.refuse(claims)


def unauthorized(code: str) -> Refusal:
    """Return the 401 of a bad token. Source: RFC 6750, section 3."""
    return Refusal(code, headers=[("WWW-Authenticate", 'Bearer error="invalid_token"')])


def _bearer(authorization: list[bytes]) -> str:
    """Return the token; nothing for another scheme, which makes the caller anonymous."""
    if len(authorization) > 1:
        raise unauthorized("authentication_failed")
    value = authorization[0].strip()
    if value[:7].lower() != b"bearer ":
        if value.lower() == b"bearer":
            raise unauthorized("authentication_failed")
        return ""
    token = value[7:].lstrip(b" ")
    if len(token) > MAX_TOKEN_BYTES:
        raise unauthorized("authentication_failed")
    return token.decode("latin-1")
