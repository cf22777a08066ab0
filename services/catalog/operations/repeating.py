"""Making many dated sessions at once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from services.catalog.domain.repeating import occurrences
from services.catalog.models import ServiceSession
from services.catalog.operations.sessions import create_session
from shared.errors import Invalid
from shared.identity import Identity


def repeat_session(session: Session, body: Mapping[str, Any], *, by: Identity, now: datetime) -> list[ServiceSession]:
    """Date a workshop or course again and again: all of them, or none. Raises what `create_session` raises, Invalid."""
    try:
        starts = occurrences(body["start"], body["rrule"], body["timezone"])
    except ValueError as wrong:
        raise Invalid.field("rrule", str(wrong)) from wrong
    title = body.get("title")
    made = []
    for number, start in enumerate(starts, start=1):
        one: dict[str, Any] = {
            "service": body["service"],
            "starts_at": start,
            "ends_at": start + timedelta(minutes=body["duration"]),
            "timezone": body["timezone"],
        }
        if title:
            one["title"] = title.replace("{n}", str(number))
        if "max_participants" in body:
            one["max_participants"] = body["max_participants"]
        made.append(create_session(session, one, by=by, now=now))
    return made
