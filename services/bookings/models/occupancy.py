"""What takes a practitioner's time and a session's seats. These tables are the guard, not the bookings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from services.bookings.models.base import Base
from shared.database import Key, Money
from shared.messaging import Replica

BOOKING = "booking"
SERVICE_SESSION = "service_session"
HOLD = "hold"


class CalendarBlock(Base):
    """Taken time: `[start, end + buffer)`. Exclusive blocks of one practitioner can not overlap.

    A workshop that was laid over something else is not exclusive, and shown as a conflict.
    """

    __tablename__ = "calendar_blocks"
    __table_args__ = (
        ExcludeConstraint(
            ("practitioner_id", "="),
            ("during", "&&"),
            name="ex_calendar_blocks_overlap",
            using="gist",
            where=text("exclusive"),
        ),
        Index("uq_calendar_blocks_source", "source", "source_id", "practitioner_id", unique=True),
        Index("ix_calendar_blocks_during", "practitioner_id", "during", postgresql_using="gist"),
        CheckConstraint("source IN ('booking', 'service_session', 'hold')", name="source_known"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    source: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[int]
    exclusive: Mapped[bool]


class SessionSeat(Replica, Base):
    """A dated session of a workshop or course, and how many of its seats are taken.

    Everything but `taken`, `offered` and what is to be followed is a copy of what catalog says. `offered` seats are
    kept for holds and for people next in line. `capacity` None is unlimited. `follow` is what its bookings still
    have to be told: moved or canceled.
    """

    __tablename__ = "session_seats"
    __table_args__ = (
        CheckConstraint("taken >= 0", name="taken_not_negative"),
        CheckConstraint("offered >= 0", name="offered_not_negative"),
        Index("ix_session_seats_service", "service_id", "starts_at"),
        Index("ix_session_seats_follow", "id", postgresql_where=text("follow IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID | None]
    service_id: Mapped[int]
    practitioner_id: Mapped[int | None]
    title: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    timezone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    capacity: Mapped[int | None]
    price_cents: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="draft", server_default="draft")
    visibility: Mapped[str | None]
    location_id: Mapped[int | None]
    sequence_number: Mapped[int] = mapped_column(default=1, server_default="1")
    reason: Mapped[str | None]
    taken: Mapped[int] = mapped_column(default=0, server_default="0")
    offered: Mapped[int] = mapped_column(default=0, server_default="0")
    follow: Mapped[str | None]

    @property
    def spots(self) -> int | None:
        """How many seats are free; None is unlimited."""
        return None if self.capacity is None else max(0, self.capacity - self.taken - self.offered)


class Hold(Base):
    """Time or a seat kept for somebody who is filling in the form. Only the hash of its token is stored."""

    __tablename__ = "holds"
    __table_args__ = (
        Index("ix_holds_user", "user_id"),
        Index("ix_holds_expires", "expires_at"),
    )

    id: Mapped[Key]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[int]
    service_id: Mapped[int]
    practitioner_id: Mapped[int]
    start_time: Mapped[datetime]
    end_time: Mapped[datetime]
    service_session_id: Mapped[int | None]
    expires_at: Mapped[datetime]


class Series(Base):
    """The rule by which a series of bookings recurs."""

    __tablename__ = "booking_series"

    id: Mapped[Key]
    rrule: Mapped[str]
    timezone: Mapped[str]
    client_id: Mapped[int]
    practitioner_id: Mapped[int]
    service_id: Mapped[int]
    total_cents: Mapped[Money]
