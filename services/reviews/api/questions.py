"""Structured questions."""

from collections.abc import Mapping
from typing import Any

from marshmallow import validate
from sqlalchemy import or_, select

from services.reviews.api.caching import public
from services.reviews.api.requests import PatchedQuestionRequest, QuestionRequest
from services.reviews.api.shapes import ReviewQuestion
from services.reviews.domain import errors, words
from services.reviews.models import Question
from services.reviews.operations import questions as operations
from shared.database import reading, retrying, transaction
from shared.http import ANYONE, STAFF, Blueprint, MethodView, fields, identity, require_match, set_version
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

questions = Blueprint("review-questions", "What reviewers are asked.")

_NAMES = (
    *("id", "question", "description", "is_required", "question_type", "is_active", "applies_to"),
    *("created_at", "updated_at"),
)

QUESTIONS = Listing(
    columns=select(*(getattr(Question, name) for name in _NAMES), Question.position.label("order"), Question.version),
    key=Question.id,
    filters={
        "applies_to": Filter(
            fields.String(validate=validate.OneOf((words.SERVICE, words.PRACTITIONER))),
            lambda bound: or_(Question.applies_to == bound, Question.applies_to == words.BOTH),
        ),
        "is_active": Filter(fields.Boolean(), Question.is_active.is_, by_value=True),
    },
    orderings={"order": Question.position, "created_at": Question.created_at},
    default_ordering="order",
    search=lambda bound: Question.question.icontains(bound, autoescape=False),
)
QuestionsQuery = query_schema(QUESTIONS, "ReviewQuestionsQuery")


@questions.route("/review-questions/")
class Questions(MethodView):
    """All questions."""

    @questions.operation("review_questions_list", ANYONE)
    @public
    @questions.arguments(QuestionsQuery, location="query")
    @questions.response(200, page_schema(ReviewQuestion))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the questions that reviewers are asked, in their order. Staff see inactive ones too."""
        is_staff = identity().is_staff
        where = [] if is_staff else [Question.is_active.is_(True)]
        with reading() as connection:
            page = QUESTIONS.page(connection, query, where=where, variant="all" if is_staff else "active")
        return page_body(page)

    @questions.operation("review_questions_create", STAFF)
    @questions.arguments(QuestionRequest)
    @questions.response(201, ReviewQuestion)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask something new."""
        with transaction() as session:
            question = operations.create_question(session, _stored(body))
            set_version(question.version)
            return _shown(question)


@questions.route("/review-questions/<id:question_id>/")
class One(MethodView):
    """One question."""

    @questions.operation("review_questions_retrieve", ANYONE, refuses=[errors.QuestionNotFound])
    @public
    @questions.response(200, ReviewQuestion)
    def get(self, question_id: int) -> dict[str, Any]:
        """Read a question."""
        with transaction() as session:
            question = session.get(Question, question_id)
            if question is None or not (question.is_active or identity().is_staff):
                raise errors.QuestionNotFound
            set_version(question.version)
            return _shown(question)

    @questions.operation(
        "review_questions_partial_update",
        STAFF,
        refuses=[errors.QuestionNotFound, errors.QuestionTypeImmutable],
        matches=True,
    )
    @questions.arguments(PatchedQuestionRequest)
    @questions.response(200, ReviewQuestion)
    def patch(self, body: dict[str, Any], question_id: int) -> dict[str, Any]:
        """Ask it differently. Its type stays once it was answered."""

        def work(session: Any) -> dict[str, Any]:
            question = operations.locked_question(session, question_id)
            require_match(question.version)
            operations.change_question(session, question, _stored(body))
            set_version(question.version)
            return _shown(question)

        return retrying(work)

    @questions.operation("review_questions_destroy", STAFF, refuses=[errors.QuestionNotFound, errors.QuestionInUse])
    @questions.response(204)
    def delete(self, question_id: int) -> None:
        """Delete a question that nobody answered; deactivate others instead."""
        retrying(lambda session: operations.delete_question(session, operations.locked_question(session, question_id)))


def _stored(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body with the table's name for the order."""
    return {"position" if name == "order" else name: value for name, value in body.items()}


def _shown(question: Question) -> dict[str, Any]:
    return {**{name: getattr(question, name) for name in _NAMES}, "order": question.position}
