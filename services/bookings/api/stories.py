"""Credits, journeys and numbers."""

from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.orm import Session

from services.bookings.api.fields import Id
from services.bookings.api.schemas.more import BookingStats, Journey, SessionCredit, StatsQuery, UserStats
from services.bookings.domain import errors, words
from services.bookings.models.offers import practitioner_of
from services.bookings.queries.stories import (
    CREDIT_ROWS,
    CREDITS,
    credit_shown,
    journey,
    statistics,
    user_statistics,
)
from shared.clock import utc_now
from shared.database import reading
from shared.errors import Forbidden
from shared.http import SIGNED_IN, Blueprint, MethodView, fields, identity
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing

stories = Blueprint("booking-stories", "Session credits, journeys and numbers.")

SESSION_CREDITS = Listing(
    columns=CREDIT_ROWS,
    key=CREDITS.id,
    filters={
        "service": Filter(Id(), lambda wanted: CREDITS.service_id == wanted),
        "practitioner": Filter(Id(), lambda wanted: CREDITS.practitioner_id == wanted),
    },
    orderings={"expires_at": CREDITS.expires_at},
    default_ordering="expires_at",
    nullable=frozenset({"expires_at"}),
)
CreditsQuery = query_schema(
    SESSION_CREDITS, "CreditsQuery", user=Id(), include_spent=fields.Boolean(load_default=False)
)


@stories.route("/bookings/session_credits/", twins=["/bookings/session-credits/"])
class SessionCredits(MethodView):
    """What is left of packages and bundles."""

    @stories.operation("bookings_session_credits_list", SIGNED_IN, refuses=[Forbidden])
    @stories.arguments(CreditsQuery, location="query")
    @stories.response(200, page_schema(SessionCredit))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the session credits of one's purchases, those that lapse first at the top.

        A practitioner sees those of a client for the own services, staff everybody's.
        """
        by = identity()
        user_id = query.get("user", by.user_id)
        where, variant = [CREDITS.client_id == bindparam("user_id")], "own"
        parameters: dict[str, Any] = {"user_id": user_id}
        if not query["include_spent"]:
            where.append(CREDITS.remaining > 0)
            variant += ":open"
        with reading() as connection:
            if user_id != by.user_id and not by.is_staff:
                with Session(connection) as session:
                    profile = practitioner_of(session, by.user_id)
                if profile is None:
                    raise Forbidden
                where.append(CREDITS.practitioner_id == bindparam("mine"))
                variant, parameters = f"{variant}:practitioner", {**parameters, "mine": profile.id}
            page = SESSION_CREDITS.page(connection, query, where=where, variant=variant, parameters=parameters)
        return page_body(page, [credit_shown(row) for row in page.rows])


@stories.route("/bookings/<ref:reference>/journey/")
class OneJourney(MethodView):
    """How far a purchase is."""

    @stories.operation("bookings_journey_retrieve", SIGNED_IN, refuses=[errors.BookingNotFound])
    @stories.response(200, Journey)
    def get(self, reference: str) -> dict[str, Any]:
        """Tell the sessions that belong together, and how far they are."""
        with reading() as connection, Session(connection) as session:
            return journey(session, reference, by=identity(), now=utc_now())


@stories.route("/bookings/stats/")
class Stats(MethodView):
    """One's bookings in numbers."""

    @stories.operation("bookings_stats_retrieve", SIGNED_IN, refuses=[Forbidden])
    @stories.arguments(StatsQuery, location="query")
    @stories.response(200, BookingStats)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Count one's bookings of some days, by default from a year ago to a month ahead."""
        by, now = identity(), utc_now()
        last = query.get("to") or (now + timedelta(days=30)).date()
        first = query.get("from_") or last - timedelta(days=365)
        with reading() as connection, Session(connection) as session:
            profile = practitioner_of(session, by.user_id) if query["role"] == words.PRACTITIONER else None
            if query["role"] == words.PRACTITIONER and profile is None:
                raise Forbidden
            return statistics(
                session,
                by=by,
                role=query["role"],
                practitioner_id=profile.id if profile else None,
                first=first,
                last=last,
                now=now,
            )


@stories.route("/auth/stats/")
class DashboardStats(MethodView):
    """What a dashboard shows."""

    @stories.operation("user_stats", SIGNED_IN)
    @stories.response(200, UserStats)
    def get(self) -> dict[str, Any]:
        """Tell the caller's bookings and favourites in numbers."""
        with reading() as connection, Session(connection) as session:
            return user_statistics(session, by=identity(), now=utc_now())
