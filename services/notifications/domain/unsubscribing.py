"""Tokens of unsubscribe links: proof of who was written to about what; they never run out and switch mail off only."""

import base64
import hmac
from collections.abc import Sequence


def form_unsubscribe_token(keys: Sequence[str], *, user_id: int, kind: str) -> str:
    """Return `<user>.<kind>.<mac>`, the kind's own dots being colons."""
    return f"{user_id}.{kind.replace('.', ':')}.{_mac(keys[0], user_id, kind)}"


def read_unsubscribe_token(keys: Sequence[str], token: str) -> tuple[int, str] | None:
    """Return the person and the kind; None if none of `keys` formed the token. Takes constant time."""
    parts = token.split(".")
    if len(parts) != 3 or not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) <= 18):
        return None
    user_id, kind, mac = int(parts[0]), parts[1].replace(":", "."), parts[2].encode(errors="replace")
    good = [hmac.compare_digest(mac, _mac(key, user_id, kind).encode()) for key in keys]
    return (user_id, kind) if any(good) else None


def _mac(key: str, user_id: int, kind: str) -> str:
    said = f"unsubscribe|{user_id}|{kind}".encode(errors="replace")
    return base64.urlsafe_b64encode(hmac.digest(key.encode(), said, "sha256")).decode().rstrip("=")
