"""Structured questions, and what reviews answered."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.reviews.domain import words
from services.reviews.models.base import Base
from services.reviews.models.review import among
from shared.database import Key, Timestamps, Versioned


class Question(Versioned, Timestamps, Base):
    """Something that every reviewer may be asked."""

    __tablename__ = "review_questions"
    __table_args__ = (
        CheckConstraint(among("question_type", words.QUESTION_TYPES), name="type_known"),
        CheckConstraint(among("applies_to", words.APPLIES_TO), name="applies_to_known"),
        Index("ix_review_questions_position", "position", "id"),
    )
    aggregate_type = "review_question"

    id: Mapped[Key]
    question: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(default="")
    is_required: Mapped[bool] = mapped_column(default=True)
    question_type: Mapped[str] = mapped_column(String(10))
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)
    applies_to: Mapped[str] = mapped_column(String(12), default=words.BOTH)


class Answer(Timestamps, Base):
    """What a review answers to a question: the one value of its type."""

    __tablename__ = "review_answers"
    __table_args__ = (
        UniqueConstraint("review_id", "question_id", name="uq_review_answers_review_question"),
        CheckConstraint("num_nonnulls(rating_answer, text_answer, boolean_answer) = 1", name="exactly_one_value"),
        CheckConstraint("rating_answer BETWEEN 1 AND 5", name="rating_in_stars"),
        Index("ix_review_answers_question", "question_id"),
    )

    id: Mapped[Key]
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(ForeignKey("review_questions.id"))
    rating_answer: Mapped[int | None] = mapped_column(SmallInteger)
    text_answer: Mapped[str | None]
    boolean_answer: Mapped[bool | None]

    @property
    def counted(self) -> int | None:
        """What it adds to its question's sum; None for text."""
        if self.boolean_answer is not None:
            return int(self.boolean_answer)
        return self.rating_answer
