"""Tables of catalog."""

from services.catalog.models.base import Base
from services.catalog.models.parts import (
    AgendaItem,
    ResourceEvent,
    ServiceBenefit,
    ServiceMedia,
    ServiceResource,
    ServiceSession,
)
from services.catalog.models.replicas import (
    Booking,
    Calendar,
    Location,
    MediaFile,
    Practitioner,
    Rating,
    Schedule,
    User,
    WaitlistEntry,
)
from services.catalog.models.service import (
    Service,
    ServiceLanguage,
    ServiceModality,
    ServicePractitioner,
    ServiceRelationship,
    ServiceSlug,
)
from services.catalog.models.taxonomy import (
    FavoriteCounter,
    FavoriteService,
    Language,
    Modality,
    ModalityCategory,
    ModalityLink,
    ModalityPreference,
    PractitionerCategory,
    SearchTerm,
    ServiceCategory,
)

# Filled by the first migration: what services are sorted by until staff changes it.
REFERENCE_TABLES = frozenset({"languages", "service_categories", "modality_categories", "modalities", "modality_links"})

__all__ = [
    "REFERENCE_TABLES",
    "AgendaItem",
    "Base",
    "Booking",
    "Calendar",
    "FavoriteCounter",
    "FavoriteService",
    "Language",
    "Location",
    "MediaFile",
    "Modality",
    "ModalityCategory",
    "ModalityLink",
    "ModalityPreference",
    "Practitioner",
    "PractitionerCategory",
    "Rating",
    "ResourceEvent",
    "Schedule",
    "SearchTerm",
    "Service",
    "ServiceBenefit",
    "ServiceCategory",
    "ServiceLanguage",
    "ServiceMedia",
    "ServiceModality",
    "ServicePractitioner",
    "ServiceRelationship",
    "ServiceResource",
    "ServiceSession",
    "ServiceSlug",
    "User",
    "WaitlistEntry",
]
