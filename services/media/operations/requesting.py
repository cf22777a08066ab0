"""Having a file processed again, or calling that off."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.media.clients.films import FilmTools
from services.media.domain import kinds, variants
from services.media.domain.errors import (
    InvalidTransition,
    MediaNotFound,
    MediaNotReady,
    OperationUnavailable,
    TooManyRuns,
)
from services.media.models import Blob, BlobVersion, Job, Media
from services.media.models.job import CANCELLED, FIRST, QUEUED, REQUESTED, RUNNING
from services.media.operations import quotas
from services.media.operations.confirming import own_media
from services.media.operations.queueing import queue_job
from services.media.operations.receiving import settle
from shared.clock import utc_now
from shared.errors import Invalid
from shared.identity import Identity

RUNS_PER_HOUR = 30
_NAMES = ("width", "height", "fit", "quality", "format")


def request_processing(
    session: Session,
    media_id: UUID,
    operations: Sequence[str],
    options: Mapping[str, Any],
    *,
    by: Identity,
    tools: FilmTools,
) -> Job:
    """Note that a file is to be processed again; it stays ready meanwhile. A failed one is tried anew.

    Raises MediaNotFound, MediaNotReady, OperationUnavailable, TooManyRuns, Invalid, QuotaExceeded.
    """
    media = own_media(session, media_id, by=by, lock=True)
    lately = select(func.count()).where(Job.media_id == media.id, Job.created_at > utc_now() - timedelta(hours=1))
    if (session.scalar(lately) or 0) >= RUNS_PER_HOUR:
        raise TooManyRuns(retry_after=600)
    if media.status == kinds.FAILED:
        return _try_anew(session, media, by=by)
    if media.status != kinds.READY:
        raise MediaNotReady
    chosen = {name: options[name] for name in _NAMES if options.get(name) is not None}
    _check(session, media, operations, chosen, tools)
    if media.media_type == kinds.IMAGE and "format" in chosen:
        chosen["format"] = variants.IMAGE_FORMATS[chosen["format"]]
    return queue_job(session, media, kind=REQUESTED, operations=operations, options=chosen)


def cancel_job(session: Session, media_id: UUID, job_id: UUID, *, by: Identity) -> Job:
    """Call a requested job off; what its worker still makes is thrown away. Raises MediaNotFound, InvalidTransition."""
    own_media(session, media_id, by=by)
    job = session.scalar(select(Job).where(Job.job_id == job_id, Job.media_id == media_id).with_for_update())
    if job is None:
        raise MediaNotFound("There is no such job.")
    if job.status == CANCELLED:
        return job
    if job.kind == FIRST or job.status not in (QUEUED, RUNNING):
        raise InvalidTransition("Only requested jobs that are not done yet can be called off.")
    job.status, job.completed_at, job.locked_until, job.worker = CANCELLED, utc_now(), None, None
    session.flush()
    return job


def _try_anew(session: Session, media: Media, *, by: Identity) -> Job:
    blob = session.get(Blob, media.blob_id, with_for_update=True) if media.blob_id else None
    if blob is None:
        raise MediaNotReady("The bytes are gone. Upload the file again.")
    if media.uploaded_by is not None:
        most = quotas.quota_of(session, by) if media.uploaded_by == by.user_id else None
        quotas.charge(session, media.uploaded_by, media.media_type, used=media.counted_bytes, files=1, most=most)
    media.status, media.error_code, media.error_message = kinds.PROCESSING, None, None
    settle(session, media, blob)
    newest = select(Job).where(Job.media_id == media.id).order_by(Job.created_at.desc()).limit(1)
    job = session.scalar(newest)
    assert job is not None, "a file that failed had a job"
    return job


def _check(
    session: Session, media: Media, operations: Sequence[str], options: Mapping[str, Any], tools: FilmTools
) -> None:
    is_image, is_film = media.media_type == kinds.IMAGE, media.media_type == kinds.VIDEO
    if media.media_type == kinds.DOCUMENT:
        raise OperationUnavailable("Documents are not processed.")
    if "resize" in operations:
        if not is_image:
            raise OperationUnavailable("Only pictures can be resized.")
        if "width" not in options and "height" not in options:
            raise Invalid.field("options.width", "Width or height is needed.")
        _limit_sizes(session, media)
    if "transcode" in operations:
        known = tuple(variants.IMAGE_FORMATS) if is_image else variants.VIDEO_FORMATS if is_film else ()
        if options.get("format") not in known:
            raise Invalid.field("options.format", f"Must be one of: {', '.join(known)}.")
        if is_film and not tools.ffmpeg:
            raise OperationUnavailable("Films can not be converted here.")
    if not is_image and ("optimize" in operations or ("thumbnail" in operations and not tools.ffmpeg)):
        raise OperationUnavailable
    if not is_image and "extract_metadata" in operations and not tools.ffprobe:
        raise OperationUnavailable


def _limit_sizes(session: Session, media: Media) -> None:
    made = select(func.count()).where(
        BlobVersion.blob_id == media.blob_id, BlobVersion.version_type.startswith("resize_", autoescape=True)
    )
    if (session.scalar(made) or 0) >= variants.RESIZED_MAX:
        raise Invalid.field("operations", f"A file has at most {variants.RESIZED_MAX} sizes of its own.")
