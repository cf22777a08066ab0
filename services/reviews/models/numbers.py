"""Sums over published reviews, moved by every change of a review and never read from all of them.

A row is of a practitioner (`service_id` 0), of a service (`practitioner_id` 0), or of one service with one practitioner
(target `pair`).
"""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.reviews.domain.tally import FIGURES, Target
from services.reviews.models.base import Base


class Rating(Base):
    """The numbers of one target. `h0` to `h11` count responses by how long they took (`domain.tally.HOUR_BOUNDS`)."""

    __tablename__ = "ratings"
    __table_args__ = (
        CheckConstraint(" AND ".join(f"{name} >= 0" for name in FIGURES), name="not_negative"),
        CheckConstraint("c1 + c2 + c3 + c4 + c5 = count", name="stars_add_up"),
        CheckConstraint(
            "h0 + h1 + h2 + h3 + h4 + h5 + h6 + h7 + h8 + h9 + h10 + h11 = with_response", name="hours_add_up"
        ),
        Index(
            "ix_ratings_pairs",
            "practitioner_id",
            text("count DESC"),
            "service_id",
            postgresql_where=text("target = 'pair'"),
        ),
    )

    target: Mapped[str] = mapped_column(String(12), primary_key=True)
    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    service_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    sum_hundredths: Mapped[int]
    c1: Mapped[int]
    c2: Mapped[int]
    c3: Mapped[int]
    c4: Mapped[int]
    c5: Mapped[int]
    verified: Mapped[int]
    helpful_total: Mapped[int]
    with_response: Mapped[int]
    recommended: Mapped[int]
    h0: Mapped[int]
    h1: Mapped[int]
    h2: Mapped[int]
    h3: Mapped[int]
    h4: Mapped[int]
    h5: Mapped[int]
    h6: Mapped[int]
    h7: Mapped[int]
    h8: Mapped[int]
    h9: Mapped[int]
    h10: Mapped[int]
    h11: Mapped[int]
    weighted: Mapped[Decimal] = mapped_column(Numeric(4, 3))
    version: Mapped[int]

    @property
    def key(self) -> Target:
        """Whose numbers these are."""
        return Target(self.target, self.practitioner_id, self.service_id)


class DailyRating(Base):
    """What a target's reviews of one day (UTC, by creation) add up to; days long past are folded into their month.

    A day may be negative when one of its reviews left after it was folded; the next folding evens it out.
    """

    __tablename__ = "ratings_daily"

    target: Mapped[str] = mapped_column(String(12), primary_key=True)
    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    service_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int]
    sum_hundredths: Mapped[int]


class QuestionRating(Base):
    """What a target's reviews answered to a question: stars, or how often yes."""

    __tablename__ = "ratings_question"
    __table_args__ = (CheckConstraint("count >= 0 AND total >= 0", name="not_negative"),)

    target: Mapped[str] = mapped_column(String(12), primary_key=True)
    practitioner_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    service_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    question_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    total: Mapped[int]


class RatingPrior(Base):
    """The mean of all published reviews that few reviews are drawn towards; no row before the first night."""

    __tablename__ = "rating_prior"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    mean: Mapped[Decimal] = mapped_column(Numeric(4, 3))
    weight: Mapped[int]
