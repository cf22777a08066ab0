"""Working hours, and what takes time out of them. Together they are a practitioner's calendar."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.practitioners.models.base import Base
from shared.clock import utc_now
from shared.database import Key, Timestamps


class CalendarVersion(Base):
    """Counts every change of a practitioner's calendar; its row is the lock of such changes.

    `data` is the calendar as it was last told, so that many calendars are read in one statement.
    """

    __tablename__ = "calendars"

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(default=1)
    expanded_until: Mapped[date | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))


class Preference(Base):
    """How a practitioner can be booked. Its zone is the one whose days time off takes."""

    __tablename__ = "preferences"
    __table_args__ = (
        CheckConstraint("advance_booking_min_hours BETWEEN 0 AND 2160", name="min_hours_range"),
        CheckConstraint("advance_booking_max_days BETWEEN 1 AND 365", name="max_days_range"),
        CheckConstraint("slot_interval_minutes IN (5, 10, 15, 20, 30, 60)", name="slot_interval_known"),
    )

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    timezone: Mapped[str] = mapped_column(default="UTC")
    country_code: Mapped[str | None] = mapped_column(String(2))
    region: Mapped[str | None] = mapped_column(String(10))
    holidays: Mapped[list[Any]] = mapped_column(default=list)
    respect_holidays: Mapped[bool] = mapped_column(default=True)
    advance_booking_min_hours: Mapped[int] = mapped_column(default=24)
    advance_booking_max_days: Mapped[int] = mapped_column(default=30)
    slot_interval_minutes: Mapped[int] = mapped_column(default=15)
    is_active: Mapped[bool] = mapped_column(default=True)
    auto_accept_bookings: Mapped[bool] = mapped_column(default=False)


class Schedule(Timestamps, Base):
    """Weekly hours; those of one service alone if `service_id` is set."""

    __tablename__ = "schedules"
    __table_args__ = (
        UniqueConstraint("practitioner_id", "service_id", name="uq_schedules_service"),
        Index("uq_schedules_default", "practitioner_id", unique=True, postgresql_where=text("is_default")),
        Index("ix_schedules_practitioner", "practitioner_id", "id"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(String(1000))
    timezone: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    service_id: Mapped[int | None]

    slots: Mapped[list["ScheduleSlot"]] = relationship(
        order_by="(ScheduleSlot.day, ScheduleSlot.start_min, ScheduleSlot.id)",
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="selectin",
    )

    def touch(self) -> None:
        """Count a change of the slots as one of the schedule."""
        self.updated_at = utc_now()


class ScheduleSlot(Base):
    """Hours of a weekday (0 = Monday), in minutes after midnight."""

    __tablename__ = "schedule_slots"
    __table_args__ = (
        CheckConstraint("day BETWEEN 0 AND 6", name="day_range"),
        CheckConstraint("start_min >= 0 AND start_min < end_min AND end_min <= 1440", name="hours_range"),
        ExcludeConstraint(
            ("schedule_id", "="),
            ("day", "="),
            (text("int4range(start_min, end_min)"), "&&"),
            name="ex_schedule_slots_overlap",
            using="gist",
            where=text("is_active"),
            deferrable=True,
            initially="IMMEDIATE",
        ),
        Index("ix_schedule_slots_schedule", "schedule_id", "day", "start_min"),
    )

    id: Mapped[Key]
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"))
    day: Mapped[int] = mapped_column(SmallInteger)
    start_min: Mapped[int] = mapped_column(SmallInteger)
    end_min: Mapped[int] = mapped_column(SmallInteger)
    is_active: Mapped[bool] = mapped_column(default=True)


class DateOverride(Base):
    """The hours of one date in place of the weekly ones: pairs of minutes after midnight; none closes the date.

    `schedule_id` None: in every schedule.
    """

    __tablename__ = "date_overrides"
    __table_args__ = (
        UniqueConstraint(
            "practitioner_id", "schedule_id", "date", name="uq_date_overrides_date", postgresql_nulls_not_distinct=True
        ),
        Index("ix_date_overrides_schedule", "schedule_id"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"))
    date: Mapped[date]
    windows: Mapped[list[Any]] = mapped_column(default=list)
    reason: Mapped[str | None] = mapped_column(String(255))


class OutOfOffice(Timestamps, Base):
    """Whole days away, the last one included."""

    __tablename__ = "out_of_office"
    __table_args__ = (
        CheckConstraint("from_date <= to_date", name="from_before_to"),
        Index("ix_out_of_office_practitioner", "practitioner_id", "to_date"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    from_date: Mapped[date]
    to_date: Mapped[date]
    title: Mapped[str] = mapped_column(String(255))
    is_archived: Mapped[bool] = mapped_column(default=False)


class TimeBlock(Base):
    """Blocked time: once, or again by `rrule` in the wall clock of `zone` until a last day."""

    __tablename__ = "time_blocks"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="starts_before_end"),
        Index("ix_time_blocks_practitioner", "practitioner_id", "ends_at"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    zone: Mapped[str]
    reason: Mapped[str | None] = mapped_column(String(255))
    rrule: Mapped[str | None] = mapped_column(String(100))
    until: Mapped[date | None]
