"""What happens by itself in catalog."""

from services.catalog.operations.upkeep import (
    clean_drafts,
    complete_sessions,
    count_modalities,
    recount,
    recount_categories,
    renew_hot_set,
    renew_search_terms,
    roll_sessions,
)
from services.catalog.settings import settings
from shared.audit import keep_partitions
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging import daily, every

RESOURCE_EVENT_MONTHS = 14


@every(minutes=1, once=True)
def sessions_roll() -> None:
    """Move services on to their next session, and complete sessions that ended two hours ago."""
    for step in (roll_sessions, complete_sessions):
        moved = 1
        while moved:
            with transaction() as session:
                moved = step(session, now=utc_now())


@every(minutes=15, once=True)
def hot_set() -> None:
    """Keep the most popular services in the small search index, and count what modalities offer."""
    with transaction() as session:
        renew_hot_set(session, size=settings().catalog_hot_set)
        count_modalities(session)


@daily(at="02:40")
def search_terms() -> None:
    """Learn the words that services use, for completing and correcting searches."""
    with transaction() as session:
        renew_search_terms(session)


@daily(at="02:50")
def counters_check() -> None:
    """Recount a thirtieth of the services and of the categories."""
    day = utc_now().toordinal() % 30
    for count in (recount, recount_categories):
        with transaction() as session:
            count(session, day=day)


@daily(at="02:52")
def drafts_clean() -> None:
    """Delete drafts that nobody ever wrote anything into, thirty days on."""
    with transaction() as session:
        clean_drafts(session, now=utc_now())


@daily(at="02:55")
def partitions() -> None:
    """Make the coming months of what happened to resources, and drop those older than fourteen."""
    with transaction() as session:
        keep_partitions(session, "resource_events", now=utc_now(), keep_months=RESOURCE_EVENT_MONTHS)
