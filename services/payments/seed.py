"""Demo data: credits for the demo's clients, who pay with them. Plans and rates come with the migrations."""

import logging

from sqlalchemy import func, select

from services.payments.models import PractitionerRef, UserRef
from services.payments.operations.credits import grant_credits
from services.payments.settings import settings
from shared.database import connect, transaction
from shared.messaging import NotYet

DOMAIN = "@demo.estuary.local"
DEMO_CLIENT = f"client{DOMAIN}"
CREDITS_CENTS = 150_000
log = logging.getLogger(__name__)


def seed() -> None:
    """Give the demo's clients credits, once each. Raises NotYet while auth's events about them have not arrived."""
    connect(settings().database_url, application_name="payments-seed")
    with transaction() as session:
        sellers = select(PractitionerRef.user_id)
        clients = session.execute(
            select(UserRef.id, func.lower(UserRef.email).label("email"))
            .where(func.lower(UserRef.email).like(f"%{DOMAIN}"), UserRef.id.not_in(sellers))
            .order_by(UserRef.id)
        ).all()
        if DEMO_CLIENT not in {client.email for client in clients}:
            raise NotYet(f"{DEMO_CLIENT} is not known here yet.")
        for client in clients:
            grant_credits(
                session,
                user_id=client.id,
                cents=CREDITS_CENTS,
                transaction_type="bonus",
                description="Welcome to Estuary",
                key=f"seed:{client.id}",
            )
    log.info("demo credits: %d clients have $%d each", len(clients), CREDITS_CENTS // 100)
