"""Demo data: credits for the demo client. Plans and rates come with the migrations."""

from sqlalchemy import func, select

from services.payments.models import UserRef
from services.payments.operations.credits import grant_credits
from shared.database import transaction

DEMO_CLIENT = "client@example.com"
DEMO_CREDITS_CENTS = 50_000


def seed() -> str:
    """Give the demo client credits, once. Returns what was done; needs auth's events to have arrived."""
    with transaction() as session:
        user_id = session.scalar(select(UserRef.id).where(func.lower(UserRef.email) == DEMO_CLIENT))
        if user_id is None:
            return f"{DEMO_CLIENT} is not known here yet"
        grant_credits(
            session,
            user_id=user_id,
            cents=DEMO_CREDITS_CENTS,
            transaction_type="bonus",
            description="Welcome to Estuary",
            key=f"seed:{user_id}",
        )
        return f"{DEMO_CLIENT} has ${DEMO_CREDITS_CENTS // 100} of credits"
