"""A practitioner's desk over HTTP: numbers, clients, notes."""

from typing import Any

from services.practitioners import models
from services.practitioners.api.schemas.applications import EmailVerificationAnswer
from services.practitioners.api.schemas.desk import (
    AnalyticsQuery,
    ClientNote,
    ClientPage,
    ClientsQuery,
    Completeness,
    NoteText,
    PractitionerAnalytics,
    PractitionerClientDetail,
    PractitionerStats,
    ZoneQuery,
)
from services.practitioners.domain.completeness import completeness
from services.practitioners.domain.errors import NoProfile, PractitionerNotFound, SubscriptionRequired, TooOften
from services.practitioners.operations.availability import require_feature
from services.practitioners.operations.emails import request_email_verification
from services.practitioners.operations.finding import managed_practitioner, own_practitioner
from services.practitioners.operations.notes import add_note, notes_about, own_note
from services.practitioners.queries.analytics import analytics
from services.practitioners.queries.desk import CLIENTS, client_body, client_detail, month_stats
from services.practitioners.queries.profiles import profile_row
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, NotFound
from shared.http import PRACTITIONER, SIGNED_IN, Blueprint, MethodView, identity, say
from shared.http.pages import page_body

desk = Blueprint("desk", "A practitioner's desk.")

Body = dict[str, Any]


@desk.route("/practitioners/stats/")
class Stats(MethodView):
    """This month."""

    @desk.operation("practitioners_stats_retrieve", PRACTITIONER, refuses=[NoProfile])
    @desk.arguments(ZoneQuery, location="query")
    @desk.response(200, PractitionerStats)
    def get(self, query: Body) -> Body:
        """Return this month so far against the same number of days of last month."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            zone = query.get("timezone") or practitioner.timezone
            row = profile_row(session.connection(), practitioner.id)
            return month_stats(session.connection(), row, zone=zone, now=utc_now())


@desk.route("/practitioners/analytics/")
class Analytics(MethodView):
    """The last days."""

    @desk.operation("practitioners_analytics_retrieve", PRACTITIONER, refuses=[NoProfile, SubscriptionRequired])
    @desk.arguments(AnalyticsQuery, location="query")
    @desk.response(200, PractitionerAnalytics)
    def get(self, query: Body) -> Body:
        """Return what happened in the last days, by day, hour, weekday and service."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            require_feature(practitioner, "analytics")
            zone = query.get("timezone") or practitioner.timezone
            return analytics(session.connection(), practitioner.id, days=query["days"], zone=zone, now=utc_now())


@desk.route("/practitioners/my_profile/completeness/", twins=["/practitioners/my-profile/completeness/"])
class MyCompleteness(MethodView):
    """What is missing."""

    @desk.operation("practitioners_completeness_retrieve", PRACTITIONER, refuses=[NoProfile])
    @desk.response(200, Completeness)
    def get(self) -> Body:
        """Return how complete the caller's profile is, and what would make it better."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            return completeness(profile_row(session.connection(), practitioner.id))


@desk.route("/practitioners/clients/")
class Clients(MethodView):
    """Who has booked."""

    @desk.operation("practitioners_clients_retrieve", PRACTITIONER, refuses=[NoProfile])
    @desk.arguments(ClientsQuery, location="query")
    @desk.response(200, ClientPage)
    def get(self, query: Body) -> Body:
        """List the caller's clients: whoever has a booking that was not called off."""
        with transaction() as session:
            practitioner_id = own_practitioner(session, identity()).id
        with reading() as connection:
            page = CLIENTS.page(connection, query, parameters={"practitioner": practitioner_id})
        return page_body(page, [client_body(row) for row in page.rows])


@desk.route("/practitioners/clients/<id:client_id>/")
class OneClient(MethodView):
    """One of them."""

    @desk.operation("practitioners_client_detail_retrieve", PRACTITIONER, refuses=[NoProfile])
    @desk.response(200, PractitionerClientDetail)
    def get(self, client_id: int) -> Body:
        """Return everything about a client."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            found = client_detail(session.connection(), practitioner.id, client_id)
        if found is None:
            raise NotFound("You have no such client.")
        return found


def _note(note: models.ClientNote, practitioner: models.Practitioner) -> Body:
    names = ("id", "content", "created_at", "updated_at")
    return {**{name: getattr(note, name) for name in names}, "practitioner_name": practitioner.shown_name}


@desk.route("/practitioners/clients/<id:client_id>/notes/")
class ClientNotes(MethodView):
    """What the caller wrote down about a client."""

    @desk.operation("practitioners_clients_notes_retrieve", PRACTITIONER, refuses=[NoProfile])
    @desk.response(200, ClientNote(many=True))
    def get(self, client_id: int) -> list[Body]:
        """List the caller's notes about a client, newest first."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            return [_note(note, practitioner) for note in notes_about(session, practitioner, client_id)]

    @desk.operation("practitioners_clients_notes_create", PRACTITIONER, refuses=[NoProfile])
    @desk.arguments(NoteText)
    @desk.response(201, ClientNote)
    def post(self, body: Body, client_id: int) -> Body:
        """Write something down about a client; nobody else reads it."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            return _note(add_note(session, practitioner, client_id, body["content"]), practitioner)


@desk.route("/practitioners/clients/notes/<id:note_id>/")
class OneNote(MethodView):
    """A note."""

    @desk.operation("practitioners_clients_notes_update", PRACTITIONER, refuses=[NoProfile])
    @desk.arguments(NoteText)
    @desk.response(200, ClientNote)
    def put(self, body: Body, note_id: int) -> Body:
        """Change a note of the caller's."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            note = own_note(session, practitioner, note_id)
            note.content = body["content"]
            session.flush()
            return _note(note, practitioner)

    @desk.operation("practitioners_clients_notes_destroy", PRACTITIONER, refuses=[NoProfile])
    @desk.response(204)
    def delete(self, note_id: int) -> None:
        """Delete a note of the caller's."""
        with transaction() as session:
            session.delete(own_note(session, own_practitioner(session, identity()), note_id))


@desk.route("/practitioners/<ref:reference>/verify_email/", twins=["/practitioners/<ref:reference>/verify-email/"])
class VerifyEmail(MethodView):
    """Proving the address."""

    @desk.operation("practitioners_verify_email_create", SIGNED_IN, refuses=[Forbidden, PractitionerNotFound, TooOften])
    @desk.response(200, EmailVerificationAnswer)
    def post(self, reference: str) -> Body:
        """Mail the caller a link that proves their address; once a minute, five times a day."""
        with transaction() as session:
            practitioner = managed_practitioner(session, reference, identity(), writes=False)
            proven = request_email_verification(session, practitioner, now=utc_now())
        detail = "Your e-mail address is verified already." if proven else "A verification e-mail is on its way."
        say(detail)
        return {"detail": detail, "already_verified": proven}
