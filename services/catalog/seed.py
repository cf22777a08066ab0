"""The demo's services: four for each of the demo's practitioners, of all five types."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.catalog.domain import words
from services.catalog.domain.demo_services import offers
from services.catalog.models import Modality, Practitioner, Service, ServiceCategory
from services.catalog.operations.announcing import announce_service
from services.catalog.operations.services import create_service
from services.catalog.operations.upkeep import count_modalities, renew_hot_set, renew_search_terms
from services.catalog.settings import settings
from shared.clock import utc_now
from shared.database import connect, transaction
from shared.identity import Identity
from shared.messaging import NotYet

log = logging.getLogger(__name__)

ENOUGH = 31
PATIENCE_SECONDS = 30.0

_began = time.monotonic()


def seed() -> None:
    """Add those of the demo's services that are not there yet. Raises NotYet while no practitioners are known."""
    if settings().is_production:
        raise SystemExit("Demo services are not for production.")
    connect(settings().database_url, application_name="catalog-seed")
    with transaction() as session:
        people = session.execute(
            select(Practitioner.id, Practitioner.user_id).where(Practitioner.is_listed).order_by(Practitioner.id)
        ).all()
    if not people or (len(people) < ENOUGH and time.monotonic() - _began < PATIENCE_SECONDS):
        raise NotYet("The practitioners are not known yet.")
    added = 0
    for number, person in enumerate(people[:ENOUGH]):
        with transaction() as session:
            added += _offer_all(session, number, practitioner_id=person.id, user_id=person.user_id)
    with transaction() as session:
        renew_hot_set(session, size=settings().catalog_hot_set)
        renew_search_terms(session)
        count_modalities(session)
    log.info("demo services added", extra={"added": added})


def _offer_all(session: Session, number: int, *, practitioner_id: int, user_id: int) -> int:
    """Add what one practitioner offers and does not have yet; return how many that was."""
    now = utc_now()
    own = select(Service.name, Service.id).where(
        Service.practitioner_id == practitioner_id, Service.deleted_at.is_(None)
    )
    have = {row.name: row.id for row in session.execute(own)}
    owner, added = Identity(user_id=user_id, roles=frozenset({"user", "practitioner"})), 0
    for offer in offers(number):
        if offer["name"] in have:
            continue
        made = create_service(session, _body(session, offer, have, now), by=owner, now=now)
        have[made.name] = made.id
        if offer.get("is_featured"):
            session.execute(update(Service).where(Service.id == made.id).values(is_featured=True))
            session.refresh(made)
            announce_service(session, made)
        added += 1
    return added


def _body(session: Session, offer: dict[str, Any], have: dict[str, int], now: datetime) -> dict[str, Any]:
    """Return an offer as the request that would make it."""
    body = {name: value for name, value in offer.items() if name not in _OWN_WORDS}
    body["status"] = words.ACTIVE
    body["category_id"] = session.scalar(select(ServiceCategory.id).where(ServiceCategory.slug == offer["category"]))
    body["modality_ids"] = list(session.scalars(select(Modality.id).where(Modality.slug.in_(offer["modalities"]))))
    if "children" in offer:
        body["child_service_configs"] = [
            {"child_id": have[name], "quantity": quantity} for name, quantity in offer["children"] if name in have
        ]
    if "dates" in offer:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        starts = [midnight + timedelta(days=date["in_days"], hours=date["hour"]) for date in offer["dates"]]
        body["sessions"] = [
            {"starts_at": start, "ends_at": start + timedelta(minutes=date["minutes"])}
            for start, date in zip(starts, offer["dates"], strict=True)
        ]
    return body


_OWN_WORDS = frozenset({"category", "modalities", "children", "dates", "is_featured"})
