"""Who watches, what hosts do about it, and the figures."""

import csv
import io
from typing import Any

from flask import Response

from services.streams.api.audience_schemas import Muted, MuteRequest, RemovalRequest, Said, Viewers
from services.streams.api.lists import VIEWERS, ViewersQuery
from services.streams.api.live_schemas import LiveStreamAnalytics
from services.streams.domain import errors
from services.streams.operations import moderation
from services.streams.operations.callers import live_to_change
from services.streams.queries.audience import viewer_shown
from services.streams.queries.figures import live_figures
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden
from shared.http import SIGNED_IN, Blueprint, MethodView, identity
from shared.http.pages import page_body

audience = Blueprint("audience", "Who watches, and the figures.")
FOREIGN = [Forbidden, errors.LiveStreamNotFound]


@audience.route("/live-streams/<ref:reference>/viewers/")
class ViewersOf(MethodView):
    """Who watches."""

    @audience.operation("live_streams_viewers_retrieve", SIGNED_IN, refuses=FOREIGN)
    @audience.arguments(ViewersQuery, location="query")
    @audience.response(200, Viewers)
    def get(self, query: dict[str, Any], reference: str) -> dict[str, Any]:
        """List who is inside; with `all` also who has left."""
        now = utc_now()
        with transaction() as session:
            live = live_to_change(session, reference, identity())
        with reading() as connection:
            page = VIEWERS.page(
                connection,
                {"all": False, **query},
                variant="of-live",
                parameters={"live": live.id, "stream": live.stream_id, "now": now},
            )
        body = page_body(page)
        shown = [viewer_shown(row, live.id, now) for row in page.rows]
        return {"count": page.count, "viewers": shown, "next": body["next"]}


@audience.route("/live-streams/<ref:reference>/viewers/<id:user_id>/remove/")
class Remove(MethodView):
    """Putting somebody out."""

    @audience.operation(
        "live_streams_viewers_remove_create",
        SIGNED_IN,
        refuses=[*FOREIGN, errors.PersonNotFound, errors.VideoRefused],
    )
    @audience.arguments(RemovalRequest)
    @audience.response(200, Said)
    def post(self, body: dict[str, Any], reference: str, user_id: int) -> dict[str, Any]:
        """Put somebody out, within seconds; with `ban` for good."""
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            moderation.remove_viewer(
                session,
                live,
                user_id,
                ban=body["ban"],
                whole_stream=body["scope"] == "stream",
                reason=body["reason"],
                by=identity(),
                now=utc_now(),
            )
        return {"message": "Viewer banned" if body["ban"] else "Viewer removed"}


@audience.route("/live-streams/<ref:reference>/viewers/<id:user_id>/mute/")
class Mute(MethodView):
    """Muting somebody."""

    @audience.operation("live_streams_viewers_mute_create", SIGNED_IN, refuses=[*FOREIGN, errors.PersonNotFound])
    @audience.arguments(MuteRequest)
    @audience.response(200, Muted)
    def post(self, body: dict[str, Any], reference: str, user_id: int) -> dict[str, Any]:
        """Let somebody neither write nor react for a while."""
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            until = moderation.mute_viewer(
                session, live, user_id, minutes=body["minutes"], by=identity(), now=utc_now()
            )
        return {"muted_until": until}


@audience.route("/live-streams/<ref:reference>/viewers/<id:user_id>/unmute/")
class Unmute(MethodView):
    """Taking it back."""

    @audience.operation("live_streams_viewers_unmute_create", SIGNED_IN, refuses=FOREIGN)
    @audience.response(200, Said)
    def post(self, reference: str, user_id: int) -> dict[str, Any]:
        """Let somebody write again; lifts a ban too."""
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            moderation.pardon_viewer(session, live, user_id, now=utc_now())
        return {"message": "Viewer may take part again"}


@audience.route("/live-streams/<ref:reference>/analytics/")
class Figures(MethodView):
    """Its figures."""

    @audience.operation("live_streams_analytics_retrieve", SIGNED_IN, refuses=FOREIGN)
    @audience.response(200, LiveStreamAnalytics)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a live stream's figures; while it is on, those so far."""
        with transaction() as session:
            return live_figures(session, live_to_change(session, reference, identity()))


@audience.route("/live-streams/<ref:reference>/analytics/export/")
class Export(MethodView):
    """Its timeline as a table."""

    @audience.operation("live_streams_analytics_export_retrieve", SIGNED_IN, refuses=FOREIGN)
    @audience.response(200, content_type="text/csv")
    def get(self, reference: str) -> Response:
        """Download the timeline, one line a minute."""
        with transaction() as session:
            live = live_to_change(session, reference, identity())
            timeline = live_figures(session, live)["timeline"]
        table = io.StringIO()
        writer = csv.DictWriter(table, fieldnames=COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(timeline)
        headers = {"Content-Disposition": f'attachment; filename="live-stream-{live.id}.csv"'}
        return Response(table.getvalue(), mimetype="text/csv", headers=headers)


COLUMNS = ("minute", "concurrent", "joined", "left", "chat", "reactions")
