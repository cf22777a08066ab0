"""The life of a job: claimed by one worker for a time, then done, put off, or given up."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from services.media.clients.storage import Bucket
from services.media.domain import kinds
from services.media.models import Blob, BlobVersion, BlockedHash, Job, Media
from services.media.models.blob import CONDEMNED, LIVE
from services.media.models.job import CANCELLED, COMPLETED, FAILED, FIRST, QUEUED, RUNNING
from services.media.operations.announcing import announce
from services.media.operations.blobs import REPLACED_KEPT, discard
from services.media.operations.lifecycle import release_room
from services.media.operations.showing import show_blob
from services.media.settings import settings

LEASE = timedelta(minutes=2)
ATTEMPTS_MAX = 3
BACKOFF = (timedelta(seconds=5), timedelta(seconds=30))
GIVEN_UP = ("processing_failed", "The file could not be processed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A claimed job with what its worker must know; no row is held meanwhile."""

    job_id: UUID
    media_id: UUID
    blob_id: UUID
    kind: str
    operations: tuple[str, ...]
    options: dict[str, Any]
    step: int
    attempts: int
    worker: str
    media_type: str
    visibility: str
    sha256: str | None
    is_built: bool
    source: tuple[Bucket, str]
    content_type: str
    master: tuple[Bucket, str] | None
    has_variants: bool


@dataclass(slots=True)
class Result:
    """What a worker made: objects that lie at fresh keys already, and what is to be written into the rows.

    Keys of `versions`: version_type, storage_key, width, height, file_size, format.
    """

    master: dict[str, Any] | None = None
    versions: list[dict[str, Any]] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)
    width: int | None = None
    height: int | None = None
    duration: Any = None
    put: list[tuple[Bucket, str]] = field(default_factory=list)


def claim(session: Session, *, worker: str, now: datetime, first_only: bool = False) -> Order | None:
    """Take the next job: first runs before others, small before large; also one whose worker has died.

    Never two jobs of one file at a time. A job that was begun three times is given up instead. `first_only`: none but
    those that somebody waits for.
    """
    other = aliased(Job)
    busy = (
        select(other.job_id)
        .where(other.media_id == Job.media_id, other.status == RUNNING, other.locked_until > now)
        .exists()
    )
    due = or_(
        (Job.status == QUEUED) & (Job.run_after <= now) & ~busy, (Job.status == RUNNING) & (Job.locked_until <= now)
    )
    first = (Job.kind == FIRST) & (Job.step == 0)
    wanted = (
        select(Job).where(due & first if first_only else due).order_by(first.desc(), Job.weight, Job.run_after).limit(1)
    )
    while (job := session.scalar(wanted.with_for_update(skip_locked=True, of=Job))) is not None:
        media = session.scalar(select(Media).where(Media.id == job.media_id).with_for_update(skip_locked=True))
        blob = session.get(Blob, media.blob_id) if media is not None and media.blob_id else None
        if media is None:
            # Somebody holds the file this moment; it is looked at again soon.
            job.run_after, job.status = now + timedelta(seconds=1), QUEUED
        elif blob is None or media.status == kinds.DELETED:
            _close(job, CANCELLED, now, message="The file was deleted.")
        elif job.attempts >= ATTEMPTS_MAX:
            _give_up(session, job, media, *GIVEN_UP, now=now)
        else:
            return _take(session, job, media, blob, worker=worker, now=now)
        session.flush()
    return None


def _take(session: Session, job: Job, media: Media, blob: Blob, *, worker: str, now: datetime) -> Order:
    job.status, job.worker, job.locked_until = RUNNING, worker, now + LEASE
    job.attempts += 1
    job.started_at = job.started_at or now
    job.current_operation = job.operations[min(job.step, len(job.operations) - 1)]
    session.flush()
    shown: Bucket = "public" if blob.visibility == kinds.PUBLIC else "private"
    master: tuple[Bucket, str] | None = (shown, blob.storage_key) if blob.storage_key else None
    source: tuple[Bucket, str] | None = ("private", blob.source_key) if blob.source_key else master
    assert source is not None, "a blob names its source or its master"
    return Order(
        job_id=job.job_id,
        media_id=media.id,
        blob_id=blob.id,
        kind=job.kind,
        operations=tuple(job.operations),
        options=dict(job.options),
        step=job.step,
        attempts=job.attempts,
        worker=worker,
        media_type=media.media_type,
        visibility=blob.visibility,
        sha256=blob.source_sha256,
        is_built=blob.state == LIVE,
        source=source,
        content_type=(blob.content_type if blob.state == LIVE else None) or blob.source_type,
        master=master,
        has_variants="blurhash" in blob.meta,
    )


def renew(session: Session, order: Order, *, now: datetime) -> None:
    """Hold on to a job for another two minutes."""
    held = (Job.job_id == order.job_id, Job.worker == order.worker, Job.status == RUNNING)
    session.execute(update(Job).where(*held).values(locked_until=now + LEASE))


def finish(session: Session, order: Order, result: Result, *, now: datetime) -> None:
    """Write what was made into every row that shows it. Emits MediaReady.

    A job that was cancelled or taken over meanwhile, a file that was deleted or moved, and a blob that somebody else
    has finished: then what was made is deleted again.
    """
    job = _held(session, order)
    medias = _showing(session, order)
    blob = _blob(session, order)
    is_shown = any(media.id == order.media_id for media in medias)
    if job is None or blob is None or blob.state == CONDEMNED or not is_shown:
        _throw_away(session, result)
        if job is not None:
            # The file was deleted, or shows other bytes since it is of another visibility: the next claim decides.
            job.status, job.locked_until, job.worker, job.attempts, job.run_after = QUEUED, None, None, 0, now
        return
    if order.kind == FIRST and order.step == 0 and blob.state == LIVE:
        _throw_away(session, result)
    else:
        _write(session, blob, result)
    for media in medias:
        if media.status == kinds.PROCESSING:
            media.status, media.processed_at = kinds.READY, now
        if media.status == kinds.READY:
            show_blob(session, media, blob)
            announce(session, media)
    _step_on(job, order, now)


def fail(session: Session, order: Order, code: str, message: str, *, now: datetime) -> None:
    """Give a job up because of the file itself. Emits MediaFailed for a file that was never ready."""
    job = _held(session, order)
    media = session.scalar(select(Media).where(Media.id == order.media_id).with_for_update())
    if job is not None and media is not None:
        _give_up(session, job, media, code, message, now=now)


def block(session: Session, sha256: str | None, *, reason: str) -> None:
    """Never take these bytes again."""
    if sha256:
        session.execute(insert(BlockedHash).values(sha256=sha256, reason=reason).on_conflict_do_nothing())


def put_off(session: Session, order: Order, *, now: datetime) -> None:
    """Try again a little later, because of something that is not the file's fault; three times in all."""
    job = _held(session, order)
    if job is None:
        return
    if job.attempts >= ATTEMPTS_MAX:
        fail(session, order, *GIVEN_UP, now=now)
        return
    job.status, job.locked_until, job.worker = QUEUED, None, None
    job.run_after = now + BACKOFF[min(job.attempts, len(BACKOFF)) - 1]


def _held(session: Session, order: Order) -> Job | None:
    """Return the job, locked, if it still is this worker's."""
    job = session.scalar(select(Job).where(Job.job_id == order.job_id).with_for_update())
    return job if job is not None and job.status == RUNNING and job.worker == order.worker else None


def _showing(session: Session, order: Order) -> list[Media]:
    """Return every file that shows the bytes that were worked on, locked."""
    shown = select(Media).where(Media.blob_id == order.blob_id, Media.status != kinds.DELETED).order_by(Media.id)
    return list(session.scalars(shown.with_for_update().execution_options(populate_existing=True)))


def _blob(session: Session, order: Order) -> Blob | None:
    return session.scalar(
        select(Blob).where(Blob.id == order.blob_id).with_for_update().execution_options(populate_existing=True)
    )


def _throw_away(session: Session, result: Result) -> None:
    for bucket, key in result.put:
        discard(session, bucket, [key])


def _write(session: Session, blob: Blob, result: Result) -> None:
    shown: Bucket = "public" if blob.visibility == kinds.PUBLIC else "private"
    if result.master is not None:
        for name, value in result.master.items():
            setattr(blob, name, value)
        blob.state = LIVE
        if blob.source_key and not settings().media_keep_sources:
            if blob.source_key != blob.storage_key:
                discard(session, "private", [blob.source_key])
            blob.source_key = None
    blob.width = result.width or blob.width
    blob.height = result.height or blob.height
    blob.duration = result.duration if result.duration is not None else blob.duration
    blob.meta = {**blob.meta, **result.meta}
    former = {
        one.version_type: one for one in session.scalars(select(BlobVersion).where(BlobVersion.blob_id == blob.id))
    }
    for values in result.versions:
        held = former.get(values["version_type"])
        if held is None:
            session.add(BlobVersion(blob_id=blob.id, **values))
            continue
        # Whoever copied the old address may go on for a while.
        discard(session, shown, [held.storage_key], after=REPLACED_KEPT)
        for name, value in values.items():
            setattr(held, name, value)
    session.flush()


def _step_on(job: Job, order: Order, now: datetime) -> None:
    """Close the job, or queue what is left of a first run behind other files' first runs."""
    done = 1 if order.kind == FIRST else len(order.operations)
    job.completed_operations = list(order.operations[: order.step + done])
    job.step = order.step + done
    job.locked_until = job.worker = None
    if job.step < job.steps:
        job.status, job.attempts, job.run_after = QUEUED, 0, now
    else:
        _close(job, COMPLETED, now)


def _give_up(session: Session, job: Job, media: Media, code: str, message: str, *, now: datetime) -> None:
    _close(job, FAILED, now, message=message)
    if job.kind == FIRST and job.step == 0 and media.status == kinds.PROCESSING:
        release_room(session, media)
        media.status, media.processed_at = kinds.FAILED, now
        media.error_code, media.error_message, media.url = code, message[:500], ""
        announce(session, media)


def _close(job: Job, status: str, now: datetime, *, message: str | None = None) -> None:
    job.status, job.completed_at = status, now
    job.error_message = message[:500] if message else None
    job.locked_until = job.worker = job.current_operation = None
