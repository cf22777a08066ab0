"""Tokens in mailed links: proof that somebody reads an address, kept nowhere.

`<id>.<mac>` where id names a row of auth's `action_tokens` and mac is base64url (unpadded) of
HMAC-SHA256(ACTION_TOKEN_KEY, "id|purpose|user|email|expires"). Events and databases carry the id only, so neither an
outbox nor a dead queue holds anything that can be used. auth checks the token; notifications, which holds the same
key, forms it when it writes the mail.

ACTION_TOKEN_KEY may hold two keys, separated by a comma, while one follows the other: the first one forms.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

Purpose = Literal["verify_email", "reset_password", "change_email", "restore", "mfa_login", "social_code", "link"]

VERIFY_EMAIL: Purpose = "verify_email"
RESET_PASSWORD: Purpose = "reset_password"  # noqa: S105 - the name of a purpose.
CHANGE_EMAIL: Purpose = "change_email"
RESTORE: Purpose = "restore"
MFA_LOGIN: Purpose = "mfa_login"
SOCIAL_CODE: Purpose = "social_code"
LINK: Purpose = "link"


def form_action_token(
    keys: str | Sequence[str], *, token_id: UUID | str, purpose: Purpose, user_id: int, email: str, expires_at: datetime
) -> str:
    """Return the token for a link. `keys` is the value of ACTION_TOKEN_KEY; `email` is spelt as in the event."""
    return f"{token_id}.{_mac(_listed(keys)[0], str(token_id), purpose, user_id, email, expires_at)}"


def action_token_id(token: str) -> UUID | None:
    """Return the id that a token names, proven or not; None when it has not the form of a token."""
    named, dot, mac = token.partition(".")
    if not dot or not mac or len(token) > 128:
        return None
    try:
        return UUID(named)
    except ValueError:
        return None


def is_action_token(
    token: str,
    keys: str | Sequence[str],
    *,
    token_id: UUID | str,
    purpose: Purpose,
    user_id: int,
    email: str,
    expires_at: datetime,
) -> bool:
    """Say whether the token was formed with one of `keys` for exactly this; in constant time."""
    given = token.partition(".")[2].encode(errors="replace")
    expected = [_mac(key, str(token_id), purpose, user_id, email, expires_at) for key in _listed(keys)]
    return any(hmac.compare_digest(given, mac.encode()) for mac in expected)


def _listed(keys: str | Sequence[str]) -> list[str]:
    return [key.strip() for key in (keys.split(",") if isinstance(keys, str) else keys) if key.strip()]


def _mac(key: str, token_id: str, purpose: str, user_id: int, email: str, expires_at: datetime) -> str:
    said = f"{token_id}|{purpose}|{user_id}|{email}|{int(expires_at.timestamp())}"
    return base64.urlsafe_b64encode(hmac.digest(key.encode(), said.encode(), "sha256")).decode().rstrip("=")
