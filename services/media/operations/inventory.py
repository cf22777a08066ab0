"""Holding what lies in the storage against what rows name: objects that no row knows, and rows whose object is gone.

A sixteenth of the keys a week, a prefix at a time. Objects are written before rows and deleted after them, so an old
object without a row is left over, and a row without its object has lost it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from prometheus_client import Gauge
from sqlalchemy import ColumnElement, Text, select
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from services.media.clients.storage import Bucket, Missing, Storage
from services.media.domain import kinds
from services.media.models import Blob, BlobVersion, Media
from services.media.operations.blobs import discard

STRAY_KEPT = timedelta(hours=48)
# What is being changed is looked at another time.
SETTLED = timedelta(hours=1)
SHARES = 16
INBOX = "inbox/"
MISSING = Gauge(
    "media_objects_missing", "Objects that rows name and the storage lacks, of the sixteenth looked at last."
)

Shelf = tuple[Bucket, str]


def shelves(share: int) -> Iterator[Shelf]:
    """Yield where to look: the inbox, and a sixteenth of the rest."""
    yield "private", INBOX
    for one in (f"{share:x}{digit:x}/" for digit in range(16)):
        yield "private", f"sources/{one}"
        yield "private", one
        yield "public", one


def on_shelf(storage: Storage, shelf: Shelf, *, now: datetime) -> tuple[set[str], list[str]]:
    """Return the keys of all objects there, and of those that are two days old."""
    held: set[str] = set()
    old: list[str] = []
    for one in storage.list(*shelf):
        held.add(one.key)
        if one.written_at < now - STRAY_KEPT:
            old.append(one.key)
    return held, old


def discard_unknown(session: Session, bucket: Bucket, keys: list[str]) -> int:
    """Have those of the objects deleted that no row knows; return how many."""
    unknown = set(keys) - _known(session, keys)
    discard(session, bucket, sorted(unknown))
    return len(unknown)


def named(session: Session, shelf: Shelf, *, now: datetime) -> dict[str, UUID]:
    """Return the objects that rows say are there, with their blobs; what waits in the inbox may well never come."""
    bucket, prefix = shelf
    if prefix == INBOX:
        return {}
    is_shown = Blob.visibility == kinds.PUBLIC if bucket == "public" else Blob.visibility != kinds.PUBLIC
    masters = select(Blob.storage_key, Blob.id).where(Blob.storage_key.startswith(prefix), is_shown, _is_settled(now))
    versions = (
        select(BlobVersion.storage_key, Blob.id)
        .join(Blob, Blob.id == BlobVersion.blob_id)
        .where(BlobVersion.storage_key.startswith(prefix), is_shown, _is_settled(now))
    )
    found = [*session.execute(masters), *session.execute(versions)]
    if bucket == "private":
        sources = select(Blob.source_key, Blob.id).where(Blob.source_key.startswith(prefix), _is_settled(now))
        found += session.execute(sources)
    return {str(row[0]): row[1] for row in found}


def lacking(storage: Storage, bucket: Bucket, keys: set[str]) -> set[str]:
    """Return those of the objects that are really not there. Raises StorageAway."""
    gone = set()
    for key in keys:
        try:
            storage.head(bucket, key)
        except Missing:
            gone.add(key)
    return gone


def files_of(session: Session, blob_id: UUID) -> list[UUID]:
    """Return the files that show a blob, at most ten of them."""
    return list(session.scalars(select(Media.id).where(Media.blob_id == blob_id).order_by(Media.id).limit(10)))


def _is_settled(now: datetime) -> ColumnElement[bool]:
    return Blob.updated_at < now - SETTLED


def _known(session: Session, keys: list[str]) -> set[str]:
    known: set[str] = set(session.scalars(select(Blob.source_key).where(Blob.source_key.in_(keys))).all())  # type: ignore[arg-type]
    known |= set(session.scalars(select(Blob.storage_key).where(Blob.storage_key.in_(keys))).all())  # type: ignore[arg-type]
    known |= set(session.scalars(select(BlobVersion.storage_key).where(BlobVersion.storage_key.in_(keys))))
    waiting = {key: key.removeprefix(INBOX).partition(".")[0] for key in keys if key.startswith(INBOX)}
    pending = select(Media.id).where(cast_to(Media.id, Text).in_(set(waiting.values())))
    held = {str(one) for one in session.scalars(pending.where(Media.status == kinds.PENDING))} if waiting else set()
    return known | {key for key, owner in waiting.items() if owner in held}
