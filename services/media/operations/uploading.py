"""Files that come with the request."""

from typing import BinaryIO, cast

from services.media.clients.spool import Spool
from services.media.clients.storage import Storage, StorageAway
from services.media.domain.errors import Broken, FileTooLarge, TypeRefused
from services.media.models import Media
from services.media.operations.inspecting import inspect
from services.media.operations.intake import Wanted
from services.media.operations.receiving import place_for, receive, store
from services.media.settings import settings
from shared.database import database
from shared.errors import DomainError, Invalid
from shared.identity import Identity


def upload(storage: Storage, wanted: Wanted, spool: Spool, *, by: Identity) -> Media:
    """Take a file in, and have it processed.

    Raises Invalid, TypeRefused, FileTooLarge, ImageTooLarge, TooManyFrames, BytesBlocked, QuotaExceeded,
    NotYourEntity, Suspended, TooManyUploads, StorageAway. Emits MediaReady.
    """
    if storage.trouble() is not None:
        raise StorageAway(retry_after=30)
    if spool.is_too_large:
        raise FileTooLarge
    if spool.size == 0:
        raise Invalid.field("file", "The file is empty.")
    spool.flush()
    try:
        found = inspect(
            cast("BinaryIO", spool), size=spool.size, sha256=spool.sha256, declared=wanted.declared, told=settings()
        )
    except Broken as broken:
        raise TypeRefused(broken.message) from broken
    placed = place_for(found, visibility=wanted.visibility, told=settings())
    store(storage, placed, spool.path)
    try:
        return database().retrying(lambda session: receive(session, wanted, placed, by=by))
    except DomainError:
        # Nothing names it: whoever was refused leaves nothing behind.
        storage.delete_many(placed.bucket, [placed.key])
        raise
