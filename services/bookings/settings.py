"""What the processes of bookings are told."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from shared.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of bookings; lengths of time are in the unit that the name ends with."""

    bookings_hold_minutes: int = 15
    """How long an unpaid booking keeps its time."""
    bookings_reminder_minutes: tuple[str, ...] = ("1440", "30")
    """When people are reminded, before the start."""
    bookings_complete_after_minutes: int = 60
    """After the end, a booking completes by itself."""
    bookings_no_show_after_minutes: int = 10
    """After the start, somebody counts as missing."""
    bookings_course_cancel_days: int = 14
    """After the first class, a course can still be left."""
    bookings_max_reschedules: int = 3
    """How often a client may move a booking."""
    bookings_wait_max_seconds: int = 30
    """The longest `Prefer: wait`."""

    @property
    def hold(self) -> timedelta:
        """How long an unpaid booking keeps its time."""
        return timedelta(minutes=self.bookings_hold_minutes)

    @property
    def reminder_offsets(self) -> tuple[int, ...]:
        """How many minutes before its start a booking is reminded of, the longest first."""
        return tuple(sorted((int(minutes) for minutes in self.bookings_reminder_minutes), reverse=True))

    @property
    def complete_after(self) -> timedelta:
        """How long after its end a booking completes by itself."""
        return timedelta(minutes=self.bookings_complete_after_minutes)

    @property
    def no_show_after(self) -> timedelta:
        """How long after its start somebody counts as missing."""
        return timedelta(minutes=self.bookings_no_show_after_minutes)

    def problems(self) -> list[str]:
        found = super().problems()
        if not all(minutes.isdigit() for minutes in self.bookings_reminder_minutes):
            found.append("BOOKINGS_REMINDER_MINUTES: must be a comma list of whole minutes")
        return found


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
