"""What a booking adds to a practitioner's numbers. A change moves them by the difference of before and after."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from shared.localtime import local_day

PARENT_KINDS: Final = ("course", "package", "bundle", "series")
HELD: Final = ("confirmed", "in_progress", "completed")
TAKES_TIME: Final = ("pending_payment", "confirmed", "in_progress")
NEVER_REAL: Final = ("expired", "late_payment")


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A booking as numbers see it. A purchase of several has parts; it holds no time or money of its own."""

    kind: str
    status: str
    status_detail: str | None
    is_part: bool
    start_time: datetime | None
    amount_cents: int
    booked_at: datetime
    completed_at: datetime | None
    canceled_at: datetime | None
    zone: str

    @property
    def is_whole(self) -> bool:
        """Whether somebody bought this, rather than getting it as a part."""
        return not self.is_part

    @property
    def is_single(self) -> bool:
        """Whether this is one appointment, with its own time and money."""
        return self.is_part or self.kind not in PARENT_KINDS

    @property
    def is_canceled(self) -> bool:
        """Whether somebody called it off; holds that ran out never were bookings."""
        return self.status == "canceled" and self.status_detail not in NEVER_REAL


def totals(booking: Counted) -> Counter[str]:
    """Return what it adds to the profile's counters."""
    added: Counter[str] = Counter()
    added["bookings_count"] += booking.is_whole and (
        booking.status in HELD or booking.status == "no_show" or booking.is_canceled
    )
    added["canceled_count"] += booking.is_whole and booking.is_canceled
    added["completed_count"] += booking.is_single and booking.status == "completed"
    return added


def days(booking: Counted) -> Counter[tuple[str, str]]:
    """Return what it adds to daily numbers, by (ISO day, name); `h7` counts what begins between 7 and 8 o'clock."""
    added: Counter[tuple[str, str]] = Counter()

    def on(instant: datetime, name: str, amount: int = 1) -> None:
        added[(local_day(instant, booking.zone).isoformat(), name)] += amount

    if booking.is_whole and booking.status in HELD:
        on(booking.booked_at, "created")
    if booking.is_whole and booking.is_canceled and booking.canceled_at is not None:
        on(booking.canceled_at, "canceled")
    if booking.is_single and booking.status == "completed":
        done = booking.completed_at or booking.start_time or booking.booked_at
        on(done, "completed")
        on(done, "revenue_cents", booking.amount_cents)
    if booking.is_single and booking.status in HELD and booking.start_time is not None:
        hour = booking.start_time.astimezone(ZoneInfo(booking.zone)).hour
        on(booking.start_time, f"h{hour}")
    return added
