"""Tables of practitioners."""

from services.practitioners.models.base import Base
from services.practitioners.models.credentials import (
    TAXONOMY,
    Certification,
    Education,
    PractitionerTaxonomy,
    Question,
    Specialization,
    Style,
    Topic,
)
from services.practitioners.models.desk import (
    ClientNote,
    ClientStats,
    FavoriteCounter,
    FavoritePractitioner,
    NextAvailableQueue,
    PractitionerDaily,
    Throttle,
    ViewsDaily,
)
from services.practitioners.models.hours import (
    CalendarVersion,
    DateOverride,
    OutOfOffice,
    Preference,
    Schedule,
    ScheduleSlot,
    TimeBlock,
)
from services.practitioners.models.practitioner import (
    Document,
    OldSlug,
    Onboarding,
    Practitioner,
    ReviewClaim,
    StatusChange,
)
from services.practitioners.models.replicas import (
    BookingCopy,
    Busy,
    MediaFile,
    Modality,
    Place,
    Service,
    ServiceSession,
    Subscription,
    User,
)

# Filled by the first migration: what practitioners describe themselves with.
REFERENCE_TABLES = frozenset({"specializations", "styles", "topics"})

__all__ = [
    "REFERENCE_TABLES",
    "TAXONOMY",
    "Base",
    "BookingCopy",
    "Busy",
    "CalendarVersion",
    "Certification",
    "ClientNote",
    "ClientStats",
    "DateOverride",
    "Document",
    "Education",
    "FavoriteCounter",
    "FavoritePractitioner",
    "MediaFile",
    "Modality",
    "NextAvailableQueue",
    "OldSlug",
    "Onboarding",
    "OutOfOffice",
    "Place",
    "Practitioner",
    "PractitionerDaily",
    "PractitionerTaxonomy",
    "Preference",
    "Question",
    "ReviewClaim",
    "Schedule",
    "ScheduleSlot",
    "Service",
    "ServiceSession",
    "Specialization",
    "StatusChange",
    "Style",
    "Subscription",
    "Throttle",
    "TimeBlock",
    "Topic",
    "User",
    "ViewsDaily",
]
