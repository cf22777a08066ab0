"""How reviews are shown: plain dicts of everything that the contract names, and nothing that the caller may not see."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.reviews.domain import weights, words
from shared.identity import Identity

Row = Mapping[str, Any]


def listed(row: Row, votes: Mapping[int, bool]) -> dict[str, Any]:
    """Return a review as lists show it; `votes` are the caller's, by review."""
    vote = votes.get(row["id"])
    return {
        "public_uuid": row["public_uuid"],
        "rating": row["rating"],
        "comment": row["comment"],
        "practitioner_name": row["practitioner_name"],
        "service_name": row["service_name"],
        "display_name": row["display_name"],
        "user_avatar_url": None if row["is_anonymous"] else row["avatar_url"],
        "is_anonymous": row["is_anonymous"],
        "is_verified": row["is_verified"],
        "helpful_votes": row["helpful"],
        "unhelpful_votes": row["unhelpful"],
        "created_at": row["created_at"],
        "has_response": row["response_text"] != "",
        "practitioner_uuid": row["practitioner_uuid"],
        "service_uuid": row["service_uuid"],
        "response_text": row["response_text"],
        "response_date": row["response_at"],
        "is_edited": row["edited_at"] is not None,
        "media": row["photos"],
        "user_vote": None if vote is None else {"is_helpful": vote},
    }


def detailed(
    row: Row,
    *,
    answers: Sequence[dict[str, Any]],
    votes: Mapping[int, bool],
    by: Identity,
    now: datetime,
    window: timedelta,
) -> dict[str, Any]:
    """Return a review in full, as the caller may see it; `window` is how long authors may edit."""
    is_author = by.is_signed_in and row["author_id"] == by.user_id
    insider = is_author or by.is_staff
    until = row["created_at"] + window
    return {
        **listed(row, votes),
        "answers": answers,
        "practitioner": {
            "public_uuid": row["practitioner_uuid"],
            "display_name": row["practitioner_name"],
            "professional_title": row["professional_title"],
            "profile_image_url": row["profile_image_url"],
        },
        "service": _service(row),
        "booking": _booking(row) if _may_see_booking(row, by=by, insider=insider) else None,
        "net_helpful_votes": row["helpful"] - row["unhelpful"],
        "updated_at": row["updated_at"],
        "status": row["status"] if insider else words.PUBLISHED,
        "is_published": row["status"] == words.PUBLISHED,
        "can_edit": is_author and now <= until and not row["response_text"] and row["status"] in words.EDITABLE,
        "can_edit_until": until if is_author else None,
        "hidden_reason": row["status_reason"] if insider else None,
        "reported_count": row["reports_open"] if by.is_staff else None,
    }


def _may_see_booking(row: Row, *, by: Identity, insider: bool) -> bool:
    """Whether the appointment is shown: not to the practitioner where it would tell who wrote anonymously."""
    is_reviewed = by.is_signed_in and row["practitioner_user_id"] == by.user_id
    return insider or (is_reviewed and not row["is_anonymous"])


def _service(row: Row) -> dict[str, Any] | None:
    if row["service_uuid"] is None:
        return None
    return {
        "public_uuid": row["service_uuid"],
        "name": row["service_name"],
        "description": row["service_description"],
    }


def _booking(row: Row) -> dict[str, Any] | None:
    if row["booking_uuid"] is None:
        return None
    return {"public_uuid": row["booking_uuid"], "start_time": row["starts_at"], "end_time": row["ends_at"]}


def answered(row: Row) -> dict[str, Any]:
    """Return an answer with its question."""
    question = {
        "id": row["question_id"],
        "created_at": row["question_created_at"],
        "updated_at": row["question_updated_at"],
        "order": row["position"],
        **{name: row[name] for name in ("question", "description", "is_required", "question_type")},
        **{name: row[name] for name in ("is_active", "applies_to")},
    }
    return {
        "id": row["id"],
        "question": question,
        "rating_answer": row["rating_answer"],
        "text_answer": row["text_answer"] or "",
        "boolean_answer": row["boolean_answer"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def queued(row: Row, review: dict[str, Any], reports: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a review as it waits for staff."""
    return {
        "review": review,
        "score": str(row["report_score"]),
        "reports": reports,
        **{name: row[name] for name in ("held_reasons", "first_reported_at", "claimed_by", "claimed_until")},
    }


def reported(row: Row) -> dict[str, Any]:
    """Return a report as staff see it."""
    names = ("id", "review_uuid", "reporter_id", "reason", "details", "resolution", "created_at")
    return {
        **{name: row[name] for name in names},
        "reporter_name": row["reporter_name"],
        "reporter_accuracy": weights.accuracy(row["outcomes"]),
        "weight": str(row["weight"]),
        "is_resolved": row["resolution"] is not None,
    }
