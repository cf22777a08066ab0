"""What every table shares: names, column types, versions and times."""

from datetime import date, datetime, time
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Identity, MetaData, Text, Time, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from shared.clock import utc_now

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Key = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
"""A primary key that PostgreSQL counts up; an imported row may bring its own."""

Money = Annotated[int, mapped_column(BigInteger)]
"""Integer cents."""


def service_metadata() -> MetaData:
    """Return a service's own table register, with our constraint names."""
    return MetaData(naming_convention=NAMING)


class ModelBase(DeclarativeBase):
    """Base of all models; each service derives an abstract `Base` with a register of its own from it."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        date: Date,
        time: Time,
        UUID: Uuid,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: ARRAY(Text),
        list[int]: ARRAY(BigInteger),
    }


class Versioned:
    """A row whose changes are counted.

    `version` goes up by one with every UPDATE that a flush sends. It is the ETag over HTTP and the `sequence` of
    the events that tell of the row. A change on top of a version that is no longer the newest raises
    `sqlalchemy.orm.exc.StaleDataError` (answered as 409).
    """

    aggregate_type: ClassVar[str]

    version: Mapped[int] = mapped_column(BigInteger)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class Timestamps:
    """When a row was made and last changed."""

    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=utc_now, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=utc_now, onupdate=utc_now, server_default=func.now()
    )
