"""How much room a person has, and what may be uploaded at all."""

from typing import Any

from sqlalchemy.orm import Session

from services.media.clients.films import FilmTools
from services.media.clients.storage import Storage
from services.media.domain import kinds, parts
from services.media.models import Usage
from services.media.settings import Settings


def usage_of(session: Session, user_id: int, *, quota: int | None) -> dict[str, Any]:
    """Return what a person uses of `quota` bytes."""
    held = session.get(Usage, user_id)
    used, reserved = (held.used_bytes, held.reserved_bytes) if held else (0, 0)
    by_type = held.by_type if held else {}
    return {
        "used_bytes": used,
        "reserved_bytes": reserved,
        "quota_bytes": quota,
        "available_bytes": None if quota is None else max(quota - used - reserved, 0),
        "files": held.files if held else 0,
        "by_type": {kind: by_type.get(kind, 0) for kind in kinds.MEDIA_TYPES},
    }


def limits(told: Settings, storage: Storage, tools: FilmTools, *, batch_max_files: int) -> dict[str, Any]:
    """Return what is taken, so that pages can check before they send."""
    return {
        "types": [
            {
                "media_type": kind,
                "max_bytes": kinds.bytes_at_most(kind, told),
                "extensions": [one for one, type_ in kinds.EXTENSIONS.items() if kinds.media_type_of(type_) == kind],
                "content_types": [one for one in kinds.STORED_AS if kinds.media_type_of(one) == kind],
            }
            for kind in kinds.MEDIA_TYPES
        ],
        "batch_max_files": batch_max_files,
        "presign_seconds": told.media_presign_seconds,
        "multipart_min_bytes": parts.MULTIPART_MIN_BYTES,
        "capabilities": {
            "avif": told.media_avif,
            "heic": False,
            "video_metadata": bool(tools.ffprobe),
            "video_transcode": bool(tools.ffmpeg),
        },
        "storage": storage.name,
    }
