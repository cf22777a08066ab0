"""How often profiles are looked at."""

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.practitioners.models import ViewsDaily

KEPT = timedelta(days=800)


def add_views(session: Session, counted: Mapping[tuple[int, date], int]) -> None:
    """Add counted views, by practitioner and day."""
    rows = [
        {"practitioner_id": practitioner_id, "day": day, "views": views}
        for (practitioner_id, day), views in sorted(counted.items())
    ]
    added = insert(ViewsDaily).values(rows)
    more = {"views": ViewsDaily.views + added.excluded.views}
    session.execute(added.on_conflict_do_update(index_elements=["practitioner_id", "day"], set_=more))


def forget_old_views(session: Session, *, today: date) -> None:
    """Delete what analytics can not ask for any more."""
    session.execute(delete(ViewsDaily).where(ViewsDaily.day < today - KEPT))
