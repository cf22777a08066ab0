"""What happens by itself in media."""

from datetime import datetime

from sqlalchemy import delete

from services.media.clients.folder import FolderStorage
from services.media.clients.storage import Storage, StorageAway, configured
from services.media.models import StorageDeletion
from services.media.operations import inventory, sweeping
from services.media.operations.blobs import forget_condemned
from services.media.operations.counting import forget_marks
from services.media.settings import settings
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging import daily, every
from shared.observability import logger

PAGE = 500
log = logger(__name__)


@every(minutes=5)
def expire_pending() -> None:
    """Give up uploads whose address ran out a day ago."""
    storage = configured(settings())
    while True:
        with transaction() as session:
            given_up = sweeping.expire_pending(session, now=utc_now())
        for slot in given_up:
            if slot.upload_id:
                storage.abort_parts(slot)
        if not given_up:
            return


@every(minutes=10)
def purge_deleted() -> None:
    """Let deleted files go for good, and the bytes that nobody has needed for a day."""
    now = utc_now()
    for step in (sweeping.purge_deleted, sweeping.purge_entities, forget_condemned):
        done = 1
        while done:
            with transaction() as session:
                done = step(session, now=now)


@every(minutes=1)
def storage_deletions() -> None:
    """Delete the objects that transactions noted."""
    while True:
        with transaction() as session:
            due = sweeping.due_deletions(session, now=utc_now())
        if not due:
            return
        try:
            done = sweeping.carry_out(configured(settings()), due)
        except StorageAway:
            log.warning("storage_away", waiting=len(due))
            return
        with transaction() as session:
            session.execute(delete(StorageDeletion).where(StorageDeletion.id.in_(done)))


@daily(at="03:40")
def unclaimed() -> None:
    """Delete files that nobody has used for a month."""
    done = 1
    while done:
        with transaction() as session:
            done = sweeping.delete_unclaimed(session, now=utc_now())


@every(days=7, once=True)
def sweep_storage() -> None:
    """Have objects deleted that no row knows, and tell of rows whose object is gone: these are never deleted."""
    now = utc_now()
    strays = missing = 0
    storage = configured(settings())
    if isinstance(storage, FolderStorage):
        storage.clear_spool(before=now - inventory.STRAY_KEPT)
    for shelf in inventory.shelves(_week(now) % inventory.SHARES):
        held, old = inventory.on_shelf(storage, shelf, now=now)
        for start in range(0, len(old), PAGE):
            with transaction() as session:
                strays += inventory.discard_unknown(session, shelf[0], old[start : start + PAGE])
        missing += _tell_missing(storage, shelf, held, now)
    inventory.MISSING.set(missing)
    if strays:
        log.warning("stray_objects", found=strays)


def _tell_missing(storage: Storage, shelf: inventory.Shelf, held: set[str], now: datetime) -> int:
    """Log the objects that rows name and that are not there, and return how many."""
    with transaction() as session:
        sought = inventory.named(session, shelf, now=now).keys() - held
    gone = inventory.lacking(storage, shelf[0], sought)
    if not gone:
        return 0
    with transaction() as session:
        # Named still: what was let go meanwhile had to go.
        lost = {key: blob for key, blob in inventory.named(session, shelf, now=now).items() if key in gone}
        for key, blob in sorted(lost.items()):
            files = [str(one) for one in inventory.files_of(session, blob)]
            log.error("object_missing", bucket=shelf[0], key=key, files=files)
    return len(lost)


@daily(at="03:45")
def usage_check() -> None:
    """Count a thirtieth of the people anew."""
    with transaction() as session:
        sweeping.recount(session, share=utc_now().toordinal() % 30)


@every(hours=1)
def forget_counter_marks() -> None:
    """Forget who was counted two days ago."""
    done = 1
    while done:
        with transaction() as session:
            done = forget_marks(session, now=utc_now())


def _week(now: datetime) -> int:
    return now.toordinal() // 7
