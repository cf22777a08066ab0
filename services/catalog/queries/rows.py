"""What is read of a service in one statement: its own columns, and the rows it names."""

from sqlalchemy import and_, any_, bindparam, select

from services.catalog.models import (
    Location,
    Practitioner,
    PractitionerCategory,
    Rating,
    Schedule,
    Service,
    ServiceCategory,
)
from shared.listing import Listing

_UNREAD = frozenset({"search", "search_extra", "hot", "popularity_sum", "popularity_score", "lat", "lng", "city_slug"})
_CATEGORY = (
    *("id", "name", "slug", "description", "icon", "is_active", "is_featured", "position", "services_count"),
    *("created_at", "updated_at"),
)
_OWN_CATEGORY = (
    *("id", "practitioner_id", "name", "slug", "description", "icon", "color", "is_active", "position"),
    *("services_count", "created_at", "updated_at"),
)
_PRACTITIONER = (
    *("id", "public_uuid", "user_id", "slug", "display_name", "professional_title", "profile_image_url"),
    *("is_verified", "status"),
)
_LOCATION = (
    *("id", "public_uuid", "name", "city_name", "state_code", "country_code", "full_address", "latitude"),
    *("longitude", "timezone"),
)
_SCHEDULE = ("id", "name", "is_default", "timezone", "description")

_OWN = [column for column in Service.__table__.columns if column.name not in _UNREAD]

ROWS = Listing(
    columns=select(
        *_OWN,
        *(getattr(ServiceCategory, name).label(f"c_{name}") for name in _CATEGORY),
        *(getattr(PractitionerCategory, name).label(f"pc_{name}") for name in _OWN_CATEGORY),
        *(getattr(Practitioner, name).label(f"p_{name}") for name in _PRACTITIONER),
        Rating.average.label("p_average"),
        Rating.count.label("p_count"),
        *(getattr(Location, name).label(f"l_{name}") for name in _LOCATION),
        *(getattr(Schedule, name).label(f"s_{name}") for name in _SCHEDULE),
    )
    .select_from(Service)
    .outerjoin(ServiceCategory, ServiceCategory.id == Service.category_id)
    .outerjoin(PractitionerCategory, PractitionerCategory.id == Service.practitioner_category_id)
    .outerjoin(Practitioner, Practitioner.id == Service.practitioner_id)
    .outerjoin(Rating, and_(Rating.target == "practitioner", Rating.target_id == Service.practitioner_id))
    .outerjoin(Location, and_(Location.id == Service.location_id, Location.deleted_at.is_(None)))
    .outerjoin(Schedule, Schedule.id == Service.schedule_id),
    key=Service.id,
)
"""The rows of given services, in no useful order: `WHERE id = ANY(:ids)`."""

BY_IDS = (Service.id == any_(bindparam("ids")),)
