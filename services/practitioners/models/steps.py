"""What each step of onboarding still lacks, read from the rows."""

from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.domain.steps import (
    BACKGROUND_CHECK,
    DOCUMENT_VERIFICATION,
    PROFILE_COMPLETION,
    SERVICE_CONFIGURATION,
    SUBSCRIPTION_SETUP,
    TRAINING_MODULES,
)
from services.practitioners.models.credentials import Certification, PractitionerTaxonomy
from services.practitioners.models.hours import Schedule, ScheduleSlot
from services.practitioners.models.practitioner import Document, Onboarding, Practitioner
from services.practitioners.models.replicas import Service, Subscription

BIO_LEAST: Final = 50


def missing_by_step(session: Session, practitioner: Practitioner, onboarding: Onboarding) -> dict[str, list[str]]:
    """Return what each step still lacks, as field names; an empty list where the facts are there."""
    told = set(onboarding.told_complete)
    return {
        PROFILE_COMPLETION: _missing_in_profile(session, practitioner),
        DOCUMENT_VERIFICATION: [] if _has_id_proof(session, practitioner.id) else [words.ID_PROOF],
        BACKGROUND_CHECK: [] if BACKGROUND_CHECK in told else ["confirmation"],
        TRAINING_MODULES: [] if TRAINING_MODULES in told else ["confirmation"],
        SUBSCRIPTION_SETUP: [] if SUBSCRIPTION_SETUP in told or _has_plan(session, practitioner.id) else ["plan"],
        SERVICE_CONFIGURATION: _missing_for_services(session, practitioner.id),
    }


def _missing_in_profile(session: Session, practitioner: Practitioner) -> list[str]:
    has_skill = session.scalar(
        select(
            exists().where(
                PractitionerTaxonomy.practitioner_id == practitioner.id,
                PractitionerTaxonomy.kind == words.SPECIALIZATION,
            )
            | exists().where(Certification.practitioner_id == practitioner.id)
        )
    )
    present = {
        "display_name": bool(practitioner.display_name or practitioner.full_name),
        "professional_title": bool(practitioner.professional_title),
        "bio": len(practitioner.bio or "") >= BIO_LEAST,
        "years_of_experience": practitioner.years_of_experience is not None,
        "profile_image_url": bool(practitioner.profile_image_url),
        "specializations": bool(has_skill),
    }
    return [name for name, is_there in present.items() if not is_there]


def _has_id_proof(session: Session, practitioner_id: int) -> bool:
    found = exists().where(
        Document.practitioner_id == practitioner_id,
        Document.document_type == words.ID_PROOF,
        Document.status.in_((words.PENDING, words.APPROVED)),
    )
    return bool(session.scalar(select(found)))


def _has_plan(session: Session, practitioner_id: int) -> bool:
    plan = session.get(Subscription, practitioner_id)
    return plan is not None and plan.deleted_at is None and plan.is_active


def _missing_for_services(session: Session, practitioner_id: int) -> list[str]:
    has_hours = exists().where(
        Schedule.practitioner_id == practitioner_id,
        Schedule.is_active,
        ScheduleSlot.schedule_id == Schedule.id,
        ScheduleSlot.is_active,
    )
    has_service = exists().where(Service.practitioner_ids.contains([practitioner_id]), Service.deleted_at.is_(None))
    hours, service = session.execute(select(has_hours, has_service)).one()
    return [name for name, is_there in (("schedule", hours), ("service", service)) if not is_there]
