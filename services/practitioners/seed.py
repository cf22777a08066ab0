"""The demo's practices: verified, with weekly hours, made by the same operations that people use."""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta
from urllib.parse import quote_plus

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.domain.demo_practices import EMAILS, LANGUAGES_BY_ZONE, PRACTICES, WEEKS
from services.practitioners.models import TAXONOMY, Certification, Education, Practitioner, Question, User
from services.practitioners.operations.applying import apply_as_practitioner
from services.practitioners.operations.credentials import add_credential
from services.practitioners.operations.documents import review_document, upload_document
from services.practitioners.operations.profiles import feature_practitioner, update_profile
from services.practitioners.operations.schedules import create_schedule
from services.practitioners.operations.verification import approve_application, submit_application
from services.practitioners.settings import settings
from shared.clock import utc_now
from shared.database import connect, transaction
from shared.identity import Identity
from shared.messaging import NotYet

STAFF = Identity(roles=frozenset({"user", "staff"}))
log = logging.getLogger(__name__)


def seed(emails: Sequence[str] = EMAILS) -> None:
    """Open the practices of the demo that are not there yet; what is there is left alone.

    Raises NotYet while the demo's people have not arrived.
    """
    connect(settings().database_url, application_name="practitioners-seed")
    made = 0
    for number, email in enumerate(emails):
        with transaction() as session:
            user = session.scalar(select(User).where(User.email == email))
            if user is None:
                raise NotYet(f"{email} has not arrived")
            if session.scalar(select(Practitioner.id).where(Practitioner.user_id == user.id)) is None:
                _open(session, user, number)
                made += 1
    log.info("demo practices: %d", made)


def _open(session: Session, user: User, number: int) -> None:
    """Walk somebody from the application to verified hours."""
    practice, now = PRACTICES[number % len(PRACTICES)], utc_now()
    by = Identity(user_id=user.id, roles=frozenset({"user"}))
    name = f"{user.first_name} {user.last_name}"
    language = LANGUAGES_BY_ZONE.get(user.timezone or "")
    practitioner = apply_as_practitioner(
        session,
        by=by,
        data={
            "display_name": name,
            "professional_title": practice.title,
            "bio": practice.bio,
            "years_of_experience": 3 + number * 7 % 22,
            "profile_image_url": f"https://ui-avatars.com/api/?size=512&background=random&name={quote_plus(name)}",
            "timezone": user.timezone,
        },
        now=now,
    )
    add_credential(
        session, practitioner, Certification, {"certificate": practice.certificate, "institution": practice.school}
    )
    add_credential(
        session, practitioner, Education, {"degree": practice.degree, "educational_institute": practice.school}
    )
    add_credential(
        session,
        practitioner,
        Question,
        {"title": "What should I bring?", "answer": "Loose clothes and ten minutes to arrive."},
    )
    update_profile(
        session,
        practitioner,
        {
            "quote": practice.quote,
            "languages": ["en", language] if language else ["en"],
            "buffer_time": (10, 15, 0, 20)[number % 4],
            "specialization_ids": _ids(session, words.SPECIALIZATION, practice.specializations),
            "style_ids": _ids(session, words.STYLE, practice.styles),
            "topic_ids": _ids(session, words.TOPIC, practice.topics),
        },
        now=now,
    )
    _verify(session, practitioner)
    slots = [{"day": day, "start_min": start, "end_min": end} for day, start, end in WEEKS[number % len(WEEKS)]]
    create_schedule(session, by=by, data={"name": "Weekly hours", "timezone": user.timezone, "time_slots": slots})
    if number % 7 == 0:
        feature_practitioner(session, practitioner, featured=True, until=None)


def _verify(session: Session, practitioner: Practitioner) -> None:
    now = utc_now()
    given = {"document_type": words.ID_PROOF, "document_url": "https://files.example.org/demo/passport.pdf"}
    document = upload_document(session, practitioner, given, now=now)
    submit_application(session, practitioner, note=None, now=now)
    decision = {"decision": words.APPROVED, "expires_at": now + timedelta(days=5 * 365)}
    review_document(session, practitioner, document.id, by=STAFF, decision=decision, now=now)
    approve_application(session, practitioner, by=STAFF, note=None, now=now)


def _ids(session: Session, kind: str, contents: Iterable[str]) -> list[int]:
    model = TAXONOMY[kind]
    rows = session.execute(select(model.content, model.id).where(model.content.in_(contents)))
    found = {row.content: row.id for row in rows}
    return [found[content] for content in contents if content in found]
