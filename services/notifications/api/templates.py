"""The words of notifications over HTTP: read by everybody, edited by staff."""

from typing import Any

from sqlalchemy import true

from services.notifications.api.template_schemas import (
    NotificationTemplate,
    NotificationTemplateRequest,
    PatchedNotificationTemplateRequest,
    RestoreRequest,
    TemplatePreview,
    TemplatePreviewRequest,
    TemplateVersion,
    TestSent,
)
from services.notifications.domain.errors import (
    TemplateExists,
    TemplateIsShipped,
    TemplateNotFound,
    TemplateRefused,
    TooManyTests,
)
from services.notifications.domain.kinds import KINDS
from services.notifications.domain.mail import Links, Reader, compose
from services.notifications.models import Template
from services.notifications.operations import templates as editing
from services.notifications.queries import templates as queries
from services.notifications.settings import settings
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.http import SIGNED_IN, STAFF, Blueprint, MethodView, identity, require_match, set_version
from shared.http.pages import page_body, page_schema, query_schema

templates = Blueprint("notification-templates", "The words of notifications.")

TemplatesQuery = query_schema(queries.TEMPLATES, "NotificationTemplatesQuery")


@templates.route("/notification-templates/")
class Templates(MethodView):
    """All words."""

    @templates.operation("notification_templates_list", SIGNED_IN)
    @templates.arguments(TemplatesQuery, location="query")
    @templates.response(200, page_schema(NotificationTemplate))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the words of all kinds; who is not staff sees those that are in use."""
        _mirror()
        is_staff = identity().is_staff
        with reading() as connection:
            page = queries.TEMPLATES.page(
                connection,
                query,
                where=[queries.IS_KNOWN, true() if is_staff else Template.is_active.is_(True)],
                variant="staff" if is_staff else "everybody",
            )
        return page_body(page, [queries.shown(row) for row in page.rows])

    @templates.operation("notification_templates_create", STAFF, refuses=[TemplateRefused, TemplateExists])
    @templates.arguments(NotificationTemplateRequest)
    @templates.response(201, NotificationTemplate)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add words of a known kind in another language."""
        _mirror()
        with transaction() as session:
            row = editing.create_template(session, body, by=identity().user_id, now=utc_now())
            return _shown(row)


@templates.route("/notification-templates/<id:template_id>/")
class OneTemplate(MethodView):
    """The words of one kind on one channel in one language."""

    @templates.operation("notification_templates_retrieve", SIGNED_IN, refuses=[TemplateNotFound])
    @templates.response(200, NotificationTemplate)
    def get(self, template_id: int) -> dict[str, Any]:
        """Read the words."""
        with transaction() as session:
            row = editing.find_template(session, template_id)
            if not (row.is_active or identity().is_staff):
                raise TemplateNotFound
            return _shown(row)

    @templates.operation(
        "notification_templates_update", STAFF, refuses=[TemplateNotFound, TemplateRefused], matches=True
    )
    @templates.arguments(NotificationTemplateRequest)
    @templates.response(200, NotificationTemplate)
    def put(self, body: dict[str, Any], template_id: int) -> dict[str, Any]:
        """Replace the words; kind, channel and language stay."""
        return _edit(template_id, body)

    @templates.operation(
        "notification_templates_partial_update", STAFF, refuses=[TemplateNotFound, TemplateRefused], matches=True
    )
    @templates.arguments(PatchedNotificationTemplateRequest)
    @templates.response(200, NotificationTemplate)
    def patch(self, body: dict[str, Any], template_id: int) -> dict[str, Any]:
        """Change some of the words."""
        return _edit(template_id, body)

    @templates.operation("notification_templates_destroy", STAFF, refuses=[TemplateNotFound, TemplateIsShipped])
    @templates.response(204)
    def delete(self, template_id: int) -> None:
        """Delete what staff wrote; the shipped words show again."""
        with transaction() as session:
            editing.delete_template(session, editing.find_template(session, template_id, lock=True))


@templates.route("/notification-templates/<id:template_id>/preview/")
class Preview(MethodView):
    """Words with values in them."""

    @templates.operation("notification_templates_preview", STAFF, refuses=[TemplateNotFound, TemplateRefused])
    @templates.arguments(TemplatePreviewRequest)
    @templates.response(200, TemplatePreview)
    def post(self, body: dict[str, Any], template_id: int) -> dict[str, Any]:
        """Show what the words, or drafts of them, would say with the kind's sample."""
        with transaction() as session:
            row = editing.find_template(session, template_id)
            seen = editing.preview_template(row, body, context=body["context"], zone=body["timezone"], now=utc_now())
        kind, html = KINDS[row.kind], None
        if row.channel == "email":
            links = Links(
                about=f"{settings().frontend_url}{kind.path('1')}", label=kind.label, home=settings().frontend_url
            )
            reader = Reader(name="Ana", is_proven=True)
            html = compose(kind, seen.said, reader=reader, links=links, values=seen.values).html
        return {
            "subject": seen.said.subject,
            "body": seen.said.body,
            "html": html,
            "missing_variables": seen.missing,
        }


@templates.route("/notification-templates/<id:template_id>/send_test/")
class SendTest(MethodView):
    """A mail to look at."""

    @templates.operation(
        "notification_templates_send_test", STAFF, refuses=[TemplateNotFound, TemplateRefused, TooManyTests]
    )
    @templates.response(200, TestSent)
    def post(self, template_id: int) -> dict[str, Any]:
        """Mail the words with the kind's sample to the caller's own address."""
        with transaction() as session:
            row = editing.find_template(session, template_id)
            editing.send_test(session, row, to=identity().user_id, now=utc_now())
        return {"message": "The test mail is on its way to your address."}


@templates.route("/notification-templates/<id:template_id>/restore/")
class Restore(MethodView):
    """Earlier words."""

    @templates.operation("notification_templates_restore", STAFF, refuses=[TemplateNotFound, TemplateRefused])
    @templates.arguments(RestoreRequest)
    @templates.response(200, NotificationTemplate)
    def post(self, body: dict[str, Any], template_id: int) -> dict[str, Any]:
        """Go back to an earlier version, or to the shipped words."""
        with transaction() as session:
            row = editing.find_template(session, template_id, lock=True)
            editing.restore_template(session, row, body.get("version"), by=identity().user_id, now=utc_now())
            return _shown(row)


@templates.route("/notification-templates/<id:template_id>/versions/")
class Versions(MethodView):
    """Earlier words."""

    @templates.operation("notification_templates_versions", STAFF, refuses=[TemplateNotFound])
    @templates.response(200, TemplateVersion(many=True))
    def get(self, template_id: int) -> list[dict[str, Any]]:
        """List what the template said once somebody had saved it, newest first."""
        with transaction() as session:
            editing.find_template(session, template_id)
            return queries.versions(session.connection(), template_id)


def _edit(template_id: int, body: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        row = editing.find_template(session, template_id, lock=True)
        require_match(row.version)
        editing.edit_template(session, row, body, by=identity().user_id, now=utc_now())
        return _shown(row)


def _shown(row: Template) -> dict[str, Any]:
    set_version(row.version)
    return queries.shown(row)


def _mirror() -> None:
    with transaction() as session:
        editing.mirror_shipped(session, now=utc_now())
