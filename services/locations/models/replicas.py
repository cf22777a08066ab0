"""Copies of what other services own. Nothing refers to them by a foreign key: events may come in any order."""

from typing import Any
from uuid import UUID

from sqlalchemy import Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.locations.models.base import Base
from shared.messaging import Replica


class Practitioner(Replica, Base):
    """Somebody who works somewhere."""

    __tablename__ = "practitioners"
    __table_args__ = (
        Index("ix_practitioners_user_id", "user_id"),
        Index("ix_practitioners_slug", "slug"),
        Index("ix_practitioners_public_uuid", "public_uuid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public_uuid: Mapped[UUID] = mapped_column(Uuid)
    user_id: Mapped[int]
    slug: Mapped[str] = mapped_column(server_default="")
    display_name: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="draft")
    is_listed: Mapped[bool] = mapped_column(server_default=text("false"))
    timezone: Mapped[str | None]
    limits: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))

    @property
    def locations_max(self) -> int | None:
        """How many places with an address the plan allows; None is any number."""
        limit = self.limits.get("max_locations")
        return limit if isinstance(limit, int) and limit >= 0 else None


class Service(Replica, Base):
    """Where a service is given, and whether the public sees it."""

    __tablename__ = "services"
    __table_args__ = (Index("ix_services_location_id", "location_id", postgresql_where=text("is_visible")),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int | None]
    is_visible: Mapped[bool] = mapped_column(server_default=text("false"))
