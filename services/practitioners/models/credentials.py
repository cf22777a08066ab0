"""What stands on a profile: specialities, styles, topics; certificates, schools, questions."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from services.practitioners.domain import words
from services.practitioners.models.base import Base
from shared.database import Key


class TaxonomyItem:
    """A word that practitioners describe themselves with."""

    id: Mapped[Key]
    content: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(110), unique=True)
    order: Mapped[int] = mapped_column("order", default=0)
    practitioner_count: Mapped[int] = mapped_column(default=0, server_default="0")


class Specialization(TaxonomyItem, Base):
    """What somebody is good at."""

    __tablename__ = "specializations"
    __table_args__ = (Index("uq_specializations_content", text("lower(content)"), unique=True),)


class Style(TaxonomyItem, Base):
    """How somebody works."""

    __tablename__ = "styles"
    __table_args__ = (Index("uq_styles_content", text("lower(content)"), unique=True),)


class Topic(TaxonomyItem, Base):
    """What somebody helps with."""

    __tablename__ = "topics"
    __table_args__ = (Index("uq_topics_content", text("lower(content)"), unique=True),)


TAXONOMY: dict[str, type[Specialization] | type[Style] | type[Topic]] = {
    words.SPECIALIZATION: Specialization,
    words.STYLE: Style,
    words.TOPIC: Topic,
}


class PractitionerTaxonomy(Base):
    """A practitioner's specialization, style, topic or modality."""

    __tablename__ = "practitioner_taxonomy"
    __table_args__ = (Index("ix_practitioner_taxonomy_item", "kind", "item_id"),)

    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(14), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(default=0)


class Certification(Base):
    """A certificate."""

    __tablename__ = "certifications"
    __table_args__ = (Index("ix_certifications_practitioner", "practitioner_id", "order", "id"),)

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    certificate: Mapped[str | None] = mapped_column(String(255))
    institution: Mapped[str | None] = mapped_column(String(255))
    issue_date: Mapped[date | None]
    expiry_date: Mapped[date | None]
    order: Mapped[int] = mapped_column("order", default=0)
    document_id: Mapped[UUID | None] = mapped_column(Uuid)


class Education(Base):
    """A school or a degree."""

    __tablename__ = "educations"
    __table_args__ = (Index("ix_educations_practitioner", "practitioner_id", "order", "id"),)

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    degree: Mapped[str | None] = mapped_column(String(255))
    educational_institute: Mapped[str | None] = mapped_column(String(255))
    year: Mapped[int | None]
    order: Mapped[int] = mapped_column("order", default=0)


class Question(Base):
    """A question that clients ask, answered."""

    __tablename__ = "questions"
    __table_args__ = (Index("ix_questions_practitioner", "practitioner_id", "order", "id"),)

    id: Mapped[Key]
    practitioner_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(500))
    answer: Mapped[str | None] = mapped_column(String(5000))
    order: Mapped[int] = mapped_column("order", default=0)
