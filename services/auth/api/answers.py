"""Answers that several resources give."""

from typing import Any

from services.auth.operations.tokens import Grant
from services.auth.queries.users import profile
from services.auth.settings import settings
from shared.http import say


def token_response(granted: Grant) -> dict[str, Any]:
    """Return what a client takes home from a sign-in."""
    return {
        "access_token": granted.access_token,
        "refresh_token": granted.refresh_token,
        "token_type": "bearer",
        "expires_in": settings().access_token_seconds,
        "user": profile(granted.user),
        "session_id": granted.auth_session.id,
        "device_token": granted.device_token,
    }


def sentence(text: str) -> dict[str, Any]:
    """Return a sentence for people, in the body and in the envelope."""
    say(text)
    return {"message": text, "success": True}
