"""Demo data: credits for the demo client. Plans and rates come with the migrations."""

import logging

from sqlalchemy import func, select

from services.payments.models import UserRef
from services.payments.operations.credits import grant_credits
from services.payments.settings import settings
from shared.database import connect, transaction
from shared.messaging import NotYet

DEMO_CLIENT = "client@demo.estuary.local"
DEMO_CREDITS_CENTS = 50_000
log = logging.getLogger(__name__)


def seed() -> None:
    """Give the demo client credits, once. Raises NotYet while auth's event about them has not arrived."""
    connect(settings().database_url, application_name="payments-seed")
    with transaction() as session:
        user_id = session.scalar(select(UserRef.id).where(func.lower(UserRef.email) == DEMO_CLIENT))
        if user_id is None:
            raise NotYet(f"{DEMO_CLIENT} is not known here yet.")
        grant_credits(
            session,
            user_id=user_id,
            cents=DEMO_CREDITS_CENTS,
            transaction_type="bonus",
            description="Welcome to Estuary",
            key=f"seed:{user_id}",
        )
    log.info("demo credits: %s has $%d", DEMO_CLIENT, DEMO_CREDITS_CENTS // 100)
