"""What other services would tell, and what a test asks of the database."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from services.payments.clients.stripe import Stripe
from services.payments.handlers import bookings, catalog, people
from services.payments.models import Order
from services.payments.operations import cards, upkeep
from services.payments.operations.credits import grant_credits
from services.payments.tests.sandbox import Sandbox
from shared.clock import utc_now
from shared.database import Database
from shared.ids import uuid7
from shared.messaging import Message
from shared.messaging.testing import announced, apply, message

ANA, BEN, PAT, STAFF = 7, 8, 9, 1
PRACTITIONER = 3
HANDLERS = [bookings, catalog, people]


@dataclass
class World:
    """Everything around the service under test."""

    database: Database
    stripe: Stripe
    sandbox: Sandbox
    bookings: dict[int, dict[str, Any]] = field(default_factory=dict)
    sequences: dict[int, int] = field(default_factory=dict)

    def introduce(self) -> None:
        """Make two clients and a practitioner known."""
        people_ = ((ANA, "ana@x.com", "Ana"), (BEN, "ben@x.com", "Ben"), (PAT, "pat@x.com", "Pat"))
        self.apply(
            *(
                message(
                    "user.changed",
                    {"id": id_, "uuid": str(UUID(int=id_)), "email": email, "display_name": name, "is_active": True},
                    subject=("user", id_),
                )
                for id_, email, name in people_
            ),
            message(
                "practitioner.changed",
                {
                    "id": PRACTITIONER,
                    "public_uuid": str(UUID(int=900)),
                    "user_id": PAT,
                    "display_name": "Pat",
                    "status": "active",
                    "timezone": "UTC",
                },
                subject=("practitioner", PRACTITIONER),
            ),
        )

    def apply(self, *messages: Message) -> int:
        """Let the service's handlers apply events."""
        return apply(self.database, "payments", HANDLERS, *messages)

    def service(self, service_id: int = 50, *, price: int = 10_000, kind: str = "session", **more: Any) -> int:
        """Make a service known."""
        data = {
            "id": service_id,
            "public_uuid": str(UUID(int=5000 + service_id)),
            "slug": f"service-{service_id}",
            "name": "Massage",
            "price_cents": price,
            "service_type": kind,
            "practitioner_id": PRACTITIONER,
            "is_active": True,
            **more,
        }
        self.apply(message("service.changed", data, subject=("service", service_id)))
        return service_id

    def event(self, type_: str, booking_id: int, **more: Any) -> Message:
        """Return an event of bookings about a booking; `status` and others are remembered."""
        state = self.bookings.setdefault(
            booking_id,
            {
                "id": booking_id,
                "public_uuid": str(UUID(int=10_000 + booking_id)),
                "user_id": ANA,
                "practitioner_id": PRACTITIONER,
                "service_id": 50,
                "service_type": "session",
                "service_name": "Massage",
                "parent_booking_id": None,
                "status": "pending_payment",
                "payment_status": "unpaid",
                "amount_cents": 10_000,
                "allocated_cents": 10_000,
                "hold_expires_at": (utc_now() + timedelta(minutes=15)).isoformat(),
            },
        )
        state.update({name: value for name, value in more.items() if name in state})
        self.sequences[booking_id] = self.sequences.get(booking_id, 0) + 1
        return message(type_, {**state, **more}, subject=("booking", booking_id), sequence=self.sequences[booking_id])

    def book(self, booking_id: int = 100, *, amount: int = 10_000, payment: Any = None, **more: Any) -> Order:
        """Have a booking made, and return its order."""
        self.apply(
            self.event(
                "booking.created",
                booking_id,
                amount_cents=amount,
                payment={"mode": "auto", "apply_credits": False, **(payment or {})},
                **more,
            )
        )
        return self.order(booking_id)

    def order(self, booking_id: int) -> Order:
        """Return a booking's order as it is now."""
        with self.database.transaction() as session:
            return session.scalars(select(Order).where(Order.booking_id == booking_id)).one()

    def order_by_id(self, order_id: int) -> Order:
        """Return an order as it is now."""
        with self.database.transaction() as session:
            return session.scalars(select(Order).where(Order.id == order_id)).one()

    def grant(self, user_id: int = ANA, cents: int = 10_000) -> None:
        """Give somebody credits."""
        with self.database.transaction() as session:
            grant_credits(
                session,
                user_id=user_id,
                cents=cents,
                transaction_type="bonus",
                description="Welcome",
                key=str(uuid7()),
            )

    def card(self, alias: str = "pm_card_visa", *, user_id: int = ANA) -> int:
        """Store a card, and return its id."""
        customer = cards.customer_of(self.stripe, user_id=user_id, user_uuid=None)
        method = self.stripe.call("payment_methods.attach", alias, {"customer": customer})
        with self.database.transaction() as session:
            card, _new = cards.store_card(session, user_id=user_id, method=method, make_default=False)
            return card.id

    def work(self) -> None:
        """Let the desk make every call that waits."""
        while upkeep.clear_desk(self.stripe):
            pass

    def balance(self, code: str) -> int:
        """Return the balance of any account, in its normal direction."""
        with self.database.transaction() as session:
            row = session.execute(
                text(
                    "SELECT a.normal, a.balance_cents, coalesce(sum(e.amount_cents), 0) AS total FROM ledger_accounts a"
                    " LEFT JOIN ledger_entries e ON e.account_id = a.id WHERE a.code = :code"
                    " GROUP BY a.normal, a.balance_cents"
                ),
                {"code": code},
            ).one_or_none()
        if row is None:
            return 0
        balance = int(row.total) if row.normal == "debit" else -int(row.total)
        assert row.balance_cents in (None, balance), f"{code}: {row.balance_cents} kept, {balance} by its entries"
        return balance

    def told(self, type_: str) -> list[dict[str, Any]]:
        """Return the payloads of what was announced."""
        with self.database.transaction() as session:
            return [one.data for one in announced(session, type_)]

    def check_books(self) -> None:
        """Assert that everything sums to nothing and no kept balance differs from its entries."""
        with self.database.transaction() as session:
            assert session.scalar(text("SELECT coalesce(sum(amount_cents), 0) FROM ledger_entries")) == 0
            codes = session.scalars(text("SELECT code FROM ledger_accounts")).all()
            different = session.execute(
                text(
                    "SELECT l.user_id, l.lines, a.balances FROM"
                    " (SELECT user_id, sum(amount_cents) AS lines FROM credit_transactions GROUP BY 1) l JOIN"
                    " (SELECT owner_id, sum(balance_cents) AS balances FROM ledger_accounts"
                    "  WHERE kind IN ('credits', 'held') GROUP BY 1) a ON a.owner_id = l.user_id"
                    " WHERE l.lines <> a.balances"
                )
            ).all()
        assert different == []
        for code in codes:
            self.balance(code)

    def later(self, **length: float) -> datetime:
        """Return an instant from now on."""
        return utc_now() + timedelta(**length)
