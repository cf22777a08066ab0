"""How files and jobs are shown: plain dicts of everything that the contract names."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, literal_column, select
from sqlalchemy.orm import Session

from services.media.domain import kinds, signatures
from services.media.domain.errors import MediaNotFound
from services.media.domain.variants import MASTER
from services.media.events import thumbnail_url
from services.media.models import Counter, Job, Media, User
from services.media.settings import settings
from shared.clock import utc_now
from shared.identity import Identity

SIGNED_FOR = timedelta(hours=1)
JOBS_SHOWN = 5
_SHOWN_TO_ALL = ("dominant_color", "blurhash")

COLUMNS = (
    select(
        *(
            getattr(Media, name)
            for name in (
                *("id", "url", "filename", "file_size", "content_type", "media_type", "entity_type", "entity_id"),
                *("entity_known", "visibility", "title", "description", "alt_text", "status", "error_message"),
                *("error_code", "width", "height", "is_primary", "display_order", "uploaded_by", "processed_at"),
                *("created_at", "updated_at", "versions", "meta", "version"),
            )
        ),
        Media.duration.label("duration"),
        func.coalesce(Counter.views, 0).label("view_count"),
        func.coalesce(Counter.downloads, 0).label("download_count"),
        func.coalesce(User.display_name, literal_column("'Member'")).label("uploaded_by_username"),
    )
    .select_from(Media)
    .outerjoin(Counter, Counter.media_id == Media.id)
    .outerjoin(User, User.id == Media.uploaded_by)
)

_JOB = (
    *("job_id", "media_id", "status", "operations", "options", "step", "steps", "current_operation"),
    *("completed_operations", "error_message", "attempts", "started_at", "completed_at", "created_at", "updated_at"),
)
JOB_COLUMNS = select(*(getattr(Job, name) for name in _JOB)).select_from(Job)
_NEWEST_JOBS = select(
    *(getattr(Job, name) for name in _JOB),
    func.row_number().over(partition_by=Job.media_id, order_by=Job.created_at.desc()).label("place"),
).subquery()


def visible_to(by: Identity) -> ColumnElement[bool]:
    """Return whose files the caller may see: one's own, and what is public and ready; staff all."""
    shown: ColumnElement[bool] = (Media.status == kinds.READY) & (Media.visibility == kinds.PUBLIC)
    if by.is_staff:
        return Media.id.is_not(None)
    if by.is_signed_in:
        return shown | ((Media.uploaded_by == by.user_id) & (Media.status != kinds.DELETED))
    return shown


def one_media(session: Session | Connection, media_id: UUID, *, by: Identity) -> dict[str, Any]:
    """Return a file as the caller may see it. Raises MediaNotFound."""
    connection = session.connection() if isinstance(session, Session) else session
    row = connection.execute(COLUMNS.where(Media.id == media_id, visible_to(by))).first()
    if row is None:
        raise MediaNotFound
    return many_media(connection, [dict(row._mapping)], by=by)[0]


def some_media(session: Session, medias: Iterable[Media], *, by: Identity) -> list[dict[str, Any]]:
    """Return files, in the order given."""
    session.flush()
    wanted = [media.id for media in medias]
    rows = session.connection().execute(COLUMNS.where(Media.id.in_(wanted))).all()
    by_id = {row.id: dict(row._mapping) for row in rows}
    return many_media(session.connection(), [by_id[one] for one in wanted], by=by)


def many_media(connection: Connection, rows: Sequence[Mapping[str, Any]], *, by: Identity) -> list[dict[str, Any]]:
    """Return rows of `COLUMNS` as the caller may see them; their jobs come in one more query."""
    inside = {row["id"] for row in rows if by.is_staff or (by.is_signed_in and row["uploaded_by"] == by.user_id)}
    jobs: dict[UUID, list[dict[str, Any]]] = {}
    if inside:
        newest = _NEWEST_JOBS.c
        found = connection.execute(
            select(_NEWEST_JOBS)
            .where(newest.media_id.in_(inside), newest.place <= JOBS_SHOWN)
            .order_by(newest.created_at.desc())
        )
        for row in found:
            jobs.setdefault(row.media_id, []).append(job(dict(row._mapping)))
    return [_inside(row, jobs.get(row["id"], [])) if row["id"] in inside else _outside(row) for row in rows]


def job(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job."""
    return {**row, "progress": round(100 * row["step"] / row["steps"], 1) if row["steps"] else 100.0}


def job_of(one: Job) -> dict[str, Any]:
    """Return a job that is loaded."""
    return job({name: getattr(one, name) for name in _JOB})


def _common(row: Mapping[str, Any]) -> dict[str, Any]:
    duration = row["duration"]
    return {
        **row,
        "url": row["url"] if row["status"] in (kinds.PROCESSING, kinds.READY) else "",
        "thumbnail_url": thumbnail_url(row["versions"]) if row["status"] == kinds.READY else None,
        "duration": None if duration is None else float(duration),
        "signed_url": None,
        "signed_url_expires_at": None,
    }


def _inside(row: Mapping[str, Any], jobs: list[dict[str, Any]]) -> dict[str, Any]:
    shown = _common(row)
    shown |= {"processing_metadata": row["meta"] or None, "processing_jobs": jobs}
    if row["visibility"] == kinds.PRIVATE and row["status"] == kinds.READY:
        expires_at = utc_now().replace(microsecond=0) + SIGNED_FOR
        shown |= {
            "signed_url": signed_content_url(row["id"], expires_at=expires_at),
            "signed_url_expires_at": expires_at,
        }
    return shown


def _outside(row: Mapping[str, Any]) -> dict[str, Any]:
    seen = {name: row["meta"][name] for name in _SHOWN_TO_ALL if name in row["meta"]}
    return {
        **_common(row),
        "processing_metadata": seen or None,
        "processing_jobs": [],
        "uploaded_by": None,
        "error_code": None,
        "error_message": None,
    }


def signed_content_url(media_id: UUID, *, expires_at: Any, version: str | None = None, download: bool = False) -> str:
    """Return an address at which whoever holds it may read a file, or a variant of it, until `expires_at`."""
    told = settings()
    target = f"content:{version or MASTER}"
    query = signatures.sign(told.signing_keys, method="GET", media_id=media_id, target=target, expires_at=expires_at)
    tail = f"{version}/" if version and version != MASTER else ""
    more = {"download": "true"} if download else {}
    return f"{told.public_url}/api/v1/drf/media/{media_id}/content/{tail}?{urlencode({**query, **more})}"
