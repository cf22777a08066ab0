"""What somebody asks for when they book."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.bookings.domain import words
from services.bookings.models.offers import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How the client wants to pay."""

    payment_method_id: int | None = None
    apply_credits: bool = True
    success_url: str | None = None
    cancel_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A booking as it is asked for; what is None follows from the service."""

    service: Reference
    practitioner: Reference | None = None
    location_id: int | None = None
    service_session_id: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    timezone: str | None = None
    title: str | None = None
    description: str | None = None
    client_notes: str | None = None
    price_override_cents: int | None = None
    discount_amount_cents: int = 0
    parent_booking: Reference | None = None
    use_session_credit: bool = False
    hold_token: str | None = None
    waitlist_entry_id: UUID | None = None
    collect: str = words.PLATFORM
    user_id: int | None = None
    override_availability: bool = False
    order_uuid: UUID | None = None
    payment: Payment = field(default_factory=Payment)

    @property
    def ordinary(self) -> "Wish":
        """The same wish without all that needs a closer look; equal to it if there was nothing of the kind."""
        return Wish(
            service=self.service,
            practitioner=self.practitioner if isinstance(self.practitioner, int) else None,
            start_time=self.start_time,
            end_time=self.end_time,
            timezone=self.timezone,
            title=self.title,
            description=self.description,
            client_notes=self.client_notes,
            order_uuid=self.order_uuid,
            payment=self.payment,
        )
