"""What reviews tells: ratings."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.messaging import Message, handles

# Straight into the row, by (epoch, sequence); nothing is told on, and the profile's version stays.
_RATE = text("""
    UPDATE practitioners
    SET rating_average = :average, rating_count = :count, rating_weighted = :weighted,
        rating_epoch = :epoch, rating_sequence = :sequence
    WHERE id = :id AND (rating_epoch, rating_sequence) < (:epoch, :sequence)
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingChanged:
    """How a practitioner or a service is rated."""

    target: str
    target_id: int
    count: int
    average: Decimal
    weighted: Decimal


@handles("rating.changed", RatingChanged)
def keep_rating(session: Session, event: RatingChanged, message: Message) -> None:
    """Keep the newest rating of a practitioner."""
    if event.target != "practitioner":
        return
    values = {"average": event.average, "count": event.count, "weighted": event.weighted}
    session.execute(_RATE, {"id": event.target_id, "epoch": message.epoch, "sequence": message.sequence, **values})
