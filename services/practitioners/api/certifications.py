"""Certificates over HTTP: on their own, and nested under a profile."""

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
from services.practitioners.api.schemas.credentials import CertificationPage, CertificationsQuery
from services.practitioners.api.schemas.profiles import Certification
from services.practitioners.api.schemas.writing import CertificationRequest
from services.practitioners.domain.errors import PractitionerNotFound
from services.practitioners.queries.credentials import CERTIFICATIONS, credentials_page
from shared.database import reading
from shared.errors import NotFound
from shared.http import ANYONE, PRACTITIONER, SIGNED_IN, Blueprint, MethodView, identity
from shared.http.pages import page_body

certifications = Blueprint("certifications", "Certificates.")


@certifications.route("/certifications/")
class Certifications(MethodView):
    """Those that the caller may see."""

    @certifications.operation("certifications_list", SIGNED_IN)
    @certifications.arguments(CertificationsQuery, location="query")
    @certifications.response(200, CertificationPage)
    def get(self, query: Body) -> Body:
        """List certificates: practitioners get their own, staff all, others those of listed practitioners."""
        with reading() as connection:
            page = credentials_page(connection, CERTIFICATIONS, query, by=identity())
        return page_body(page)

    @certifications.operation("certifications_create", PRACTITIONER, refuses=ADDS)
    @certifications.arguments(CertificationRequest)
    @certifications.response(201, Certification)
    def post(self, body: Body) -> Body:
        """Add a certificate to the caller's profile; staff may name another practitioner."""
        return add_credential(models.Certification, body)


@certifications.route("/certifications/<id:item_id>/")
class OneCertification(MethodView):
    """One of them."""

    @certifications.operation("certifications_retrieve", SIGNED_IN, refuses=[NotFound])
    @certifications.response(200, Certification)
    def get(self, item_id: int) -> Body:
        """Return a certificate."""
        return one_credential(models.Certification, item_id)

    @certifications.operation("certifications_update", PRACTITIONER, refuses=CHANGES)
    @certifications.arguments(CertificationRequest)
    @certifications.response(200, Certification)
    def put(self, body: Body, item_id: int) -> Body:
        """Change a certificate; what is absent stays."""
        return change_credential(models.Certification, item_id, body)

    @certifications.operation("certifications_partial_update", PRACTITIONER, refuses=CHANGES)
    @certifications.arguments(CertificationRequest(partial=True))
    @certifications.response(200, Certification)
    def patch(self, body: Body, item_id: int) -> Body:
        """Change a certificate; what is absent stays."""
        return change_credential(models.Certification, item_id, body)

    @certifications.operation("certifications_destroy", PRACTITIONER, refuses=CHANGES)
    @certifications.response(204)
    def delete(self, item_id: int) -> None:
        """Delete a certificate."""
        remove_credential(models.Certification, item_id)


@certifications.route("/practitioners/<ref:reference>/certifications/")
class NestedCertifications(MethodView):
    """Those of one profile."""

    @certifications.operation("practitioners_certifications_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @certifications.response(200, Certification(many=True))
    def get(self, reference: str) -> list[Body]:
        """List the certificates on a profile, in order."""
        return nested_list(reference, "certifications")

    @certifications.operation("practitioners_certifications_create", SIGNED_IN, refuses=NESTED_ADDS)
    @certifications.arguments(CertificationRequest)
    @certifications.response(201, Certification)
    def post(self, body: Body, reference: str) -> Body:
        """Add a certificate to a profile."""
        return nested_add(models.Certification, reference, body)


@certifications.route("/practitioners/<ref:reference>/certifications/<id:item_id>/")
class OneNestedCertification(MethodView):
    """One of those of a profile."""

    @certifications.operation("practitioners_certifications_update", SIGNED_IN, refuses=NESTED_CHANGES)
    @certifications.arguments(CertificationRequest(partial=True))
    @certifications.response(200, Certification)
    def put(self, body: Body, reference: str, item_id: int) -> Body:
        """Change a certificate; what is absent stays."""
        return nested_change(models.Certification, reference, item_id, body)

    @certifications.operation("practitioners_certifications_partial_update", SIGNED_IN, refuses=NESTED_CHANGES)
    @certifications.arguments(CertificationRequest(partial=True))
    @certifications.response(200, Certification)
    def patch(self, body: Body, reference: str, item_id: int) -> Body:
        """Change a certificate; what is absent stays."""
        return nested_change(models.Certification, reference, item_id, body)

    @certifications.operation("practitioners_certifications_destroy", SIGNED_IN, refuses=NESTED_CHANGES)
    @certifications.response(204)
    def delete(self, reference: str, item_id: int) -> None:
        """Delete a certificate."""
        nested_remove(models.Certification, reference, item_id)
