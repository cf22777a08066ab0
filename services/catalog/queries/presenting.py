"""How services are shown: plain dicts of everything that the contract names."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.catalog.domain import cancellation, words
from services.catalog.domain.figures import Offer, offer
from services.catalog.domain.text import duration_display
from services.catalog.queries.bookability import bookability, is_purchasable
from services.catalog.queries.sessions import session_of_service
from shared.http.fields import dollars
from shared.identity import Identity

Row = Mapping[str, Any]


def card(row: Row, nested: Row, *, now: datetime) -> dict[str, Any]:
    """Return a service as lists show it."""
    return {**_common(row, nested, now=now), "savings_percentage": _offer(row, nested).savings_percentage}


def detail(row: Row, nested: Row, *, by: Identity, now: datetime) -> dict[str, Any]:
    """Return a service in full, as the caller may see it."""
    insider = is_insider(nested, by)
    shown = _common(row, nested, now=now)
    figures = _offer(row, nested)
    shown.update(
        {name: row[name] for name in _DETAIL},
        additional_practitioners=[_helper(one) for one in nested["practitioners"] if not one["is_primary"]],
        requirements=row["prerequisites"],
        address=row["location_id"],
        image=shown["image_url"],
        languages=[one["id"] for one in nested["languages"]],
        language_details=nested["languages"],
        media_attachments=nested["media"],
        sessions=[
            session_of_service(one, row, insider=insider, location=shown["practitioner_location"])
            for one in nested["sessions"]
            if insider or (one["visibility"] == "public" and one["status"] != words.DRAFT)
        ],
        resources=[
            {**one, "can_access": True}
            for one in nested["resources"]
            if insider or by.is_signed_in or one["access_level"] == "public"
        ],
        price_per_session=dollars(figures.per_session_cents),
        original_price=dollars(figures.original_cents),
        savings_amount=dollars(figures.savings_cents),
        savings_percentage=figures.savings_percentage,
        total_sessions=figures.total_sessions,
        benefits=nested["benefits"],
        agenda_items=nested["agenda"],
        practitioner_relationships=[_relationship(one, insider=insider) for one in nested["practitioners"]],
        child_services=[_child(one, insider=insider) for one in nested["children"]],
        child_relationships=[_contained(one, insider=insider) for one in nested["children"]],
        cancellation_policy=cancellation.sentence(row["policy_tiers"], row["terms_conditions"]),
        cancellation_policy_rules={"code": row["policy_code"], "tiers": row["policy_tiers"]},
        bookability=bookability(row, insider=insider, has_schedule=nested["has_default_schedule"], now=now),
        rating_distribution=row["rating_distribution"],
        is_waitlisted=bool(nested["waits"]),
    )
    return shown


def is_insider(nested: Row, by: Identity) -> bool:
    """Whether the caller is staff or one of the service's practitioners."""
    return by.is_staff or (by.is_signed_in and any(one["user_id"] == by.user_id for one in nested["practitioners"]))


_SAME = (
    *("id", "public_uuid", "slug", "name", "short_description", "price_cents", "duration_minutes"),
    *("max_participants", "experience_level", "location_type", "is_active", "is_featured", "is_public", "status"),
    *("primary_image", "created_at", "updated_at", "published_at", "sessions_included", "spots_available"),
)
_DETAIL = (
    *("description", "min_participants", "age_min", "age_max", "what_youll_learn", "prerequisites", "includes"),
    *("tags", "validity_days", "is_transferable", "is_shareable", "bonus_sessions", "max_per_customer"),
    *("available_from", "available_until", "highlight_text", "terms_conditions", "waitlist_count"),
)


def _common(row: Row, nested: Row, *, now: datetime) -> dict[str, Any]:
    picture = row["primary_image"]
    return {
        **{name: row[name] for name in _SAME},
        "price": dollars(row["price_cents"]),
        "duration_display": duration_display(row["duration_minutes"]),
        "service_type": row["type_id"],
        "service_type_display": words.NAMES[row["type_id"]],
        "service_type_code": words.CODES[row["type_id"]],
        "category": _category(row),
        "primary_practitioner": _practitioner(row),
        "practitioner_category": own_category(row),
        "schedule": _schedule(row),
        "practitioner_location": location(row),
        "average_rating": f"{row['rating_average']:.2f}",
        "total_reviews": row["rating_count"],
        "total_bookings": row["bookings_count"],
        "modalities": nested["modalities"],
        "image_url": row["image_url"] or (picture["url"] if picture else None),
        "first_session_date": row["first_session_at"],
        "last_session_date": row["last_session_at"],
        "next_session_date": row["next_session_at"],
        "start_date": row["next_session_at"] or row["first_session_at"],
        "is_purchasable": is_purchasable(row, has_schedule=nested["has_default_schedule"], now=now),
        "has_ended": has_ended(row, now),
    }


def has_ended(row: Row, now: datetime) -> bool:
    """Whether a workshop's or course's last date has passed."""
    last = row["last_session_at"]
    return row["type_id"] in words.DATED and last is not None and last < now


def _offer(row: Row, nested: Row) -> Offer:
    return offer(
        type_id=row["type_id"],
        price_cents=row["price_cents"],
        included=row["sessions_included"],
        bonus=row["bonus_sessions"],
        sessions_count=row["sessions_count"],
        children=[(one["price_cents"], one["quantity"]) for one in nested["children"]],
    )


def _category(row: Row) -> dict[str, Any] | None:
    if row["c_id"] is None:
        return None
    return {
        "id": row["c_id"],
        "name": row["c_name"],
        "slug": row["c_slug"],
        "description": row["c_description"],
        "icon": row["c_icon"],
        "is_active": row["c_is_active"],
        "is_featured": row["c_is_featured"],
        "order": row["c_position"],
        "service_count": row["c_services_count"],
        "created_at": row["c_created_at"],
        "updated_at": row["c_updated_at"],
    }


def own_category(row: Row, prefix: str = "pc_") -> dict[str, Any] | None:
    """Return a practitioner's category out of columns that begin with `prefix`."""
    if row[f"{prefix}id"] is None:
        return None
    return {
        "practitioner": row[f"{prefix}practitioner_id"],
        "order": row[f"{prefix}position"],
        "service_count": row[f"{prefix}services_count"],
        **{name: row[f"{prefix}{name}"] for name in _OWN_CATEGORY},
    }


_OWN_CATEGORY = ("id", "name", "slug", "description", "icon", "color", "is_active", "created_at", "updated_at")


def _practitioner(row: Row) -> dict[str, Any] | None:
    if row["p_id"] is None:
        return None
    return {
        "id": row["p_id"],
        "display_name": row["p_display_name"],
        "slug": row["p_slug"],
        "profile_image_url": row["p_profile_image_url"],
        "public_uuid": row["p_public_uuid"],
        "professional_title": row["p_professional_title"],
        "is_verified": row["p_is_verified"],
        "average_rating": f"{row['p_average'] or 0:.2f}",
        "total_reviews": row["p_count"] or 0,
    }


def _helper(one: Row) -> dict[str, Any]:
    return {
        "id": one["practitioner_id"],
        "average_rating": f"{one['average'] or 0:.2f}",
        "total_reviews": one["count"] or 0,
        **{name: one[name] for name in _HELPER},
    }


_HELPER = ("display_name", "slug", "profile_image_url", "public_uuid", "professional_title", "is_verified")


def _relationship(one: Row, *, insider: bool) -> dict[str, Any]:
    return {
        "id": one["id"],
        "practitioner": _helper(one),
        "is_primary": one["is_primary"],
        "role": one["role"],
        "revenue_share_percentage": dollars(one["share_bp"]) if insider else None,
        "created_at": one["created_at"],
    }


def _schedule(row: Row) -> dict[str, Any] | None:
    if row["s_id"] is None:
        return None
    return {name: row[f"s_{name}"] for name in ("id", "name", "is_default", "timezone", "description")}


def location(row: Row) -> dict[str, Any] | None:
    """Return where it takes place, as far as that is public."""
    if row["l_id"] is None:
        return None
    return {
        "id": row["l_id"],
        "public_uuid": row["l_public_uuid"],
        "name": row["l_name"],
        "city": row["l_city_name"],
        "city_name": row["l_city_name"],
        "state_code": row["l_state_code"],
        "country_code": row["l_country_code"],
        "full_address": row["l_full_address"],
        "latitude": _degrees(row["l_latitude"]),
        "longitude": _degrees(row["l_longitude"]),
        "timezone": row["l_timezone"],
    }


def _degrees(value: float | None) -> str | None:
    return None if value is None else f"{value:.6f}"


def _child(one: Row, *, insider: bool) -> dict[str, Any]:
    """Return what is contained; a hidden one by its name, without a way there."""
    reachable = insider or one["visible"]
    return {
        "id": one["child_id"],
        "public_uuid": one["public_uuid"] if reachable else None,
        "slug": one["slug"] if reachable else None,
        "name": one["name"],
        "price": dollars(one["price_cents"]),
        "price_cents": one["price_cents"],
        "duration_minutes": one["duration_minutes"],
        "service_type": words.CODES[one["type_id"]],
        "short_description": one["short_description"],
        "status": one["status"],
    }


def _contained(one: Row, *, insider: bool) -> dict[str, Any]:
    return {
        "child_service": _child(one, insider=insider),
        "discount_percentage": dollars(one["discount_bp"]),
        **{name: one[name] for name in _CONTAINED},
    }


_CONTAINED = ("id", "quantity", "order", "is_required", "description_override", "created_at", "updated_at")


def in_order(found: Mapping[int, Any], ids: Sequence[int]) -> list[Any]:
    """Return what was found in the order of `ids`, leaving out what was not."""
    return [found[one] for one in ids if one in found]
