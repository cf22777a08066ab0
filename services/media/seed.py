"""The demo's pictures: one for each of its services, and one of each practitioner, uploaded as people do."""

import logging
import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.media.clients.painting import landscape, portrait
from services.media.clients.spool import Spool
from services.media.clients.storage import configured
from services.media.domain.demo_pictures import scene_of
from services.media.models import Entity, Media, Practitioner, User
from services.media.operations.intake import Wanted
from services.media.operations.uploading import upload
from services.media.settings import settings
from shared.database import connect, transaction
from shared.identity import Identity
from shared.messaging import NotYet

log = logging.getLogger(__name__)

SERVICES_MAX, PEOPLE_MAX, LANDSCAPES = 200, 31, 18
PATIENCE_SECONDS = 20.0

_began = time.monotonic()


def seed() -> None:
    """Add those of the demo's pictures that are not there yet. Raises NotYet while there is nothing to show."""
    if settings().is_production:
        raise SystemExit("Demo pictures are not for production.")
    connect(settings().database_url, application_name="media-seed")
    with transaction() as session:
        people, services = _people(session), _services(session)
    if not people or not services:
        if time.monotonic() - _began < PATIENCE_SECONDS:
            raise NotYet("The practitioners and their services are not known yet.")
        log.warning("nothing to paint pictures for")
        return
    added = 0
    for number, (user_id, practitioner, name) in enumerate(people):
        told = {"title": name, "alt_text": f"Portrait of {name}", "is_primary": True}
        picture = portrait(name, number=number)
        added += _add(picture, user_id, "practitioner", practitioner, name="portrait.jpg", **told)
    # Services may show the same landscape: equal bytes are processed and stored once.
    painted = [landscape(scene_of(number), number=number) for number in range(min(LANDSCAPES, len(services)))]
    for number, (user_id, service) in enumerate(services):
        scene = scene_of(number % LANDSCAPES)
        told = {"title": scene.words, "alt_text": scene.words, "is_primary": True}
        added += _add(painted[number % LANDSCAPES], user_id, "service", service, name=scene.name, **told)
    log.info("demo pictures: %d", added)


def _people(session: Session) -> list[tuple[int, str, str]]:
    """Return practitioners as user id, uuid and name."""
    known = (
        select(Practitioner.user_id, Practitioner.uuid, User.display_name)
        .join(User, User.id == Practitioner.user_id)
        .where(Practitioner.deleted_at.is_(None), User.deleted_at.is_(None))
        .order_by(Practitioner.id)
        .limit(PEOPLE_MAX)
    )
    return [(row.user_id, row.uuid, row.display_name) for row in session.execute(known)]


def _services(session: Session) -> list[tuple[int, str]]:
    """Return services as the user id of somebody who gives them, and uuid."""
    giving = {row.id: row.user_id for row in session.execute(select(Practitioner.id, Practitioner.user_id))}
    known = select(Entity).where(Entity.kind == "service", Entity.deleted_at.is_(None)).order_by(Entity.number)
    found = [(giving.get(next(iter(one.practitioner_ids), 0)), one.reference) for one in session.scalars(known)]
    return [(user_id, reference) for user_id, reference in found if user_id is not None][:SERVICES_MAX]


def _add(picture: bytes, user_id: int, entity_type: str, entity_id: str, *, name: str, **told: object) -> int:
    """Upload a picture, unless somebody did already; return how many that was."""
    with transaction() as session:
        held = select(Media.id).where(Media.entity_type == entity_type, Media.entity_id == entity_id).limit(1)
        if session.scalar(held) is not None:
            return 0
    storage = configured(settings())
    body = {"entity_type": entity_type, "entity_id": entity_id, **told}
    wanted = Wanted.of(body, filename=name, content_type="image/jpeg")
    spool = Spool(storage, bytes_max=len(picture))
    try:
        spool.write(picture)
        upload(storage, wanted, spool, by=Identity(user_id=user_id, roles=frozenset({"user", "practitioner"})))
    finally:
        spool.close()
    return 1
