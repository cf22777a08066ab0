"""Every fact that practitioners announces."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.practitioners.domain import words
from services.practitioners.models import (
    CalendarVersion,
    Document,
    FavoriteCounter,
    Practitioner,
    PractitionerTaxonomy,
    Specialization,
)
from services.practitioners.models.calendar import calendar_of
from shared.clock import utc_now
from shared.messaging import Snapshot, Subject, event
from shared.privacy import PRIVACY_EVENTS
from shared.scheduling import Calendar

LIMITS = ("max_services", "max_locations", "max_monthly_bookings")


@event("practitioner.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerChanged:
    """A practitioner's whole public state. Ratings, prices, free times and views change without it."""

    id: int
    public_uuid: UUID
    user_id: int
    slug: str
    display_name: str
    professional_title: str | None
    profile_image_url: str | None
    bio: str | None
    status: str
    verification_status: str
    is_verified: bool
    is_listed: bool
    featured: bool
    timezone: str
    languages: list[str]
    specializations: list[dict[str, Any]]
    modality_ids: list[int]
    buffer_minutes: int
    tier_code: str
    features: dict[str, Any]
    limits: dict[str, int]
    vacation_until: date | None
    created_at: datetime
    deleted: bool

    @classmethod
    def of(cls, session: Session, practitioner: Practitioner) -> Self:
        """Tell the present state."""
        return cls(
            **{name: getattr(practitioner, name) for name in _COPIED},
            display_name=practitioner.shown_name,
            languages=list(practitioner.languages),
            specializations=_specializations(session, practitioner.id),
            modality_ids=_modality_ids(session, practitioner.id),
            features=dict(practitioner.features),
            limits={name: practitioner.limit(name) for name in LIMITS},
            deleted=practitioner.deleted_at is not None,
        )


_COPIED = (
    *("id", "public_uuid", "user_id", "slug", "professional_title", "profile_image_url", "bio", "status"),
    *("verification_status", "is_verified", "is_listed", "featured", "timezone", "buffer_minutes", "tier_code"),
    *("vacation_until", "created_at"),
)


def _specializations(session: Session, practitioner_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Specialization.id, Specialization.content)
        .join(PractitionerTaxonomy, PractitionerTaxonomy.item_id == Specialization.id)
        .where(
            PractitionerTaxonomy.practitioner_id == practitioner_id, PractitionerTaxonomy.kind == words.SPECIALIZATION
        )
        .order_by(PractitionerTaxonomy.position, Specialization.id)
    )
    return [{"id": item_id, "content": content} for item_id, content in rows]


def _modality_ids(session: Session, practitioner_id: int) -> list[int]:
    return list(
        session.scalars(
            select(PractitionerTaxonomy.item_id)
            .where(PractitionerTaxonomy.practitioner_id == practitioner_id, PractitionerTaxonomy.kind == words.MODALITY)
            .order_by(PractitionerTaxonomy.position, PractitionerTaxonomy.item_id)
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerFact:
    """Something happened to a practitioner."""

    practitioner_id: int
    practitioner_uuid: UUID
    user_id: int
    display_name: str

    @classmethod
    def of(cls, practitioner: Practitioner, **more: Any) -> Self:
        """Return the fact about a practitioner; `more` is what this type adds."""
        return cls(
            practitioner_id=practitioner.id,
            practitioner_uuid=practitioner.public_uuid,
            user_id=practitioner.user_id,
            display_name=practitioner.shown_name,
            **more,
        )


@event("practitioner.application_submitted")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSubmitted(PractitionerFact):
    """Somebody asks to be verified, perhaps once more."""

    resubmission: bool


@event("practitioner.verified")
@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerVerified(PractitionerFact):
    """Somebody may offer services, or may again."""

    reinstated: bool


@event("practitioner.rejected")
@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRejected(PractitionerFact):
    """An application was turned down."""

    reason: str
    may_reapply: bool
    may_reapply_from: datetime | None


@event("practitioner.suspended")
@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerSuspended(PractitionerFact):
    """A practitioner is off the market for a while; bookings stay."""

    reason_code: str
    message: str | None
    until: datetime | None


@event("practitioner.changes_requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesRequested(PractitionerFact):
    """Staff ask for something before they decide."""

    message: str


@event("practitioner.document_reviewed")
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReviewed(PractitionerFact):
    """Staff decided about a document."""

    document_id: UUID
    type: str
    status: str
    reason: str | None

    @classmethod
    def about(cls, practitioner: Practitioner, document: Document) -> Self:
        """Tell of a decision."""
        return cls.of(
            practitioner,
            document_id=document.id,
            type=document.document_type,
            status=document.status,
            reason=document.rejection_reason,
        )


@event("practitioner.document_expiring")
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentExpiring(PractitionerFact):
    """An approved document runs out in `days`; 0: it has."""

    document_id: UUID
    type: str
    days: int


@event("practitioner.onboarding_reminder")
@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingReminder(PractitionerFact):
    """Somebody has not gone on with their application."""

    missing: list[str]


@event("practitioner.email_verification_requested")
@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerificationRequested(PractitionerFact):
    """A practitioner wants the link that proves their address; auth makes it."""


@event("favorite.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class FavoriteChanged:
    """Somebody's favourites of a kind changed; `total` counts them afterwards."""

    user_id: int
    kind: str
    target_id: int
    is_favorite: bool
    total: int


@event("schedule.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChanged:
    """A practitioner's whole calendar, in the form of `shared.scheduling.Calendar`."""

    practitioner_id: int
    timezone: str
    country_code: str | None
    is_active: bool
    buffer_minutes: int
    advance_booking_min_hours: int
    advance_booking_max_days: int
    slot_interval_minutes: int
    auto_accept_bookings: bool
    respect_holidays: bool
    holidays: list[str]
    schedules: list[dict[str, Any]]
    date_overrides: list[dict[str, Any]]
    time_off: list[dict[str, Any]]
    blocked: list[dict[str, Any]]

    @classmethod
    def of(cls, calendar: Calendar) -> Self:
        """Tell a calendar."""
        return cls(**calendar.to_event())


def calendar_subject(row: CalendarVersion) -> Subject:
    """Return whom `schedule.changed` is about."""
    return Subject(type="calendar", id=str(row.practitioner_id), sequence=row.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaUse:
    """Whether a file is in use."""

    media_id: UUID
    service: str
    entity_type: str
    entity_id: str

    @classmethod
    def of(cls, media_id: UUID, practitioner: Practitioner) -> Self:
        """Tell of a file on a practitioner's profile or among the documents."""
        return cls(
            media_id=media_id, service="practitioners", entity_type="practitioner", entity_id=str(practitioner.id)
        )


@event("media.claimed")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaClaimed(MediaUse):
    """This file is in use here."""


@event("media.released")
@dataclass(frozen=True, slots=True, kw_only=True)
class MediaReleased(MediaUse):
    """This file is no longer in use here."""


PUBLISHES = [
    PractitionerChanged,
    ApplicationSubmitted,
    PractitionerVerified,
    PractitionerRejected,
    PractitionerSuspended,
    ChangesRequested,
    DocumentReviewed,
    DocumentExpiring,
    OnboardingReminder,
    EmailVerificationRequested,
    FavoriteChanged,
    ScheduleChanged,
    MediaClaimed,
    MediaReleased,
    *PRIVACY_EVENTS,
]


def _calendar_told(session: Session, row: CalendarVersion) -> ScheduleChanged | None:
    practitioner = session.get(Practitioner, row.practitioner_id)
    return ScheduleChanged.of(calendar_of(session, practitioner, now=utc_now())) if practitioner else None


def _favorites_told(_session: Session, row: FavoriteCounter) -> FavoriteChanged:
    return FavoriteChanged(
        user_id=row.user_id,
        kind="practitioner",
        target_id=row.last_target_id,
        is_favorite=row.last_is_favorite,
        total=row.total,
    )


def favorites_subject(row: FavoriteCounter) -> Subject:
    """Return whom `favorite.changed` is about: a person's favourite practitioners."""
    return Subject(type="user", id=f"{row.user_id}:practitioner", sequence=row.version)


SNAPSHOTS = [
    Snapshot(PractitionerChanged, select(Practitioner), build=PractitionerChanged.of),
    Snapshot(ScheduleChanged, select(CalendarVersion), build=_calendar_told, about=calendar_subject),
    Snapshot(FavoriteChanged, select(FavoriteCounter), build=_favorites_told, about=favorites_subject),
]
