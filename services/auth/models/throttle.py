"""Failures that are counted."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.models.base import Base


class LoginFailure(Base):
    """How often something failed of late. UNLOGGED: written often, and a crash may forget it."""

    __tablename__ = "login_failures"
    __table_args__ = (Index("ix_login_failures_first_at", "first_at"), {"prefixes": ["UNLOGGED"]})

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int]
    first_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
