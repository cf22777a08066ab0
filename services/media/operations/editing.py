"""Changing what a file says of itself. Bytes never change."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.media.domain import filenames, kinds
from services.media.domain.errors import InvalidTransition, MediaNotReady, Suspended
from services.media.models import Media
from services.media.operations.announcing import announce
from services.media.operations.attaching import attachment, move, read_entity_id, set_primary
from services.media.operations.intake import is_suspended
from services.media.operations.visibility import Copies, show_to
from shared.errors import Invalid
from shared.identity import Identity

TEXTS = ("title", "description", "alt_text", "display_order")
BULK = frozenset({*TEXTS, "visibility"})


def update_media(
    session: Session, media: Media, body: Mapping[str, Any], *, by: Identity, copies: Copies | None
) -> None:
    """Change a file's own words, place and visibility; the caller holds the row.

    `copies` are what `visibility.prepare` made. Raises NotYourEntity, InvalidTransition, Suspended, Invalid,
    MediaNotReady. Emits MediaReady, MediaDeleted (detached).
    """
    if media.status == kinds.DELETED:
        raise InvalidTransition
    for name in TEXTS:
        if name in body and body[name] != getattr(media, name):
            setattr(media, name, body[name])
    if body.get("filename"):
        name = filenames.renamed(body["filename"], extension=media.ext)
        if name == f".{media.ext}" or not name:
            raise Invalid.field("filename", "A name is needed.")
        media.filename = name
    if "entity_type" in body or "entity_id" in body:
        entity_type = body.get("entity_type") or media.entity_type
        entity_id = read_entity_id(body.get("entity_id") or media.entity_id)
        if (entity_type, entity_id) != (media.entity_type, media.entity_id):
            move(session, media, attachment(session, entity_type, entity_id, by=by))
    if body.get("visibility") and body["visibility"] != media.visibility:
        _change_visibility(session, media, body["visibility"], by=by, copies=copies)
    if body.get("is_primary") is False:
        media.is_primary = False
    announce(session, media)
    if body.get("is_primary") is True and not media.is_primary:
        set_primary(session, media)


def _change_visibility(session: Session, media: Media, wanted: str, *, by: Identity, copies: Copies | None) -> None:
    if wanted == kinds.PUBLIC and not by.is_staff and is_suspended(session, by.user_id):
        raise Suspended
    if media.status == kinds.PROCESSING:
        raise MediaNotReady("Who may see it can be changed as soon as the file is ready.")
    show_to(session, media, wanted, copies)


def own_many(session: Session, media_ids: Sequence[UUID], *, by: Identity) -> list[Media]:
    """Return the caller's files, locked, each once. Raises Invalid naming those that are not there or not theirs."""
    wanted = list(dict.fromkeys(media_ids))
    own = select(Media).where(Media.id.in_(wanted), Media.status != kinds.DELETED)
    if not by.is_staff:
        own = own.where(Media.uploaded_by == by.user_id)
    ordered = own.order_by(Media.id).with_for_update().execution_options(populate_existing=True)
    found = {media.id: media for media in session.scalars(ordered)}
    unknown = [one for one in wanted if one not in found]
    if unknown:
        raise Invalid(errors={"media_ids": [f"There is no such file of yours: {one}." for one in unknown]})
    return [found[one] for one in wanted]


def bulk_update(
    session: Session,
    media_ids: Sequence[UUID],
    updates: Mapping[str, Any],
    *,
    by: Identity,
    copies: Mapping[UUID, Copies],
) -> int:
    """Change the same of many files, all or none; return how many. Raises what `update_media` does."""
    found = own_many(session, media_ids, by=by)
    for media in found:
        update_media(session, media, updates, by=by, copies=copies.get(media.id))
    return len(found)
