"""Schools and degrees over HTTP: on their own, and nested under a profile."""

from services.practitioners import models
from services.practitioners.api.crediting import (
    ADDS,
    CHANGES,
    NESTED_ADDS,
    NESTED_CHANGES,
    Body,
    add_credential,
    change_credential,
    nested_add,
    nested_change,
    nested_list,
    nested_remove,
    one_credential,
    remove_credential,
)
from services.practitioners.api.schemas.credentials import EducationPage, EducationsQuery
from services.practitioners.api.schemas.profiles import Education
from services.practitioners.api.schemas.writing import EducationRequest
from services.practitioners.domain.errors import PractitionerNotFound
from services.practitioners.queries.credentials import EDUCATIONS, credentials_page
from shared.database import reading
from shared.errors import NotFound
from shared.http import ANYONE, PRACTITIONER, SIGNED_IN, Blueprint, MethodView, identity
from shared.http.pages import page_body

education = Blueprint("education", "Schools and degrees.")


@education.route("/education/")
class Educations(MethodView):
    """Those that the caller may see."""

    @education.operation("education_list", SIGNED_IN)
    @education.arguments(EducationsQuery, location="query")
    @education.response(200, EducationPage)
    def get(self, query: Body) -> Body:
        """List degrees: practitioners get their own, staff all, others those of listed practitioners."""
        with reading() as connection:
            page = credentials_page(connection, EDUCATIONS, query, by=identity())
        return page_body(page)

    @education.operation("education_create", PRACTITIONER, refuses=ADDS)
    @education.arguments(EducationRequest)
    @education.response(201, Education)
    def post(self, body: Body) -> Body:
        """Add a degree to the caller's profile; staff may name another practitioner."""
        return add_credential(models.Education, body)


@education.route("/education/<id:item_id>/")
class OneEducation(MethodView):
    """One of them."""

    @education.operation("education_retrieve", SIGNED_IN, refuses=[NotFound])
    @education.response(200, Education)
    def get(self, item_id: int) -> Body:
        """Return a degree."""
        return one_credential(models.Education, item_id)

    @education.operation("education_update", PRACTITIONER, refuses=CHANGES)
    @education.arguments(EducationRequest)
    @education.response(200, Education)
    def put(self, body: Body, item_id: int) -> Body:
        """Change a degree; what is absent stays."""
        return change_credential(models.Education, item_id, body)

    @education.operation("education_partial_update", PRACTITIONER, refuses=CHANGES)
    @education.arguments(EducationRequest(partial=True))
    @education.response(200, Education)
    def patch(self, body: Body, item_id: int) -> Body:
        """Change a degree; what is absent stays."""
        return change_credential(models.Education, item_id, body)

    @education.operation("education_destroy", PRACTITIONER, refuses=CHANGES)
    @education.response(204)
    def delete(self, item_id: int) -> None:
        """Delete a degree."""
        remove_credential(models.Education, item_id)


@education.route("/practitioners/<ref:reference>/educations/")
class NestedEducations(MethodView):
    """Those of one profile."""

    @education.operation("practitioners_educations_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @education.response(200, Education(many=True))
    def get(self, reference: str) -> list[Body]:
        """List the degrees on a profile, in order."""
        return nested_list(reference, "educations")

    @education.operation("practitioners_educations_create", SIGNED_IN, refuses=NESTED_ADDS)
    @education.arguments(EducationRequest)
    @education.response(201, Education)
    def post(self, body: Body, reference: str) -> Body:
        """Add a degree to a profile."""
        return nested_add(models.Education, reference, body)


@education.route("/practitioners/<ref:reference>/educations/<id:item_id>/")
class OneNestedEducation(MethodView):
    """One of those of a profile."""

    @education.operation("practitioners_educations_update", SIGNED_IN, refuses=NESTED_CHANGES)
    @education.arguments(EducationRequest(partial=True))
    @education.response(200, Education)
    def put(self, body: Body, reference: str, item_id: int) -> Body:
        """Change a degree; what is absent stays."""
        return nested_change(models.Education, reference, item_id, body)

    @education.operation("practitioners_educations_partial_update", SIGNED_IN, refuses=NESTED_CHANGES)
    @education.arguments(EducationRequest(partial=True))
    @education.response(200, Education)
    def patch(self, body: Body, reference: str, item_id: int) -> Body:
        """Change a degree; what is absent stays."""
        return nested_change(models.Education, reference, item_id, body)

    @education.operation("practitioners_educations_destroy", SIGNED_IN, refuses=NESTED_CHANGES)
    @education.response(204)
    def delete(self, reference: str, item_id: int) -> None:
        """Delete a degree."""
        nested_remove(models.Education, reference, item_id)
