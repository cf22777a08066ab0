"""Changing a profile."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.practitioners.domain import text, words
from services.practitioners.domain.errors import InvalidTransition
from services.practitioners.models import (
    TAXONOMY,
    Certification,
    Education,
    MediaFile,
    Modality,
    OldSlug,
    Practitioner,
    PractitionerTaxonomy,
)
from services.practitioners.operations.announcing import (
    announce,
    announce_calendar,
    claim_media,
    lock_calendar,
    release_media,
)
from services.practitioners.operations.applying import free_slug
from services.practitioners.operations.facts import refresh_facts
from services.practitioners.operations.queueing import queue_next_available
from services.practitioners.operations.verification import advance_onboarding
from shared.errors import Invalid
from shared.localtime import local_day

_TEXTS = ("display_name", "professional_title", "bio", "quote", "years_of_experience", "languages")
_CHOSEN = {
    "specialization_ids": (words.SPECIALIZATION, 20),
    "style_ids": (words.STYLE, 20),
    "topic_ids": (words.TOPIC, 20),
    "modality_ids": (words.MODALITY, 30),
}
_LISTS: tuple[tuple[str, type[Certification] | type[Education]], ...] = (
    ("certification_ids", Certification),
    ("education_ids", Education),
)


def update_profile(session: Session, practitioner: Practitioner, changes: Mapping[str, Any], *, now: datetime) -> None:
    """Apply what is given; absent keys leave things as they are.

    Raises Invalid, InvalidTransition. Emits practitioner.changed, and schedule.changed for another buffer.
    """
    for name in _TEXTS:
        if name in changes:
            value = changes[name]
            setattr(practitioner, name, ([] if name == "languages" else None) if value in (None, "", []) else value)
    _change_slug(session, practitioner, changes)
    _change_pictures(session, practitioner, changes)
    _change_activity(session, practitioner, changes, now=now)
    for name, (kind, most) in _CHOSEN.items():
        if changes.get(name) is not None:
            _choose(session, practitioner, field=name, kind=kind, wanted=changes[name], most=most)
    for name, model in _LISTS:
        if changes.get(name) is not None:
            _keep_only(session, practitioner, field=name, model=model, wanted=changes[name])
    buffer_minutes: int | None = changes.get("buffer_time")
    rebuffered = False
    if buffer_minutes is not None and buffer_minutes != practitioner.buffer_minutes:
        lock_calendar(session, practitioner.id)
        practitioner.buffer_minutes, rebuffered = buffer_minutes, True
    settle_profile(session, practitioner, now=now)
    if rebuffered:
        announce_calendar(session, practitioner)


def settle_profile(session: Session, practitioner: Practitioner, *, now: datetime) -> None:
    """Let everything follow from a change of the profile: facets, steps, and the announcement.

    All six steps settled submits the application by itself.
    """
    refresh_facts(session, [practitioner.id])
    if not advance_onboarding(session, practitioner, now=now):
        announce(session, practitioner)


def _change_slug(session: Session, practitioner: Practitioner, changes: Mapping[str, Any]) -> None:
    wanted = changes.get("slug")
    if wanted and wanted != practitioner.slug:
        if not text.is_slug(wanted):
            raise Invalid.field("slug", "Lower-case letters, digits and single dashes; not a reserved word.")
        if free_slug(session, wanted, owner_id=practitioner.id) != wanted:
            raise Invalid.field("slug", "This address is taken.")
    elif practitioner.verified_at is None and changes.get("display_name"):
        wanted = text.slug_of(changes["display_name"], token=practitioner.slug[-6:])
        if practitioner.slug == wanted or practitioner.slug.rpartition("-")[0] == wanted:
            return
        wanted = free_slug(session, changes["display_name"], owner_id=practitioner.id)
    if not wanted or wanted == practitioner.slug:
        return
    before, practitioner.slug = practitioner.slug, wanted
    try:
        with session.begin_nested():
            session.execute(delete(OldSlug).where(OldSlug.slug == wanted))
            session.flush()
    except IntegrityError as taken:
        raise Invalid.field("slug", "This address is taken.") from taken
    session.execute(upsert(OldSlug).values(slug=before, practitioner_id=practitioner.id).on_conflict_do_nothing())


def _change_pictures(session: Session, practitioner: Practitioner, changes: Mapping[str, Any]) -> None:
    for what, media_type in (("profile_image", "image"), ("profile_video", "video")):
        before: UUID | None = getattr(practitioner, f"{what}_media_id")
        after, url = before, getattr(practitioner, f"{what}_url")
        if f"{what}_url" in changes and changes[f"{what}_url"] != url:
            after, url = None, changes[f"{what}_url"] or None
        if f"{what}_media_id" in changes and changes[f"{what}_media_id"] != before:
            after = changes[f"{what}_media_id"]
            url = own_media(session, practitioner, after, media_type, f"{what}_media_id").url if after else None
        setattr(practitioner, f"{what}_url", url)
        setattr(practitioner, f"{what}_media_id", after)
        if before != after:
            if before:
                release_media(session, practitioner, before)
            if after:
                claim_media(session, practitioner, after)


def own_media(
    session: Session, practitioner: Practitioner, media_id: UUID, media_type: str | None, field: str
) -> MediaFile:
    """Return a ready file that the practitioner uploaded. Raises Invalid."""
    file = session.get(MediaFile, media_id)
    if file is None or file.deleted_at is not None or file.uploaded_by != practitioner.user_id:
        raise Invalid.field(field, "This is not a file of yours that is ready.")
    if media_type is not None and file.media_type != media_type:
        raise Invalid.field(field, f"This file is not of the kind {media_type}.")
    return file


def _change_activity(
    session: Session, practitioner: Practitioner, changes: Mapping[str, Any], *, now: datetime
) -> None:
    wanted = changes.get("practitioner_status")
    until: date | None = changes.get("vacation_until", practitioner.vacation_until)
    if until is not None and "vacation_until" in changes and until <= local_day(now, practitioner.timezone):
        raise Invalid.field("vacation_until", "Must lie in the future.")
    if wanted is not None and practitioner.verification_status != words.VERIFIED:
        raise InvalidTransition("Only a verified practitioner chooses this.")
    if wanted is not None and wanted != practitioner.activity:
        practitioner.activity = wanted
        queue_next_available(session, [practitioner.id])
    practitioner.vacation_until = until if practitioner.activity == words.VACATION else None


def _choose(
    session: Session, practitioner: Practitioner, *, field: str, kind: str, wanted: Sequence[int], most: int
) -> None:
    ids = list(dict.fromkeys(wanted))
    if len(ids) > most:
        raise Invalid.field(field, f"At most {most}.")
    if kind == words.MODALITY:
        known = set(
            session.scalars(
                select(Modality.id).where(
                    Modality.kind == words.MODALITY, Modality.id.in_(ids), Modality.deleted_at.is_(None)
                )
            )
        )
    else:
        model = TAXONOMY[kind]
        known = set(session.scalars(select(model.id).where(model.id.in_(ids))))
    unknown = [str(one) for one in ids if one not in known]
    if unknown:
        raise Invalid.field(field, f"Unknown: {', '.join(unknown)}.")
    session.execute(
        delete(PractitionerTaxonomy).where(
            PractitionerTaxonomy.practitioner_id == practitioner.id, PractitionerTaxonomy.kind == kind
        )
    )
    if ids:
        session.execute(
            insert(PractitionerTaxonomy),
            [
                {"practitioner_id": practitioner.id, "kind": kind, "item_id": one, "position": place}
                for place, one in enumerate(ids)
            ],
        )


def _keep_only(
    session: Session,
    practitioner: Practitioner,
    *,
    field: str,
    model: type[Certification] | type[Education],
    wanted: Sequence[int],
) -> None:
    ids = list(dict.fromkeys(wanted))
    own = set(session.scalars(select(model.id).where(model.practitioner_id == practitioner.id)))
    unknown = [str(one) for one in ids if one not in own]
    if unknown:
        raise Invalid.field(field, f"Unknown: {', '.join(unknown)}.")
    session.execute(delete(model).where(model.practitioner_id == practitioner.id, model.id.not_in(ids)))
    for place, one in enumerate(ids):
        session.execute(update(model).where(model.id == one).values(order=place))


def feature_practitioner(
    session: Session, practitioner: Practitioner, *, featured: bool, until: datetime | None
) -> None:
    """Put somebody first in lists, or no longer. Emits practitioner.changed."""
    practitioner.featured, practitioner.featured_until = featured, until if featured else None
    announce(session, practitioner)
