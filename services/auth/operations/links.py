"""Taking mailed links: whoever guesses at a link's secret half ends the link."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.auth.domain.errors import InvalidToken, TooManyTries
from services.auth.models import ActionToken
from services.auth.operations import throttling
from shared.clock import utc_now
from shared.database import transaction


@contextmanager
def taking_links() -> Iterator[Session]:
    """Yield a session like `transaction()`, for an operation that a mailed link opens.

    A wrong secret half is counted, whatever is rolled back. With more than five in five minutes the link is used up.
    Raises InvalidToken, TooManyTries.
    """
    try:
        with transaction() as session:
            yield session
    except InvalidToken as refused:
        if refused.guessed_at is not None:
            _count_guess(refused.guessed_at)
        raise


def _count_guess(token_id: UUID) -> None:
    now = utc_now()
    with transaction() as session:
        tries = throttling.counter(throttling.CODES, "link", token_id)
        within = throttling.may(session, tries, now=now)
        wait = 0 if within else throttling.seconds_blocked(session, [tries], now=now)
        if not within:
            session.execute(
                update(ActionToken)
                .where(ActionToken.id == token_id, ActionToken.used_at.is_(None))
                .values(used_at=now)
                .execution_options(synchronize_session=False)
            )
    if not within:
        raise TooManyTries(retry_after=wait or 1)
