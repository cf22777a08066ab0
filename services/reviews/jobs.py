"""What happens to reviews by itself."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from prometheus_client import Gauge
from sqlalchemy.orm import Session

from services.reviews.clients.classifier import HttpClassifier
from services.reviews.operations import screening, upkeep
from services.reviews.operations.recounting import SLICES, recount, slice_of
from services.reviews.settings import settings
from shared.clock import utc_now
from shared.database import retrying, transaction
from shared.messaging import daily, every

DRIFT = Gauge("reviews_numbers_drift", "Targets whose numbers the nightly check had to correct.")


def _until_none_is_left(step: Callable[[Session, datetime], int], batch: int) -> None:
    """Run a step again and again, each time in a transaction of its own, while it finds a full batch."""
    while retrying(lambda session: step(session, utc_now())) >= batch:
        pass


@every(minutes=1)
def blind_open() -> None:
    """Publish sealed reviews whose time has come."""
    _until_none_is_left(lambda session, now: upkeep.open_sealed(session, now=now), upkeep.OPENED)


@every(seconds=10)
def classify() -> None:
    """Let a service outside judge new texts, where one is named. It is asked between transactions, 2 s at most."""
    if not settings().reviews_screening_url:
        return
    classifier = HttpClassifier(settings().reviews_screening_url, settings().reviews_screening_key)
    with transaction() as session:
        texts = screening.unjudged(session)
    for text in texts:
        flagged = screening.is_flagged(classifier, text)
        retrying(partial(screening.note_judgement, text=text, flagged=flagged, now=utc_now()))


@every(minutes=15)
def review_requests() -> None:
    """Ask clients for reviews of what was completed a day ago, and once more after a week."""
    _until_none_is_left(lambda session, now: upkeep.ask_clients(session, now=now), upkeep.ASKED)


@daily(at="02:10")
def prior() -> None:
    """Learn the mean of all ratings, and bring those that are drawn towards it into step."""
    with transaction() as session:
        upkeep.renew_prior(session, weight=settings().reviews_prior_weight)
    _until_none_is_left(lambda session, _now: upkeep.weigh(session), upkeep.WEIGHED)


@daily(at="02:20")
def numbers_check() -> None:
    """Recount a thirtieth of the targets, and correct what differs."""
    today = utc_now().date()
    with transaction() as session:
        targets = slice_of(session, day=today.toordinal() % SLICES)
    check = partial(recount, folded_before=upkeep.folded_before(today))
    DRIFT.set(sum(retrying(partial(check, key=target)) for target in targets))


@daily(at="02:30")
def days_fold() -> None:
    """Keep days of more than four hundred days ago as months."""
    with transaction() as session:
        upkeep.fold_days(session, today=utc_now().date())
