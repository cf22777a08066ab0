"""One job after the other: claimed, done, written."""

from services.media.clients.films import film_tools
from services.media.clients.storage import Missing, StorageAway, configured
from services.media.domain.errors import Broken
from services.media.operations.making import make
from services.media.operations.processing import block, claim, fail, finish, put_off, renew
from services.media.settings import settings
from shared.clock import utc_now
from shared.database import database
from shared.observability import logger

log = logger(__name__)


def work_once(worker: str, *, first_only: bool = False) -> bool:
    """Do the next job, if there is one; returns whether there was. Whatever a file is, this process lives on.

    `first_only`: leave what makes no file ready to others.
    """
    with database().transaction() as session:
        order = claim(session, worker=worker, now=utc_now(), first_only=first_only)
    if order is None:
        return False

    def beat() -> None:
        with database().transaction() as session:
            renew(session, order, now=utc_now())

    told = settings()
    try:
        result = make(order, storage=configured(told), tools=film_tools(told), told=told, beat=beat)
    except Broken as broken:
        code, message = broken.code, broken.message
        log.info("file_refused", media_id=str(order.media_id), code=code)
        with database().transaction() as session:
            fail(session, order, code, message, now=utc_now())
            if code == "infected":
                block(session, order.sha256, reason=message)
    except (Missing, StorageAway, OSError) as passing:
        log.warning("job_put_off", media_id=str(order.media_id), reason=type(passing).__name__)
        with database().transaction() as session:
            put_off(session, order, now=utc_now())
    else:
        database().retrying(lambda session: finish(session, order, result, now=utc_now()))
    return True
