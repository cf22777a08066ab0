"""Bookings: one client's claim on one practitioner's time, or a purchase of several."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.bookings.domain import words
from services.bookings.domain.cancellation import Claim, Policy
from services.bookings.models.base import Base
from shared.database import Key, Money, Timestamps, Versioned
from shared.identity import Identity
from shared.ids import uuid7

_OPEN = "status IN ('pending_payment', 'confirmed', 'in_progress')"


def _among(column: str, choices: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(choice) for choice in choices)})"


class Booking(Versioned, Timestamps, Base):
    """A booking. Times are UTC instants, money is integer cents.

    A package, bundle, course or series is a parent with one child per session; parents keep neither time nor seats.
    A child in status draft is a session credit: paid for, not yet scheduled. `allocated_cents` is the part of the
    price that this row stands for. `practitioner_notes` are hidden from the client.
    """

    __tablename__ = "bookings"
    aggregate_type = "booking"

    id: Mapped[Key]
    public_uuid: Mapped[UUID] = mapped_column(default=uuid7, unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    parent_id: Mapped[int | None]
    session_number: Mapped[int | None]
    sessions_total: Mapped[int | None]
    client_id: Mapped[int]
    practitioner_id: Mapped[int]
    practitioner_user_id: Mapped[int]
    service_id: Mapped[int]
    service_type: Mapped[str] = mapped_column(String(10))
    service_session_id: Mapped[int | None]
    location_id: Mapped[int | None]
    location_type: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(20))
    status_detail: Mapped[str | None] = mapped_column(String(30))
    payment_status: Mapped[str] = mapped_column(String(20), default=words.UNPAID)
    start_time: Mapped[datetime | None]
    end_time: Mapped[datetime | None]
    timezone: Mapped[str] = mapped_column(String(64))
    buffer_minutes: Mapped[int] = mapped_column(SmallInteger, default=0)
    actual_start_time: Mapped[datetime | None]
    actual_end_time: Mapped[datetime | None]
    title: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None]
    client_notes: Mapped[str | None]
    practitioner_notes: Mapped[str | None]
    meeting_url: Mapped[str | None] = mapped_column(String(200))
    meeting_id: Mapped[str | None] = mapped_column(String(100))
    currency: Mapped[str] = mapped_column(String(3), default="USD")
    price_charged_cents: Mapped[Money]
    discount_amount_cents: Mapped[Money] = mapped_column(default=0)
    final_amount_cents: Mapped[Money]
    allocated_cents: Mapped[Money]
    paid_cents: Mapped[Money] = mapped_column(default=0)
    refunded_cents: Mapped[Money] = mapped_column(default=0)
    refund_pending_cents: Mapped[Money] = mapped_column(default=0)
    collect: Mapped[str] = mapped_column(String(10), default=words.PLATFORM)
    order_uuid: Mapped[UUID | None]
    payment: Mapped[dict[str, Any]] = mapped_column(default=dict)
    policy: Mapped[dict[str, Any]] = mapped_column(default=dict)
    free_cancellation_hours: Mapped[int | None]
    service_name_snapshot: Mapped[str] = mapped_column(default="")
    service_description_snapshot: Mapped[str] = mapped_column(default="")
    service_duration_snapshot: Mapped[int | None]
    practitioner_name_snapshot: Mapped[str] = mapped_column(default="")
    package_name_snapshot: Mapped[str] = mapped_column(default="")
    package_contents_snapshot: Mapped[list[Any] | None]
    bundle_name_snapshot: Mapped[str] = mapped_column(default="")
    bundle_sessions_snapshot: Mapped[int | None]
    validity_days: Mapped[int | None]
    hold_expires_at: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    lapse_warned_days: Mapped[int | None] = mapped_column(SmallInteger)
    series_id: Mapped[int | None]
    replaces_id: Mapped[int | None]
    rescheduled_from_id: Mapped[int | None]
    reschedule_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    original_start_time: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    completed_by_clock: Mapped[bool] = mapped_column(default=False)
    no_show_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    canceled_by: Mapped[str | None] = mapped_column(String(12))
    cancellation_reason: Mapped[str | None]
    status_changed_at: Mapped[datetime]
    search_text: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        CheckConstraint(_among("kind", words.KINDS), name="kind_known"),
        CheckConstraint(_among("status", words.STATUSES), name="status_known"),
        CheckConstraint(_among("payment_status", words.PAYMENT_STATUSES), name="payment_status_known"),
        CheckConstraint("(start_time IS NULL) = (end_time IS NULL)", name="both_times_or_none"),
        CheckConstraint("start_time < end_time", name="starts_before_end"),
        CheckConstraint(
            "end_time - start_time <= interval '24 hours'"
            " OR sessions_total IS NOT NULL OR service_session_id IS NOT NULL",
            name="one_day_at_most",
        ),
        CheckConstraint(
            "price_charged_cents >= 0 AND discount_amount_cents >= 0 AND final_amount_cents >= 0"
            " AND final_amount_cents = price_charged_cents - discount_amount_cents",
            name="final_is_price_less_discount",
        ),
        CheckConstraint("refunded_cents >= 0 AND refunded_cents <= paid_cents", name="refunded_at_most_paid"),
        Index("ix_bookings_client", "client_id", text("start_time DESC NULLS LAST"), text("id DESC")),
        Index("ix_bookings_practitioner", "practitioner_id", text("start_time DESC NULLS LAST"), text("id DESC")),
        Index("ix_bookings_client_status", "client_id", "status", text("start_time DESC NULLS LAST"), text("id DESC")),
        Index(
            "ix_bookings_practitioner_status",
            "practitioner_id",
            "status",
            text("start_time DESC NULLS LAST"),
            text("id DESC"),
        ),
        Index("ix_bookings_parent", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index("ix_bookings_series", "series_id", postgresql_where=text("series_id IS NOT NULL")),
        Index(
            "ix_bookings_session",
            "service_session_id",
            "id",
            postgresql_where=text(f"service_session_id IS NOT NULL AND {_OPEN}"),
        ),
        Index(
            "ix_bookings_credits",
            "client_id",
            "service_id",
            "valid_until",
            postgresql_where=text("status = 'draft'"),
        ),
        Index("ix_bookings_holds", "hold_expires_at", postgresql_where=text("status = 'pending_payment'")),
        Index("ix_bookings_due_start", "start_time", postgresql_where=text("status = 'confirmed'")),
        Index("ix_bookings_due_end", "end_time", postgresql_where=text("status IN ('confirmed', 'in_progress')")),
        Index("ix_bookings_due_lapse", "valid_until", postgresql_where=text("status = 'draft'")),
        Index(
            "ix_bookings_search", "search_text", postgresql_using="gin", postgresql_ops={"search_text": "gin_trgm_ops"}
        ),
        Index("ix_bookings_staff", "status", "start_time", "id"),
        Index(
            "uq_bookings_seat",
            "client_id",
            "service_session_id",
            unique=True,
            postgresql_where=text(f"service_session_id IS NOT NULL AND {_OPEN}"),
        ),
        Index(
            "uq_bookings_course",
            "client_id",
            "service_id",
            unique=True,
            postgresql_where=text(f"kind = 'course' AND parent_id IS NULL AND {_OPEN}"),
        ),
        Index("uq_bookings_order", "order_uuid", unique=True, postgresql_where=text("order_uuid IS NOT NULL")),
    )

    def role_of(self, by: Identity) -> str | None:
        """Return what the caller is to this booking: client, practitioner or staff; None if nothing."""
        if by.user_id and by.user_id == self.client_id:
            return words.CLIENT
        if by.user_id and by.user_id == self.practitioner_user_id:
            return words.PRACTITIONER
        if "system" in by.roles:
            return words.SYSTEM
        return words.STAFF if by.is_staff else None

    @property
    def is_parent(self) -> bool:
        """Whether this is a purchase of several sessions, which happen as its children."""
        return self.kind in words.PARENT_KINDS and self.parent_id is None

    @property
    def holds_time(self) -> bool:
        """Whether it keeps a stretch of its practitioner's calendar."""
        return self.kind == words.SESSION and self.service_session_id is None and self.status in words.OPEN

    @property
    def holds_seat(self) -> bool:
        """Whether it keeps a seat of a dated session."""
        return self.service_session_id is not None and self.status in words.OPEN and not self.is_parent

    @property
    def cancellation_policy(self) -> Policy:
        """The policy as it was when booked."""
        return Policy.of(self.policy)

    @property
    def free_cancellation_until(self) -> datetime | None:
        """The last instant at which a client gets everything back."""
        if self.start_time is None or self.free_cancellation_hours is None:
            return None
        return self.start_time - timedelta(hours=self.free_cancellation_hours)

    def claim(self, *, parent_kind: str | None = None) -> Claim:
        """Return what a cancellation has to know."""
        return Claim(
            id=self.id,
            kind=self.kind,
            status=self.status,
            status_detail=self.status_detail,
            start=self.start_time,
            end=self.end_time,
            base_cents=self.paid_cents - self.refunded_cents,
            final_cents=self.final_amount_cents if self.parent_id is None else 0,
            policy=self.cancellation_policy,
            parent_kind=parent_kind,
        )

    def become(self, status: str, *, detail: str | None = None, now: datetime) -> None:
        """Take another status; `detail` says more about it."""
        self.status = status
        self.status_detail = detail
        self.status_changed_at = now
        if status != words.PENDING and detail != words.EXPIRED:
            self.hold_expires_at = None
