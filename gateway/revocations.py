"""Sessions and users whose tokens are refused before they expire."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from shared.identity.claims import Claims


class Revocations:
    """Live revocations; each is forgotten when the longest token it concerns has expired."""

    def __init__(self) -> None:
        self._sessions: dict[str, float] = {}
        self._users: dict[int, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._sessions) + len(self._users)

    def refuse(self, claims: Claims) -> bool:
        """Say whether the token must not be accepted any more.

        A token of the replaced system names no session and may carry no time, so any revocation of its user ends it.
        """
        if claims.session_id in self._sessions:
            return True
        if not self._users:
            return False
        found = self._users.get(claims.user_id)
        return found is not None and (claims.legacy or claims.issued_at < found[0])

    def revoke_session(self, session_id: str, expires_at: float) -> None:
        """Refuse a session's tokens until then."""
        self._sessions[session_id] = max(expires_at, self._sessions.get(session_id, 0.0))

    def revoke_user(self, user_id: int, not_before: float, expires_at: float) -> None:
        """Refuse a user's tokens issued before `not_before`, until `expires_at`."""
        known = self._users.get(user_id, (0.0, 0.0))
        self._users[user_id] = (max(not_before, known[0]), max(expires_at, known[1]))

    def load(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add what auth lists; rows hold kind, value, not_before and expires_at."""
        for row in rows:
            expires_at = instant(row["expires_at"])
            if row["kind"] == "session":
                self.revoke_session(str(row["value"]), expires_at)
            else:
                self.revoke_user(int(row["value"]), _not_before(row.get("not_before")), expires_at)

    def apply(self, told: Mapping[str, Any]) -> None:
        """Add what a `session.revoked` event tells."""
        expires_at = instant(told["expires_at"])
        if told["kind"] == "session":
            for session_id in told["session_ids"]:
                self.revoke_session(str(session_id), expires_at)
        else:
            self.revoke_user(int(told["user_id"]), _not_before(told.get("not_before")), expires_at)

    def sweep(self, now: float) -> None:
        """Forget what has run out."""
        self._sessions = {sid: expires for sid, expires in self._sessions.items() if expires > now}
        self._users = {user: entry for user, entry in self._users.items() if entry[1] > now}


def instant(value: float | str) -> float:
    """Return unix seconds of a number or an RFC 3339 time."""
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else float(value)


def _not_before(value: float | str | None) -> float:
    return float("inf") if value is None else instant(value)
