"""Counting failures, so that guessing is slow and strangers can not lock anybody out.

A counter belongs to what is guessed at (an account from unknown devices, one known device of it, a network). Only
failures count; when there are too many, nothing is tried any more for a while, which doubles with each further failure
up to the limit's longest. The counters lie in PostgreSQL, so all processes share them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from services.auth.models import LoginFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many failures within `window` are too many, and what then.

    `wait` is what the first failure too many costs; each further one doubles it, up to fifteen minutes. None: until
    the window is over.
    """

    name: str
    failures: int
    window: timedelta
    wait: timedelta | None = None


WAIT_MAX = timedelta(minutes=15)


def _limit(name: str, failures: int, *, minutes: int, wait: timedelta | None = None) -> Limit:
    return Limit(name=name, failures=failures, window=timedelta(minutes=minutes), wait=wait)


UNKNOWN_DEVICE = _limit("unknown device", 5, minutes=15, wait=timedelta(seconds=30))
KNOWN_DEVICE = _limit("known device", 10, minutes=15, wait=timedelta(seconds=30))
NETWORK = _limit("network", 50, minutes=10, wait=WAIT_MAX)
NETWORK_ACCOUNTS = _limit("network accounts", 20, minutes=10, wait=WAIT_MAX)
ONE_OF_THE_ACCOUNTS = _limit("one of the network's accounts", 1_000_000, minutes=10)
MAIL_A_MINUTE = _limit("mail a minute", 1, minutes=1)
MAIL_A_DAY = _limit("mail a day", 5, minutes=1440)
MAIL_NETWORK = _limit("mail network", 20, minutes=60)
ATTEMPT_NOTICE = _limit("registration attempt notice", 1, minutes=1440)
CODES = _limit("codes", 5, minutes=5)
EXPORT_A_DAY = _limit("export a day", 1, minutes=1440)


@dataclass(frozen=True, slots=True)
class Counter:
    """One limit, applied to one thing."""

    limit: Limit
    of: tuple[str, ...]

    @property
    def key(self) -> bytes:
        """The row's key: neither addresses nor e-mails lie in the table."""
        return hashlib.sha256("\0".join((self.limit.name, *self.of)).encode()).digest()[:16]


def counter(limit: Limit, *of: object) -> Counter:
    """Return the counter of a limit for a thing."""
    return Counter(limit, tuple(str(part) for part in of))


def registrations(network: str, *, an_hour: int) -> Counter:
    """Return the counter of accounts that a network opens."""
    return counter(_limit("registrations", an_hour, minutes=60), network)


def seconds_blocked(session: Session, counters: Sequence[Counter], *, now: datetime) -> int:
    """Return for how many seconds nothing may be tried; 0 when something may."""
    keys = [one.key for one in counters]
    until = session.scalars(
        select(LoginFailure.blocked_until).where(LoginFailure.key.in_(keys), LoginFailure.blocked_until > now)
    ).all()
    longest = max((moment for moment in until if moment is not None), default=None)
    return 0 if longest is None else int((longest - now).total_seconds()) + 1


def count(session: Session, one: Counter, *, now: datetime) -> int:
    """Count a failure and return how many there are now."""
    limit = one.limit
    statement = _COUNT.bindparams(
        key=one.key,
        now=now,
        window=limit.window,
        failures=limit.failures,
        wait=limit.wait,
        wait_max=WAIT_MAX,
    )
    return int(session.execute(statement).scalar_one())


def may(session: Session, one: Counter, *, now: datetime) -> bool:
    """Count one use and say whether it was within the limit.

    One statement, so that of parallel uses exactly as many are let through as the limit has.
    """
    return count(session, one, now=now) <= one.limit.failures


def forget(session: Session, *counters: Counter) -> None:
    """Start counting anew."""
    session.execute(delete(LoginFailure).where(LoginFailure.key.in_([one.key for one in counters])))


def networks(network: str) -> list[Counter]:
    """Return the counters of a network that signs people in."""
    return [counter(NETWORK, network), counter(NETWORK_ACCOUNTS, network)]


def count_failed_sign_in(session: Session, *, account: Counter, network: str, email: str, now: datetime) -> bool:
    """Count a wrong password: for the account (or its known device), and for the network.

    Returns whether it was within the limits. Tries that are hashed at the same time are all let in; who is told that
    the password was wrong is decided here, one after the other.
    """
    failures, accounts = networks(network)
    within = [may(session, account, now=now), may(session, failures, now=now)]
    if count(session, counter(ONE_OF_THE_ACCOUNTS, network, email), now=now) == 1:
        within.append(may(session, accounts, now=now))
    return all(within)


# A window starts anew when it is over and nothing is blocked by it any more.
_COUNT = text("""
    INSERT INTO login_failures AS held (key, count, first_at, blocked_until)
    VALUES (:key, 1, :now, CASE WHEN :failures <= 1 THEN
        CAST(:now AS timestamptz) + coalesce(CAST(:wait AS interval), CAST(:window AS interval)) END)
    ON CONFLICT (key) DO UPDATE SET (count, first_at, blocked_until) = (
        SELECT new.count, new.first_at, CASE WHEN new.count >= :failures THEN coalesce(
            CAST(:now AS timestamptz)
                + least(CAST(:wait_max AS interval),
                        CAST(:wait AS interval) * power(2, least(new.count - :failures, 20))),
            new.first_at + CAST(:window AS interval)) END
        FROM (
            SELECT CASE WHEN is_over THEN 1 ELSE held.count + 1 END AS count,
                   CASE WHEN is_over THEN CAST(:now AS timestamptz) ELSE held.first_at END AS first_at
            FROM (SELECT held.first_at + CAST(:window AS interval) <= :now
                         AND coalesce(held.blocked_until, held.first_at) <= :now AS is_over) AS present
        ) AS new
    )
    RETURNING count
""")
