"""What happens by itself."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.models import Practitioner
from services.practitioners.operations import checking, forgetting, next_available, reminding, views
from services.practitioners.operations.announcing import announce, announce_calendar, lock_calendar
from services.practitioners.operations.banding import misplaced, place_in_bands
from services.practitioners.operations.queueing import queue_next_available
from services.practitioners.operations.verification import approve_application, reinstate_practitioner
from services.practitioners.settings import settings
from shared.clock import utc_now
from shared.database import database, transaction
from shared.identity.caller import SYSTEM
from shared.messaging import daily, every
from shared.observability import logger

BATCH = 200
REBANDED = 20_000
"""How many are looked for at a time."""
log = logger(__name__)
AUTO_VERIFY_AFTER = timedelta(seconds=5)


@every(seconds=1)
def compute_next_available() -> None:
    """Compute the next free times that are queued."""
    while database().retrying(lambda session: next_available.compute_due(session, now=utc_now())):
        pass


@every(minutes=1)
def queue_slipped_times() -> None:
    """Queue the next free times that have come within the notice, and those computed a day ago."""
    while (
        database().retrying(lambda session: next_available.queue_slipped(session, now=utc_now(), batch=BATCH)) == BATCH
    ):
        pass


@every(minutes=1)
def end_suspensions() -> None:
    """Reinstate those whose suspension has run out."""
    _each(
        Practitioner.suspended_until <= text("now()"),
        lambda session, one: reinstate_practitioner(session, one, note=None, now=utc_now()),
    )


@every(minutes=1)
def end_vacations() -> None:
    """Bring back those whose vacation ends today, by their own calendar."""
    over = text("activity = 'vacation' AND vacation_until <= (now() AT TIME ZONE practitioners.timezone)::date")

    def back(session: Session, one: Practitioner) -> None:
        one.activity, one.vacation_until = words.ACTIVE, None
        announce(session, one)
        queue_next_available(session, [one.id])

    _each(over, back)


@every(hours=1)
def end_featuring() -> None:
    """Take those from the front whose time there is over."""

    def end(session: Session, one: Practitioner) -> None:
        one.featured, one.featured_until = False, None
        announce(session, one)

    _each(Practitioner.featured_until <= text("now()"), end)


@every(seconds=2)
def verify_demonstration() -> None:
    """Verify submitted applications by themselves where the settings ask for it: demonstrations only."""
    if not settings().practitioners_auto_verify:
        return

    def approve(session: Session, one: Practitioner) -> None:
        approve_application(
            session, one, by=SYSTEM, note="verified automatically", now=utc_now(), documents_needed=False
        )

    due = (Practitioner.verification_status == words.SUBMITTED) & (
        Practitioner.submitted_at <= utc_now() - AUTO_VERIFY_AFTER
    )
    _each(due, approve)


@daily(at="02:10")
def expire_documents() -> None:
    """Remind of documents that run out in 30 and in 7 days, and let those that have run out expire."""
    while database().retrying(lambda session: reminding.expire_documents(session, now=utc_now(), batch=BATCH)):
        pass


@daily(at="09:10")
def remind_applicants() -> None:
    """Remind applicants who do not go on after 1, 3 and 7 days; after 14 the application counts as stalled."""
    while database().retrying(lambda session: reminding.nudge_applicants(session, now=utc_now(), batch=BATCH)):
        pass


@daily(at="02:40")
def extend_calendars() -> None:
    """Announce calendars again whose expanded holidays and recurrences reach less than 370 days."""
    horizon = utc_now().date() + timedelta(days=370)
    due = text("id IN (SELECT practitioner_id FROM calendars WHERE expanded_until < :horizon)").bindparams(
        horizon=horizon
    )

    def extend(session: Session, one: Practitioner) -> None:
        lock_calendar(session, one.id)
        announce_calendar(session, one)

    _each(due, extend)


@every(minutes=15, once=True)
def sort_into_bands() -> None:
    """Put those whose rank by rating has changed into their bands, which searches read from the best on."""
    are_left = True
    while are_left:
        with transaction() as session:
            wrong = misplaced(session, most=REBANDED)
        for start in range(0, len(wrong), BATCH):
            with transaction() as session:
                place_in_bands(session, wrong[start : start + BATCH])
        are_left = len(wrong) == REBANDED


@every(minutes=5, once=True)
def count_taxonomies() -> None:
    """Count the listed practitioners behind each word that they describe themselves with."""
    for kind, table in (("specialization", "specializations"), ("style", "styles"), ("topic", "topics")):
        with transaction() as session:
            session.execute(text(_COUNT.format(table=table)), {"kind": kind})


_COUNT = """
    UPDATE {table} SET practitioner_count = counted.number
    FROM (SELECT item.id, count(practitioners.id) AS number FROM {table} AS item
          LEFT JOIN practitioner_taxonomy AS chosen ON chosen.kind = :kind AND chosen.item_id = item.id
          LEFT JOIN practitioners ON practitioners.id = chosen.practitioner_id AND practitioners.listed
          GROUP BY item.id) AS counted
    WHERE counted.id = {table}.id AND {table}.practitioner_count <> counted.number
"""


def _each(due: Any, change: Callable[[Session, Practitioner], None]) -> None:
    """Apply `change` to every practitioner that is due, one transaction for each batch."""

    def batch(session: Session) -> int:
        statement = (
            select(Practitioner)
            .where(due, Practitioner.deleted_at.is_(None))
            .order_by(Practitioner.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        found = session.scalars(statement).all()
        for one in found:
            change(session, one)
        return len(found)

    while database().retrying(batch) == BATCH:
        pass


@daily(at="03:40")
def forget_old_views() -> None:
    """Delete counts of views that no analytics asks for any more."""
    with transaction() as session:
        views.forget_old_views(session, today=utc_now().date())


@daily(at="03:55")
def forget_deleted() -> None:
    """Blank the profiles that were deleted thirty days ago, and let others have their addresses."""
    while database().retrying(lambda session: forgetting.forget_deleted(session, now=utc_now(), batch=BATCH)):
        pass
    with transaction() as session:
        forgetting.free_addresses(session, now=utc_now())


@daily(at="03:05")
def check_counters() -> None:
    """Compare a thirtieth of all counters with what they follow from, and log where they drifted."""
    part = utc_now().date().toordinal() % checking.PARTS
    with transaction() as session:
        for ids in checking.practitioners(session, part=part, batch=BATCH):
            _log_drifts(checking.drifted_profiles(session, ids))
    with transaction() as session:
        for ids in checking.admirers(session, part=part, batch=BATCH):
            _log_drifts(checking.drifted_favorites(session, ids))


def _log_drifts(drifts: Iterable[checking.Drift]) -> None:
    for drift in drifts:
        log.warning(
            "counters_drifted", owner_id=drift.owner_id, counter=drift.counter, held=drift.held, found=drift.found
        )
