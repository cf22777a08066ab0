"""What is cleared away by itself, a page at a time."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import cast

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.orm import Session

from services.media.clients.storage import Bucket, Slot, Storage
from services.media.domain import kinds
from services.media.models import Claim, Counter, Entity, Media, StorageDeletion, Usage
from services.media.operations.blobs import discard
from services.media.operations.following import delete_files_of
from services.media.operations.lifecycle import EXPIRED, ORPHAN, RESTORABLE, delete_media, let_bytes_go
from services.media.operations.presigning import slot_of
from shared.observability import logger

PENDING_KEPT = timedelta(hours=24)
FAILED_KEPT = timedelta(hours=24)
UNCLAIMED_KEPT = timedelta(days=30)
BACKOFF_MAX = timedelta(hours=6)
DELETIONS = 1_000
log = logger(__name__)


def expire_pending(session: Session, *, now: datetime, limit: int = 500) -> list[Slot]:
    """Give up uploads whose address ran out a day ago, and give their room back; return where they were to go."""
    over = select(Media).where(Media.status == kinds.PENDING, Media.upload_expires_at < now - PENDING_KEPT)
    found = session.scalars(over.limit(limit).with_for_update(skip_locked=True)).all()
    for media in found:
        discard(session, "private", [slot_of(media).key])
        delete_media(session, media, cause=EXPIRED, now=now)
    return [slot_of(media) for media in found]


def purge_deleted(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Let files that were deleted a week ago, or failed a day ago, let go of their bytes; return how many did."""
    deleted = (Media.status == kinds.DELETED) & (Media.deleted_at < now - RESTORABLE)
    failed = (Media.status == kinds.FAILED) & (Media.processed_at < now - FAILED_KEPT)
    over = select(Media).where(deleted | failed, Media.blob_id.is_not(None))
    found = session.scalars(over.limit(limit).with_for_update(skip_locked=True)).all()
    for media in found:
        let_bytes_go(session, media, now=now)
    return len(found)


def purge_entities(session: Session, *, now: datetime) -> int:
    """Delete the files of one thing that went some time ago; returns 0 when there is none left. Emits MediaDeleted."""
    due = select(Entity).where(Entity.purge_at <= now).limit(1).with_for_update(skip_locked=True)
    entity = session.scalar(due)
    if entity is None:
        return 0
    delete_files_of(session, entity, now=now)
    return 1


def delete_unclaimed(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Delete files that nobody has used for a month: attached to nothing known, claimed and looked at by nobody.

    Emits MediaDeleted.
    """
    over = select(Media).where(
        Media.status == kinds.READY,
        Media.entity_known.is_(False),
        Media.created_at < now - UNCLAIMED_KEPT,
        ~exists().where(Claim.media_id == Media.id),
        ~exists().where(Counter.media_id == Media.id),
    )
    found = session.scalars(over.limit(limit).with_for_update(skip_locked=True)).all()
    for media in found:
        delete_media(session, media, cause=ORPHAN, now=now)
    return len(found)


def due_deletions(session: Session, *, now: datetime) -> list[tuple[int, Bucket, str]]:
    """Return objects to delete now, and let others pass over them for ten minutes."""
    page = (
        select(StorageDeletion.id)
        .where(StorageDeletion.after <= now)
        .order_by(StorageDeletion.after)
        .limit(DELETIONS)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(StorageDeletion)
        .where(StorageDeletion.id.in_(page.scalar_subquery()))
        .values(
            after=func.least(
                text(":now + interval '10 minutes' * power(2, attempts)").bindparams(now=now), now + BACKOFF_MAX
            ),
            attempts=StorageDeletion.attempts + 1,
        )
        .returning(StorageDeletion.id, StorageDeletion.bucket, StorageDeletion.key)
        .execution_options(synchronize_session=False)
    )
    return [(row.id, cast("Bucket", row.bucket), row.key) for row in session.execute(taken)]


def carry_out(storage: Storage, due: list[tuple[int, Bucket, str]]) -> list[int]:
    """Delete the objects and return the ids of the deletions that are done."""
    done = []
    for bucket, group in groupby(sorted(due, key=lambda one: one[1]), key=lambda one: one[1]):
        wanted = list(group)
        failed = set(storage.delete_many(bucket, [key for _, _, key in wanted]))
        done += [number for number, _, key in wanted if key not in failed]
    return done


_RECOUNT = text(
    """
    SELECT u.user_id, u.used_bytes, u.reserved_bytes, u.files,
           coalesce(sum(m.counted_bytes) FILTER (WHERE m.status IN ('processing', 'ready')), 0) AS used,
           coalesce(sum(m.counted_bytes) FILTER (WHERE m.status = 'pending'), 0) AS reserved,
           count(m.id) FILTER (WHERE m.status IN ('processing', 'ready')) AS counted
    FROM usage u LEFT JOIN media m ON m.uploaded_by = u.user_id
    WHERE u.user_id % 30 = :share
    GROUP BY u.user_id
    """
)


def recount(session: Session, *, share: int) -> int:
    """Count a thirtieth of the people anew, mend what drifted and tell of it; return how many had."""
    drifted = 0
    for row in session.execute(_RECOUNT, {"share": share}).all():
        if (row.used_bytes, row.reserved_bytes, row.files) == (row.used, row.reserved, row.counted):
            continue
        drifted += 1
        log.warning("usage_drifted", user_id=row.user_id, was=row.used_bytes, counted=int(row.used))
        session.execute(
            update(Usage)
            .where(Usage.user_id == row.user_id)
            .values(used_bytes=int(row.used), reserved_bytes=int(row.reserved), files=row.counted)
        )
    return drifted
