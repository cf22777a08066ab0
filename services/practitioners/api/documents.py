"""Evidence: uploaded by practitioners, decided by staff."""

from typing import Any
from uuid import UUID

from flask import request

from services.practitioners.api.schemas.applications import (
    DocumentDecision,
    DocumentsQuery,
    VerificationDocument,
    VerificationDocumentRequest,
)
from services.practitioners.domain.errors import (
    InvalidTransition,
    LimitReached,
    MediaNotReady,
    PractitionerNotFound,
    PractitionerSuspended,
    UploadViaMedia,
)
from services.practitioners.operations.documents import delete_document, review_document, upload_document
from services.practitioners.operations.finding import find_practitioner, managed_practitioner
from services.practitioners.queries.applications import document_body
from services.practitioners.queries.applications import documents as documents_of
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import Forbidden, NotFound
from shared.http import SIGNED_IN, STAFF, Blueprint, MethodView, identity, say

documents = Blueprint("documents", "Evidence for an application.")


@documents.before_request
def refuse_files() -> None:
    """Send files to media first. Raises UploadViaMedia."""
    if request.mimetype == "multipart/form-data":
        raise UploadViaMedia


@documents.route("/practitioners/<ref:reference>/upload_document/")
class UploadDocument(MethodView):
    """A new document."""

    @documents.operation(
        "practitioners_upload_document_create",
        SIGNED_IN,
        refuses=[
            Forbidden,
            PractitionerNotFound,
            PractitionerSuspended,
            MediaNotReady,
            UploadViaMedia,
            LimitReached,
        ],
    )
    @documents.arguments(VerificationDocumentRequest)
    @documents.response(201, VerificationDocument)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Add a document that waits for staff: a private file of one's own, uploaded to media before."""
        with transaction() as session:
            practitioner = managed_practitioner(session, reference, identity())
            document = upload_document(session, practitioner, body, now=utc_now())
            say("Document uploaded")
            return document_body(document)


@documents.route("/practitioners/<ref:reference>/documents/")
class Documents(MethodView):
    """All of a practitioner's."""

    @documents.operation("practitioners_documents_list", SIGNED_IN, refuses=[Forbidden, PractitionerNotFound])
    @documents.arguments(DocumentsQuery, location="query")
    @documents.response(200, VerificationDocument(many=True))
    def get(self, query: dict[str, Any], reference: str) -> list[dict[str, Any]]:
        """List documents, newest first, to the owner and staff."""
        by = identity()
        with transaction() as session:
            practitioner = find_practitioner(session, reference)
            if not by.is_staff and practitioner.user_id != by.user_id:
                raise PractitionerNotFound
            return documents_of(session, practitioner.id, **query)


@documents.route("/practitioners/<ref:reference>/documents/<uuid:document_id>/")
class OneDocument(MethodView):
    """One of them."""

    @documents.operation(
        "practitioners_documents_destroy",
        SIGNED_IN,
        refuses=[Forbidden, NotFound, PractitionerSuspended, InvalidTransition],
    )
    @documents.response(204)
    def delete(self, reference: str, document_id: UUID) -> None:
        """Delete a pending or rejected document."""
        with transaction() as session:
            delete_document(session, managed_practitioner(session, reference, identity()), document_id)


@documents.route("/practitioners/<ref:reference>/documents/<uuid:document_id>/review/")
class ReviewDocument(MethodView):
    """Staff's decision."""

    @documents.operation("practitioners_documents_review_create", STAFF, refuses=[NotFound, InvalidTransition])
    @documents.arguments(DocumentDecision)
    @documents.response(200, VerificationDocument)
    def post(self, body: dict[str, Any], reference: str, document_id: UUID) -> dict[str, Any]:
        """Approve or reject a document."""
        by = identity()
        with transaction() as session:
            practitioner = find_practitioner(session, reference, lock=True)
            if practitioner.user_id == by.user_id:
                raise Forbidden("Staff do not decide about their own profile.")
            document = review_document(session, practitioner, document_id, by=by, decision=body, now=utc_now())
            return document_body(document)
