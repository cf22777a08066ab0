"""Becoming a practitioner, and ceasing to be one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.practitioners.domain import text, words
from services.practitioners.domain.errors import AlreadyPractitioner, HasUpcomingBookings
from services.practitioners.models import BookingCopy, OldSlug, Onboarding, Practitioner, Preference, Subscription, User
from services.practitioners.operations.announcing import announce, announce_calendar
from services.practitioners.operations.counting import count_known_bookings
from services.practitioners.operations.facts import refresh_facts
from services.practitioners.operations.onboarding import refresh_onboarding
from shared.errors import Invalid
from shared.identity import Identity
from shared.ids import uuid7


def apply_as_practitioner(session: Session, *, by: Identity, data: Mapping[str, Any], now: datetime) -> Practitioner:
    """Make the caller's profile, as a draft; a deleted one comes back as it was, with the same id.

    Of two at once one is refused. Raises AlreadyPractitioner, Invalid. Emits practitioner.changed, schedule.changed.
    """
    existing = session.scalar(select(Practitioner).where(Practitioner.user_id == by.user_id).with_for_update())
    if existing is not None and existing.deleted_at is None:
        raise AlreadyPractitioner
    user = session.get(User, by.user_id)
    name = text.full_name(user.first_name, user.last_name) if user else ""
    if user is not None and not name and not data.get("display_name"):
        raise Invalid.field("display_name", "Give a name: your account has none.")
    zone = data.get("timezone") or (user.timezone if user else None) or "UTC"
    values = {
        **{key: value for key, value in data.items() if key != "timezone"},
        "full_name": name,
        "user_active": user.is_active if user else True,
        "timezone": zone,
    }
    practitioner = _revived(session, existing, values) if existing else _created(session, by.user_id, values)
    plan = session.get(Subscription, practitioner.id)
    if plan is not None and plan.is_active and plan.deleted_at is None:
        practitioner.tier_code, practitioner.features = plan.tier_code, plan.features
    if session.get(Preference, practitioner.id) is None:
        session.add(Preference(practitioner_id=practitioner.id, timezone=zone, holidays=[]))
    if session.get(Onboarding, practitioner.id) is None:
        session.add(Onboarding(practitioner_id=practitioner.id, started_at=now, last_updated=now))
    refresh_onboarding(session, practitioner, now=now)
    announce(session, practitioner)
    announce_calendar(session, practitioner)
    refresh_facts(session, [practitioner.id])
    return practitioner


def _created(session: Session, user_id: int, values: Mapping[str, Any]) -> Practitioner:
    name = values.get("display_name") or values["full_name"] or ""
    for _attempt in range(5):
        practitioner = Practitioner(user_id=user_id, slug=free_slug(session, name), **values)
        try:
            with session.begin_nested():
                session.add(practitioner)
                session.flush()
        except IntegrityError as taken:
            if "user_id" in str(taken.orig):
                raise AlreadyPractitioner from taken
            continue
        count_known_bookings(session, practitioner.id)
        return practitioner
    raise AlreadyPractitioner("Somebody is registering the same name at this moment. Try again.")


def _revived(session: Session, practitioner: Practitioner, values: Mapping[str, Any]) -> Practitioner:
    for key, value in values.items():
        if value is not None:
            setattr(practitioner, key, value)
    if practitioner.slug == practitioner.nameless_slug:
        practitioner.slug = free_slug(session, practitioner.shown_name, owner_id=practitioner.id)
    practitioner.deleted_at = None
    practitioner.verification_status = words.DRAFT
    practitioner.activity = words.ACTIVE
    practitioner.featured, practitioner.featured_until = False, None
    practitioner.submitted_at = practitioner.verified_at = practitioner.status_message = None
    return practitioner


def free_slug(session: Session, name: str, *, owner_id: int | None = None) -> str:
    """Return a free address for a name, with -2, -3 … where it is taken by others, now or before."""
    base = text.slug_of(name, token=uuid7().hex[-6:])
    taken = set(
        session.scalars(
            select(Practitioner.slug)
            .where(Practitioner.slug.startswith(base, autoescape=True), Practitioner.id != (owner_id or 0))
            .union_all(
                select(OldSlug.slug).where(
                    OldSlug.slug.startswith(base, autoescape=True), OldSlug.practitioner_id != (owner_id or 0)
                )
            )
        )
    )
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug


def delete_practitioner(session: Session, practitioner: Practitioner, *, now: datetime) -> None:
    """Take a profile off the market; the person keeps the account. Raises HasUpcomingBookings with their count."""
    upcoming = session.scalar(
        select(func.count()).where(
            BookingCopy.practitioner_id == practitioner.id,
            BookingCopy.status.in_(("pending_payment", "confirmed")),
            BookingCopy.start_time > now,
            BookingCopy.deleted_at.is_(None),
        )
    )
    if upcoming:
        raise HasUpcomingBookings(errors={"upcoming_bookings": [str(upcoming)]})
    practitioner.deleted_at = now
    announce(session, practitioner)
