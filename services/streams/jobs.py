"""What streams does by itself. Each run takes what is due and may find nothing; any number of workers may run."""

from services.streams.clients.livekit import configured
from services.streams.clients.video import Video
from services.streams.operations import (
    analytics,
    chat,
    desk,
    generating,
    notices,
    reaping,
    reconciling,
    upkeep,
    webhooks,
)
from services.streams.settings import settings
from shared.audit import keep_partitions
from shared.clock import utc_now
from shared.database import transaction
from shared.messaging import daily, every

SESSION_MONTHS = 14


def video() -> Video:
    """Return this process's way to LiveKit."""
    return configured(settings())


@every(seconds=2)
def clear_desk() -> None:
    """Apply webhooks and make calls that wait; a notification wakes the desk long before this."""
    while desk.clear_desk(video()):
        pass


@every(seconds=1, once=True)
def send_reactions() -> None:
    """Send rooms the sums of their reactions."""
    chat.send_reactions(video())


@every(seconds=30, once=True)
def reconcile_rooms() -> None:
    """Hold open rooms against LiveKit's own lists."""
    reconciling.reconcile_rooms(video())


@every(seconds=30, once=True)
def reap() -> None:
    """End what is over: no host, no time left, missed, paid until then; and ask about recordings that went silent."""
    reaping.reap(video())


@every(minutes=10, once=True)
def generate_schedules() -> None:
    """Make the live streams of the coming days."""
    made = 1
    while made:
        with transaction() as session:
            made = generating.generate_due(session, now=utc_now())


@every(minutes=1, once=True)
def send_reminders() -> None:
    """Remind of what begins in a day or a quarter of an hour."""
    with transaction() as session:
        notices.remind_due(session, now=utc_now())


@every(minutes=1, once=True)
def finalize_analytics() -> None:
    """Keep the figures of live streams that are over."""
    kept = 1
    while kept:
        with transaction() as session:
            kept = analytics.finalize_due(session, now=utc_now())


@every(minutes=1, once=True)
def tell_launches() -> None:
    """Announce planned launches that have come."""
    told = 1
    while told:
        with transaction() as session:
            told = upkeep.tell_launches(session, now=utc_now())


@daily(at="02:10")
def check_counters() -> None:
    """Hold member counts against memberships."""
    with transaction() as session:
        upkeep.recount_members(session)


@daily(at="02:15")
def renew_popularity() -> None:
    """Score streams anew."""
    with transaction() as session:
        upkeep.renew_popularity(session, now=utc_now())


@daily(at="02:20")
def keep_tables() -> None:
    """Make coming months' partitions, and forget what is past its time."""
    now = utc_now()
    with transaction() as session:
        for table in ("viewer_sessions", "chat_messages"):
            keep_partitions(session, table, now=now, keep_months=SESSION_MONTHS)
    with transaction() as session:
        webhooks.purge(session, now=now)
        upkeep.purge_chat(session, now=now)
