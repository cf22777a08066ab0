"""Completing steps by hand; the last one submits the application."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.models import Practitioner
from services.practitioners.operations.onboarding import settle_step
from services.practitioners.operations.verification import submit_application


def complete_step(session: Session, practitioner: Practitioner, *, step: str, skip: bool, now: datetime) -> None:
    """Complete or skip a step; all six settled submits. Raises StepIncomplete, StepRequired, InvalidTransition."""
    settled = settle_step(session, practitioner, step=step, skip=skip, now=now)
    if settled and practitioner.verification_status in (words.DRAFT, words.CHANGES_REQUESTED):
        submit_application(session, practitioner, note=None, now=now)
