"""Profiles in the form in which they are answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.practitioners.domain import text, words
from services.practitioners.domain.steps import STEPS

TOP_RATED: Final = 4.7
TOP_RATED_REVIEWS: Final = 10
_BADGES = {"license": "licensed", "insurance": "insured", "background_check": "background_checked"}
_HINTS = {
    "basic": "The professional plan raises these limits.",
    "professional": "The premium plan raises these limits.",
}

Row = Mapping[str, Any]


def summary(row: Row) -> dict[str, Any]:
    """Return a row of a list."""
    places, specializations = row["places"], row["specializations"]
    least, most = row["min_price_cents"], row["max_price_cents"]
    primary = next((place for place in places if place["is_primary"]), places[0] if places else None)
    offers_virtual, offers_in_person = "v:virtual" in row["tags"], "v:in_person" in row["tags"]
    return {
        "id": row["id"],
        "public_uuid": row["public_uuid"],
        "slug": row["slug"],
        "display_name": row["display_name"] or row["full_name"] or "Practitioner",
        "professional_title": row["professional_title"],
        "title": row["professional_title"],
        "profile_image_url": row["profile_image_url"],
        "years_of_experience": row["years_of_experience"],
        "is_verified": row["verification_status"] == words.VERIFIED,
        "featured": row["featured"],
        "full_name": row["full_name"] or row["display_name"] or "Practitioner",
        "average_rating": float(row["rating_average"]),
        "average_rating_float": float(row["rating_average"]),
        "total_reviews": row["rating_count"],
        "total_services": row["services_count"],
        "price_range": {"min": _dollars(least), "max": _dollars(most)},
        "min_price": least,
        "max_price": most,
        "min_price_cents": least,
        "max_price_cents": most,
        "primary_location": primary,
        "locations": places,
        "location": _where(primary, virtual_only=offers_virtual and not offers_in_person),
        "specializations": specializations,
        "primary_specialty": specializations[0]["content"] if specializations else None,
        "modalities": row["modalities"],
        "next_available_date": row["next_available_at"],
        "bio_short": text.short_text(row["bio"]),
        "languages": row["languages"],
        "offers_virtual": offers_virtual,
        "offers_in_person": offers_in_person,
        "user": {
            "id": row["user_id"],
            "first_name": row["first_name"] or "",
            "last_name": f"{row['last_name'][0]}." if row["last_name"] else "",
        },
    }


def detail(row: Row, *, now: datetime) -> dict[str, Any]:
    """Return the profile as anybody sees it."""
    return {
        **summary(row),
        "bio": row["bio"],
        "quote": row["quote"],
        "profile_video_url": row["profile_video_url"],
        "is_active": row["listed"],
        "practitioner_status": words.practitioner_status(row["verification_status"], row["activity"]),
        "vacation_until": row["vacation_until"],
        "completed_sessions_count": row["completed_count"],
        "completed_sessions": row["completed_count"],
        "styles": row["styles"],
        "topics": row["topics"],
        "certifications": row["certifications"],
        "educations": row["educations"],
        "questions": row["questions"],
        "timezone": row["timezone"],
        "badges": _badges(row, now),
        "response_rate": None,
        "created_at": row["created_at"],
    }


def private(row: Row, *, now: datetime) -> dict[str, Any]:
    """Return the profile as its owner and staff see it."""
    step = row["current_step"]
    return {
        **detail(row, now=now),
        "email": row["email"] or "",
        "phone": row["phone"],
        "verification_status": row["verification_status"],
        "status_message": row["status_message"],
        "is_onboarded": row["is_onboarded"],
        "onboarding_step": STEPS.index(step) + 1 if step else 1,
        "onboarding_completed_at": row["onboarding_completed_at"],
        "buffer_time": row["buffer_minutes"],
        "cancellation_rate": text.percentage(row["canceled_count"], row["bookings_count"]),
        "subscription": row["plan"],
        "limits": limits(row),
        "updated_at": row["updated_at"],
        "version": row["version"],
    }


def limits(row: Row) -> dict[str, Any]:
    """Return what the plan allows and how much of it is used."""
    features, used = row["features"], row["used"]
    allowed = {name: _limit(features, name) for name in ("max_services", "max_locations", "max_monthly_bookings")}
    return {
        "tier_code": row["tier_code"],
        "features": {name: value for name, value in features.items() if isinstance(value, bool)},
        **allowed,
        "services_used": used["services_used"],
        "locations_used": used["locations_used"],
        "bookings_this_month": int(used["bookings_this_month"]),
        "upgrade_hint": _HINTS.get(row["tier_code"]) if any(value >= 0 for value in allowed.values()) else None,
    }


def _limit(features: Mapping[str, Any], name: str) -> int:
    value = features.get(name, -1)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _badges(row: Row, now: datetime) -> list[str]:
    badges = ["verified"] if row["verification_status"] == words.VERIFIED else []
    badges += [badge for kind, badge in _BADGES.items() if kind in row["proofs"]]
    if float(row["rating_weighted"]) >= TOP_RATED and row["rating_count"] >= TOP_RATED_REVIEWS:
        badges.append("top_rated")
    if row["new_until"] is not None and row["new_until"] > now:
        badges.append("new")
    return badges


def _where(place: Mapping[str, Any] | None, *, virtual_only: bool) -> str | None:
    if place is not None and place["city_name"] and not virtual_only:
        region = place["state_code"] or place["country_name"]
        return f"{place['city_name']}, {region}" if region else str(place["city_name"])
    return "Virtual" if virtual_only or (place is not None and place["is_virtual"]) else None


def _dollars(cents: int | None) -> str | None:
    return None if cents is None else f"{cents // 100}.{cents % 100:02}"
