"""The six steps from an empty profile to the first booking."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import StepIncomplete, StepRequired
from services.practitioners.domain.steps import (
    BACKGROUND_CHECK,
    REQUIRED,
    STEPS,
    SUBSCRIPTION_SETUP,
    TRAINING_MODULES,
    current_step,
)
from services.practitioners.models import Onboarding, Practitioner
from services.practitioners.models.steps import missing_by_step


def refresh_onboarding(session: Session, practitioner: Practitioner, *, now: datetime) -> bool:
    """Bring the steps in line with the facts; return whether all six have just been settled.

    Steps close by themselves when their facts arrive, and open again if those vanish before submission.
    """
    session.flush()
    onboarding = session.scalar(
        select(Onboarding).where(Onboarding.practitioner_id == practitioner.id).with_for_update()
    )
    if onboarding is None or onboarding.status == "completed":
        return False
    missing = missing_by_step(session, practitioner, onboarding)
    done: list[str] = [step for step, lacking in missing.items() if not lacking]
    skipped = [step for step in onboarding.steps_skipped if step not in done]
    if (done, skipped) != (onboarding.steps_completed, onboarding.steps_skipped):
        if set(done) - set(onboarding.steps_completed):
            onboarding.last_updated, onboarding.reminded_days = now, 0
            if onboarding.status == "stalled":
                onboarding.status, onboarding.stall_reason = "in_progress", None
        onboarding.steps_completed, onboarding.steps_skipped = list(done), list(skipped)
    onboarding.current_step = current_step(done, skipped)
    if len(done) + len(skipped) < len(STEPS):
        return False
    onboarding.status, onboarding.completed_at = "completed", now
    practitioner.is_onboarded, practitioner.onboarding_completed_at = True, practitioner.onboarding_completed_at or now
    return True


def settle_step(session: Session, practitioner: Practitioner, *, step: str, skip: bool, now: datetime) -> bool:
    """Complete or skip a step; return whether all six are settled by that.

    Raises StepRequired, StepIncomplete with what is missing. A step that is done already stays as it is.
    """
    onboarding = session.scalar(
        select(Onboarding).where(Onboarding.practitioner_id == practitioner.id).with_for_update()
    )
    assert onboarding is not None, "made with the practitioner"
    if step in onboarding.steps_completed or (skip and step in onboarding.steps_skipped):
        return False
    if skip:
        if step in REQUIRED:
            raise StepRequired
        onboarding.steps_skipped = [*onboarding.steps_skipped, step]
    elif step in (BACKGROUND_CHECK, TRAINING_MODULES, SUBSCRIPTION_SETUP):
        onboarding.told_complete = [*onboarding.told_complete, step]
    else:
        missing = missing_by_step(session, practitioner, onboarding)[step]
        if missing:
            raise StepIncomplete(errors={step: missing})
    onboarding.last_updated = now
    if onboarding.status == "stalled":
        onboarding.status, onboarding.stall_reason, onboarding.reminded_days = "in_progress", None, 0
    return refresh_onboarding(session, practitioner, now=now)


def require_steps(session: Session, practitioner: Practitioner, onboarding: Onboarding) -> None:
    """Refuse unless the required steps are done. Raises StepIncomplete with what is missing."""
    missing = missing_by_step(session, practitioner, onboarding)
    errors = {step: missing[step] for step in REQUIRED if missing[step]}
    if errors:
        raise StepIncomplete(errors=errors)
