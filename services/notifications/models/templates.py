"""The words of notifications as staff may edit them, and every version of them."""

from datetime import datetime

from sqlalchemy import DateTime, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.models.base import Base
from shared.database import Key, Timestamps, Versioned


class Template(Versioned, Timestamps, Base):
    """The words of one kind on one channel in one language.

    `is_default`: as shipped; such rows mirror the files of this release (`fingerprint` names it) and follow the next
    one. An edited row is used while `is_active`, else the shipped words are.
    """

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("kind", "channel", "locale"),)
    aggregate_type = "notification_template"

    id: Mapped[Key]
    kind: Mapped[str]
    channel: Mapped[str]
    locale: Mapped[str]
    name: Mapped[str]
    notification_type: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    html: Mapped[str]
    is_active: Mapped[bool]
    is_default: Mapped[bool]
    fingerprint: Mapped[str] = mapped_column(default="")


class TemplateVersion(Base):
    """What a template said once somebody had saved it."""

    __tablename__ = "template_versions"

    template_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    html: Mapped[str]
    edited_by: Mapped[int | None]
    edited_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
