"""What reviews tells: ratings of practitioners and services."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from services.catalog.models import Rating
from services.catalog.operations.ratings import rate_service
from shared.messaging import Message, handles, replace_replica


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingChanged:
    """What people think of a practitioner or service, all in all."""

    target: str
    target_id: int
    count: int = 0
    average: str = "0.00"
    weighted: str = "0.000"
    distribution: dict[str, Any] = field(default_factory=dict)


@handles("rating.changed", RatingChanged)
def keep_rating(session: Session, event: RatingChanged, message: Message) -> None:
    """Keep the newest rating; a service shows it and is ranked by it."""
    values = {
        "count": event.count,
        "average": Decimal(event.average),
        "weighted": Decimal(event.weighted),
        "distribution": event.distribution,
    }
    key = {"target": event.target, "target_id": event.target_id}
    if replace_replica(session, Rating, key=key, values=values, message=message) and event.target == "service":
        rate_service(session, event.target_id, values)
