"""Services show their rating and are ranked by it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.catalog.models import Service


def rate_service(session: Session, service_id: int, rating: Mapping[str, Any]) -> None:
    """Write a rating onto a service; its place among the popular ones follows."""
    session.execute(
        update(Service)
        .where(Service.id == service_id)
        .values(
            rating_average=rating["average"],
            rating_count=rating["count"],
            rating_weighted=rating["weighted"],
            rating_distribution=rating["distribution"],
            popularity_score=Service.popularity_sum * (0.5 + float(rating["weighted"]) / 10),
            updated_at=Service.updated_at,
        )
        .execution_options(synchronize_session=False)
    )
