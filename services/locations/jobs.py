"""What happens by itself in locations."""

from services.locations.operations import upkeep
from services.locations.operations.counting import recount
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging import daily, every
from shared.observability import logger

log = logger(__name__)
REFRESH_BATCHES_MAX = 500


@every(seconds=30)
def geocode_pending() -> None:
    """Try addresses again that were found badly, where Google is there to ask: 20 at a time."""
    upkeep.geocode_due(now=utc_now())


@daily(at="02:15")
def geocode_refresh() -> None:
    """Renew Google's points before the thirty days are over for which they may be kept."""
    for _ in range(REFRESH_BATCHES_MAX):
        if upkeep.refresh_google(now=utc_now()) < upkeep.BATCH:
            return


@daily(at="02:35")
def cache_purge() -> None:
    """Forget what has expired."""
    with transaction() as session:
        upkeep.purge(session, now=utc_now())


@daily(at="02:55")
def counters_check() -> None:
    """Recount a thirtieth of the cities."""
    with transaction() as session:
        wrong = recount(session, day=utc_now().toordinal())
    if wrong:
        log.warning("city_counters_drifted", cities=wrong)


@daily(at="03:10")
def zones_check() -> None:
    """Find places whose time zone has no name any more, after the database of zones was renewed."""
    mended = upkeep.mend_zones()
    if mended:
        log.info("time_zones_mended", places=mended)
