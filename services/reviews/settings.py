"""What the processes of reviews are told."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path

from shared.settings import ServiceSettings, secret


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of reviews; lengths of time are in the unit that the name ends with, 0 days is no limit."""

    reviews_edit_hours: int = 24
    """How long a review can be changed."""
    reviews_window_days: int = 180
    """How long after a booking it can be reviewed."""
    reviews_blind_days: int = 0
    """How long a new review stays sealed, in days."""
    reviews_premoderate: bool = False
    """Whether staff look at each review before it is shown."""
    reviews_auto_hide_score: float = 4.0
    """From this weight of reports on a review is hidden until staff have looked."""
    reviews_prior_weight: int = 5
    """How many average reviews a newcomer is given in rankings."""
    reviews_blocklist: str = ""
    """A file of words that send a review to staff, one a line."""
    reviews_erase_text: bool = False
    """Whether a deleted person takes the text of their reviews along."""
    reviews_screening_url: str = ""
    """A service outside that judges texts; empty: none."""
    reviews_screening_key: str = secret("")
    """Its key."""

    @property
    def edit_window(self) -> timedelta:
        """How long an author may change a review."""
        return timedelta(hours=self.reviews_edit_hours)

    @property
    def auto_hide_score(self) -> Decimal:
        """The sum of weights from which a review is hidden by itself."""
        return Decimal(str(self.reviews_auto_hide_score))

    @cached_property
    def blocked_words(self) -> frozenset[str]:
        """The words of the block list's file, one a line, in lower case."""
        if not self.reviews_blocklist:
            return frozenset()
        lines = Path(self.reviews_blocklist).read_text(encoding="utf-8").splitlines()
        return frozenset(line.strip().casefold() for line in lines if line.strip() and not line.startswith("#"))

    def problems(self) -> list[str]:
        found = super().problems()
        if self.reviews_blocklist and not Path(self.reviews_blocklist).is_file():
            found.append("REVIEWS_BLOCKLIST: there is no such file")
        if self.reviews_screening_url and not self.reviews_screening_url.startswith(("https://", "http://")):
            found.append("REVIEWS_SCREENING_URL: must be a web address")
        for name in ("reviews_edit_hours", "reviews_window_days", "reviews_blind_days", "reviews_prior_weight"):
            if getattr(self, name) < 0:
                found.append(f"{name.upper()}: must not be negative")
        return found


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
