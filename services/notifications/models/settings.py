"""What people want to be told, where and when; only what differs from the defaults is a row."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.domain.hours import DIGESTS, Hours
from services.notifications.models.base import Base
from shared.database import Timestamps, Versioned


class TypeSetting(Versioned, Timestamps, Base):
    """A person's channels for one type of notification."""

    __tablename__ = "settings"
    aggregate_type = "notification_setting"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    notification_type: Mapped[str] = mapped_column(primary_key=True)
    email_enabled: Mapped[bool] = mapped_column(default=True)
    sms_enabled: Mapped[bool] = mapped_column(default=True)
    in_app_enabled: Mapped[bool] = mapped_column(default=True)
    push_enabled: Mapped[bool] = mapped_column(default=True)


class KindSetting(Base):
    """A person's channels for one kind, over those of its type; null follows the type."""

    __tablename__ = "kind_settings"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    email_enabled: Mapped[bool | None]
    sms_enabled: Mapped[bool | None]
    in_app_enabled: Mapped[bool | None]
    push_enabled: Mapped[bool | None]


class Schedule(Versioned, Base):
    """When a person's mail may come: quiet hours, digest, pause. Times are of the wall clock in the person's zone."""

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint(f"digest IN {DIGESTS}", name="digest_known"),
        Index("ix_schedules_next_digest_at", "next_digest_at", postgresql_where=text("next_digest_at IS NOT NULL")),
    )
    aggregate_type = "delivery_schedule"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    quiet_hours_enabled: Mapped[bool]
    quiet_start: Mapped[time]
    quiet_end: Mapped[time]
    quiet_days: Mapped[list[int]]
    digest: Mapped[str]
    digest_time: Mapped[time]
    digest_weekday: Mapped[int] = mapped_column(SmallInteger)
    next_digest_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]

    @property
    def hours(self) -> Hours:
        """Return the rules in plain form."""
        values: dict[str, Any] = {name: getattr(self, name) for name in Hours.__slots__}
        return Hours(**values)
