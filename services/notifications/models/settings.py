"""What people want to be told, and where; only what differs from the defaults is a row."""

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

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
