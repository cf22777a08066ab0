"""What staff changes of reference data."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.locations.domain.errors import PlaceNotFound
from services.locations.models import City, Country, State, naming
from shared.audit import audit
from shared.identity import Identity


def change_country(session: Session, reference: str, body: Mapping[str, Any], *, by: Identity) -> None:
    """Switch a country. Raises PlaceNotFound."""
    _change(session, session.scalar(select(Country).where(naming.country_named(reference)).limit(1)), body, by)


def change_state(session: Session, reference: str, body: Mapping[str, Any], *, by: Identity) -> None:
    """Change a state. Raises PlaceNotFound."""
    named = select(State).join(Country, Country.id == State.country_id).where(naming.state_named(reference))
    _change(session, session.scalar(named.limit(1)), body, by)


def change_city(session: Session, reference: str, body: Mapping[str, Any], *, by: Identity) -> None:
    """Change a city; seeding leaves what was set here alone. Raises PlaceNotFound."""
    city = session.scalar(select(City).where(naming.city_named(reference)).with_for_update())
    _change(session, city, body, by)
    if city is None:
        raise PlaceNotFound
    city.edited = sorted({*city.edited, *body})
    if "is_active" in body:
        session.flush()
        number = select(func.count()).where(City.state_id == city.state_id, City.is_active).scalar_subquery()
        session.execute(update(State).where(State.id == city.state_id).values(city_count=number))


def _change(session: Session, row: Country | State | City | None, body: Mapping[str, Any], by: Identity) -> None:
    if row is None:
        raise PlaceNotFound
    changed = {name: value for name, value in body.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        audit(session, f"{row.__tablename__}.changed", by=by, subject=(row.__tablename__, row.id), details=changed)
