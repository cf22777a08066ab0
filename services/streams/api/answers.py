"""Versions of what depends on who reads it, tokens, and pages for strangers."""

import zlib
from typing import Any, cast

import orjson
from flask import Response, current_app

from services.streams.clients.livekit import TOKEN_LIFETIME, configured, room_token
from services.streams.clients.video import Video
from services.streams.operations.entering import Entry
from services.streams.settings import settings
from shared.clock import utc_now
from shared.http import Schema, identity, require_match, set_version

PUBLIC = "public, max-age=10"


def video() -> Video:
    """Return this process's way to LiveKit."""
    return configured(settings())


def tag(shown: dict[str, Any]) -> None:
    """Name the version of what is answered: the row's, and a mark of the rest, which depends on reader and time."""
    told = {name: value for name, value in shown.items() if name != "now"}
    mark = zlib.crc32(orjson.dumps(told, default=str, option=orjson.OPT_SORT_KEYS))
    set_version(f"{shown['version']}-{mark:08x}")


def require_version(version: int) -> None:
    """Refuse a change on top of another version of the row, whatever its mark. Raises PreconditionFailed."""
    require_match(version, marked_by="-")


def public_page(body: dict[str, Any], schema: Schema) -> Any:
    """Return a list; to strangers one that caches may keep for ten seconds."""
    if identity().is_signed_in:
        return body
    answer = cast("Response", current_app.json.response(schema.dump(body)))
    answer.headers["Cache-Control"] = PUBLIC
    answer.add_etag()
    return answer


def room_access(entry: Entry) -> dict[str, Any]:
    """Return the way into a room. The token is made here and kept nowhere."""
    token = room_token(
        settings(), room=entry.room, identity=entry.identity, name=entry.name, role=entry.role, tier=entry.tier
    )
    return {
        "name": entry.room,
        "token": token,
        "url": settings().livekit_public_url or settings().livekit_url.replace("http", "ws", 1),
        "identity": entry.identity,
        "role": entry.role,
        "expires_at": utc_now() + TOKEN_LIFETIME,
    }


def joined(entry: Entry) -> dict[str, Any]:
    """Return what somebody who joins is told."""
    assert entry.live is not None
    return {
        "room": room_access(entry),
        "stream": {
            "title": entry.live.title,
            "current_viewers": entry.viewers,
            "allow_chat": entry.live.allow_chat,
            "allow_reactions": entry.live.allow_reactions,
        },
        "phase": entry.phase,
    }
