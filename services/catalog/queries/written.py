"""A service in the form in which its practitioner writes it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.catalog.models import Service, ServiceModality, ServicePractitioner, ServiceRelationship
from services.catalog.queries.documents import documents
from shared.identity.caller import SYSTEM, Identity

_OWNER = Identity(user_id=SYSTEM.user_id, roles=frozenset({"staff"}))
_SAME = (
    *("id", "public_uuid", "slug", "name", "description", "short_description", "price_cents", "duration_minutes"),
    *("category_id", "practitioner_category_id", "max_participants", "min_participants", "experience_level"),
    *("age_min", "age_max", "location_type", "what_youll_learn", "prerequisites", "includes", "tags", "is_active"),
    *("is_featured", "is_public", "status", "validity_days", "is_transferable", "is_shareable", "sessions_included"),
    *("bonus_sessions", "max_per_customer", "available_from", "available_until", "highlight_text"),
    "terms_conditions",
)


def written(session: Session, service: Service) -> dict[str, Any]:
    """Return the service as its practitioner writes it, with what stands in its way."""
    session.flush()
    [shown] = documents(session.connection(), [service.id], full=True, by=_OWNER)
    helpers = session.scalars(
        select(ServicePractitioner.practitioner_id)
        .where(ServicePractitioner.service_id == service.id, ~ServicePractitioner.is_primary)
        .order_by(ServicePractitioner.id)
    )
    modalities = session.scalars(
        select(ServiceModality.modality_id)
        .where(ServiceModality.service_id == service.id)
        .order_by(ServiceModality.modality_id)
    )
    return {
        **{name: getattr(service, name) for name in _SAME},
        "service_type_id": service.type_id,
        "address": service.location_id,
        "schedule": service.schedule_id,
        "image": shown["image_url"],
        "additional_practitioner_ids": list(helpers),
        "child_service_configs": [_contained(one) for one in _children(session, service)],
        "modality_ids": list(modalities),
        "bookability": shown["bookability"],
    }


def _children(session: Session, service: Service) -> list[ServiceRelationship]:
    return list(
        session.scalars(
            select(ServiceRelationship)
            .where(ServiceRelationship.parent_id == service.id)
            .order_by(ServiceRelationship.position, ServiceRelationship.id)
        )
    )


def _contained(one: ServiceRelationship) -> dict[str, Any]:
    return {
        "child_service_id": one.child_id,
        "quantity": one.quantity,
        "order": one.position,
        "discount_percentage": f"{one.discount_bp / 100:.2f}",
        "is_required": one.is_required,
        "description_override": one.description_override,
    }
