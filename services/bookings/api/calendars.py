"""The day plan, and calendars that other programs read."""

from typing import Any

from flask import Response, make_response
from sqlalchemy import update
from sqlalchemy.orm import Session

from services.bookings.api.schemas.more import CalendarEvent, CalendarFeed, CalendarFeedRequest, CalendarQuery
from services.bookings.domain import errors
from services.bookings.models import CalendarFeed as Feed
from services.bookings.models.offers import practitioner_of
from services.bookings.operations.feeds import drop_feed, make_feed
from services.bookings.queries.dayplan import day_plan
from services.bookings.queries.feeds import FeedNotFound, feed_of, feed_state, one_event
from services.bookings.settings import settings
from shared.clock import utc_now
from shared.database import reading, retrying, transaction
from shared.errors import Forbidden
from shared.http import ANYONE, SIGNED_IN, Blueprint, MethodView, identity

calendars = Blueprint("booking-calendars", "The day plan, and calendars that other programs read.")

_BASE = "/api/v1/drf"


@calendars.route("/bookings/calendar/")
class DayPlan(MethodView):
    """A practitioner's days."""

    @calendars.operation("bookings_calendar_list", SIGNED_IN, refuses=[Forbidden])
    @calendars.arguments(CalendarQuery, location="query")
    @calendars.response(200, CalendarEvent(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """Tell what fills one's days: appointments, groups with everybody who comes, holds, time off."""
        by = identity()
        with reading() as connection, Session(connection) as session:
            profile = practitioner_of(session, by.user_id)
            practitioner_id = profile.id if profile else None
            if by.is_staff and "practitioner" in query:
                practitioner_id = query["practitioner"]
            if practitioner_id is None or query.get("practitioner", practitioner_id) != practitioner_id:
                raise Forbidden
            return day_plan(
                session,
                practitioner_id,
                first=query["start_date"],
                last=query["end_date"],
                timezone=query.get("timezone"),
                statuses=query.get("status"),
                types=query.get("type"),
                now=utc_now(),
            )


@calendars.route("/bookings/<ref:reference>/calendar.ics")
class OneEvent(MethodView):
    """One booking for a calendar program."""

    @calendars.operation("bookings_ics_retrieve", SIGNED_IN, refuses=[errors.BookingNotFound])
    @calendars.response(200, content_type="text/calendar")
    def get(self, reference: str) -> Response:
        """Read a booking as iCalendar."""
        with reading() as connection, Session(connection) as session:
            written = one_event(session, reference, by=identity())
        return _as_calendar(written)


@calendars.route("/bookings/calendar_feed/", twins=["/bookings/calendar-feed/"])
class OwnFeed(MethodView):
    """One's own feed."""

    @calendars.operation("bookings_calendar_feed_retrieve", SIGNED_IN)
    @calendars.response(200, CalendarFeed)
    def get(self) -> dict[str, Any]:
        """Tell whether there is a feed; its address is told only when it is made."""
        with reading() as connection, Session(connection) as session:
            return feed_state(session, identity().user_id)

    @calendars.operation("bookings_calendar_feed_create", SIGNED_IN)
    @calendars.arguments(CalendarFeedRequest)
    @calendars.response(201, CalendarFeed)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a new secret address for one's feed; the earlier one is dead at once."""
        by = identity()

        def work(session: Session) -> dict[str, Any]:
            token = make_feed(session, by=by, now=utc_now(), **body)
            address = f"{settings().public_url}{_BASE}/bookings/calendar/{token}.ics"
            webcal = f"webcal://{address.partition('://')[2]}"
            return {**feed_state(session, by.user_id), "url": address, "webcal_url": webcal}

        return retrying(work)

    @calendars.operation("bookings_calendar_feed_destroy", SIGNED_IN)
    @calendars.response(204)
    def delete(self) -> None:
        """Let one's feed die."""
        by = identity()
        retrying(lambda session: drop_feed(session, by=by))


@calendars.route("/bookings/calendar/<string(maxlength=100):token>.ics")
class ReadFeed(MethodView):
    """Somebody's feed, for whoever has its address."""

    @calendars.operation("bookings_calendar_feed_ics", ANYONE, refuses=[FeedNotFound])
    @calendars.response(200, content_type="text/calendar")
    def get(self, token: str) -> Response:
        """Read a feed: from 90 days ago to a year ahead."""
        now = utc_now()
        with reading() as connection, Session(connection) as session:
            feed_id, written = feed_of(session, token, now=now)
        with transaction() as session:
            session.execute(update(Feed).where(Feed.id == feed_id).values(last_fetched_at=now))
        response = _as_calendar(written)
        response.headers["Cache-Control"] = "private, max-age=300"
        response.add_etag()
        return response


def _as_calendar(written: bytes) -> Response:
    response: Response = make_response(written)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    return response
