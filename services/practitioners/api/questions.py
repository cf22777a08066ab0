"""Questions that clients ask, answered, over HTTP."""

from services.practitioners import models
from services.practitioners.api.crediting import (
    NESTED_ADDS,
    NESTED_CHANGES,
    Body,
    nested_add,
    nested_change,
    nested_list,
    nested_remove,
)
from services.practitioners.api.schemas.profiles import Question
from services.practitioners.api.schemas.writing import QuestionOrder, QuestionRequest
from services.practitioners.domain.errors import PractitionerNotFound
from services.practitioners.operations.credentials import reorder_questions
from services.practitioners.operations.finding import managed_practitioner
from services.practitioners.queries.credentials import nested
from shared.database import transaction
from shared.http import ANYONE, SIGNED_IN, Blueprint, MethodView, identity

questions = Blueprint("questions", "Questions that clients ask, answered.")


@questions.route("/practitioners/<ref:reference>/questions/")
class NestedQuestions(MethodView):
    """Those of one profile."""

    @questions.operation("practitioners_questions_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @questions.response(200, Question(many=True))
    def get(self, reference: str) -> list[Body]:
        """List the questions on a profile, in order."""
        return nested_list(reference, "questions")

    @questions.operation("practitioners_questions_create", SIGNED_IN, refuses=NESTED_ADDS)
    @questions.arguments(QuestionRequest)
    @questions.response(201, Question)
    def post(self, body: Body, reference: str) -> Body:
        """Add a question to a profile."""
        return nested_add(models.Question, reference, body)


@questions.route("/practitioners/<ref:reference>/questions/<id:item_id>/")
class OneNestedQuestion(MethodView):
    """One of those of a profile."""

    @questions.operation("practitioners_questions_update", SIGNED_IN, refuses=NESTED_CHANGES)
    @questions.arguments(QuestionRequest(partial=True))
    @questions.response(200, Question)
    def put(self, body: Body, reference: str, item_id: int) -> Body:
        """Change a question; what is absent stays."""
        return nested_change(models.Question, reference, item_id, body)

    @questions.operation("practitioners_questions_partial_update", SIGNED_IN, refuses=NESTED_CHANGES)
    @questions.arguments(QuestionRequest(partial=True))
    @questions.response(200, Question)
    def patch(self, body: Body, reference: str, item_id: int) -> Body:
        """Change a question; what is absent stays."""
        return nested_change(models.Question, reference, item_id, body)

    @questions.operation("practitioners_questions_destroy", SIGNED_IN, refuses=NESTED_CHANGES)
    @questions.response(204)
    def delete(self, reference: str, item_id: int) -> None:
        """Delete a question."""
        nested_remove(models.Question, reference, item_id)


@questions.route("/practitioners/<ref:reference>/questions/reorder/")
class ReorderQuestions(MethodView):
    """The order on the profile."""

    @questions.operation("practitioners_questions_reorder_create", SIGNED_IN, refuses=NESTED_CHANGES)
    @questions.arguments(QuestionOrder)
    @questions.response(200, Question(many=True))
    def post(self, body: Body, reference: str) -> list[Body]:
        """Put the questions into the wished order; those left out follow."""
        with transaction() as session:
            practitioner = managed_practitioner(session, reference, identity())
            reorder_questions(session, practitioner, body["question_ids"])
            return nested(session.connection(), reference, "questions", by=identity())
