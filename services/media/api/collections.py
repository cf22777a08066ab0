"""Many files at once, what one uses, and what is shown of something."""

from typing import Any

from marshmallow import ValidationError, validate
from sqlalchemy import ColumnElement, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from services.media.api.answers import storage
from services.media.api.forms import MediaBlueprint
from services.media.api.requests import (
    BATCH_MAX,
    AttachRequest,
    BulkDeleteRequest,
    BulkUpdateRequest,
    ReorderRequest,
    Updates,
    UsageQuery,
)
from services.media.api.shapes import (
    AttachResult,
    BulkDeleteResult,
    BulkUpdateResult,
    MediaLimits,
    MediaPage,
    MediaUsage,
)
from services.media.api.shapes import Media as MediaShape
from services.media.clients.films import film_tools
from services.media.domain import errors, kinds
from services.media.models import Media, find_entity
from services.media.operations.attaching import attach, read_entity_id, reorder
from services.media.operations.editing import BULK, bulk_update
from services.media.operations.lifecycle import bulk_delete
from services.media.operations.quotas import quota_of
from services.media.operations.visibility import prepare
from services.media.queries.presenting import COLUMNS, many_media, some_media
from services.media.queries.usage import limits, usage_of
from services.media.settings import settings
from shared.database import transaction
from shared.errors import Forbidden, Invalid
from shared.http import ANYONE, SIGNED_IN, MethodView, fields, identity, say
from shared.http.pages import page_body, query_schema
from shared.http.parsing import flatten
from shared.identity import Identity
from shared.listing import Filter, Listing

together = MediaBlueprint("media-collections", "Many files at once.")

OF_ENTITY = Listing(
    columns=COLUMNS,
    key=Media.id,
    filters={
        "media_type": Filter(
            fields.String(validate=validate.OneOf(kinds.MEDIA_TYPES)), lambda bound: Media.media_type == bound
        )
    },
    orderings={"display_order": Media.display_order, "created_at": Media.created_at},
    default_ordering="display_order,-created_at",
)
OfEntityQuery = query_schema(OF_ENTITY, "MediaOfEntityQuery")
SHOWN: tuple[ColumnElement[bool], ...] = (
    Media.entity_type == bindparam("kind"),
    Media.entity_id == any_(bindparam("names", type_=ARRAY(Text))),
    Media.entity_known.is_(True),
    Media.status == kinds.READY,
    Media.visibility == kinds.PUBLIC,
)


@together.route("/media/bulk_delete/")
class BulkDelete(MethodView):
    """Deleting many."""

    @together.operation("media_bulk_delete_create", SIGNED_IN)
    @together.arguments(BulkDeleteRequest)
    @together.response(200, BulkDeleteResult)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Delete up to a hundred files, all or none."""
        with transaction() as session:
            deleted = bulk_delete(session, body["media_ids"], by=identity())
        say(f"{deleted} files deleted")
        return {"deleted": deleted, "errors": []}


@together.route("/media/bulk_update/")
class BulkUpdate(MethodView):
    """Changing many."""

    @together.operation("media_bulk_update_create", SIGNED_IN, refuses=[errors.MediaNotReady])
    @together.arguments(BulkUpdateRequest)
    @together.response(200, BulkUpdateResult)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change the same of up to a hundred files, all or none."""
        updates = _updates(body["updates"])
        copies = {}
        if "visibility" in updates:
            for media_id in dict.fromkeys(body["media_ids"]):
                made = prepare(storage(), media_id, updates["visibility"])
                if made is not None:
                    copies[media_id] = made
        with transaction() as session:
            updated = bulk_update(session, body["media_ids"], updates, by=identity(), copies=copies)
        say(f"{updated} files updated")
        return {"updated": updated}


@together.route("/media/attach/")
class Attach(MethodView):
    """Moving uploads to what they were made for."""

    @together.operation("media_attach_create", SIGNED_IN, refuses=[errors.MediaNotFound, errors.NotYourEntity])
    @together.arguments(AttachRequest)
    @together.response(200, AttachResult)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Attach uploads that were made before their entity existed."""
        with transaction() as session:
            moved = attach(
                session,
                by=identity(),
                entity_type=body["entity_type"],
                entity_id=body["entity_id"],
                media_ids=body.get("media_ids") or (),
                from_entity_id=body.get("from_entity_id"),
            )
            return {"updated": len(moved), "media": some_media(session, moved, by=identity())}


@together.route("/media/reorder/")
class Reorder(MethodView):
    """Putting files into an order."""

    @together.operation("media_reorder_create", SIGNED_IN)
    @together.arguments(ReorderRequest)
    @together.response(200, MediaShape(many=True))
    def post(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Put one's files of something into the wished order; those left out keep theirs behind."""
        with transaction() as session:
            ordered = reorder(
                session,
                by=identity(),
                entity_type=body["entity_type"],
                entity_id=body["entity_id"],
                media_ids=body["media_ids"],
            )
            return some_media(session, ordered, by=identity())


@together.route("/media/usage/")
class UsageOfOne(MethodView):
    """How much room is taken."""

    @together.operation("media_usage_retrieve", SIGNED_IN, refuses=[Forbidden])
    @together.arguments(UsageQuery, location="query")
    @together.response(200, MediaUsage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return how much room one's files take; staff may ask for anybody."""
        by = identity()
        user_id = query.get("user", by.user_id)
        if user_id != by.user_id:
            if not by.is_staff:
                raise Forbidden
            by = Identity(user_id=user_id)
        with transaction() as session:
            return usage_of(session, user_id, quota=quota_of(session, by))


@together.route("/media/limits/")
class Limits(MethodView):
    """What may be uploaded."""

    @together.operation("media_limits_retrieve", ANYONE)
    @together.response(200, MediaLimits)
    def get(self) -> dict[str, Any]:
        """Return what may be uploaded, so that a page can check before it sends."""
        told = settings()
        return limits(told, storage(), film_tools(told), batch_max_files=BATCH_MAX)


@together.route("/media/entities/<string:entity_type>/<string:entity_id>/")
class OfEntity(MethodView):
    """What is shown of something."""

    @together.operation("media_entities_list", ANYONE)
    @together.arguments(OfEntityQuery, location="query")
    @together.response(200, MediaPage)
    def get(self, query: dict[str, Any], entity_type: str, entity_id: str) -> dict[str, Any]:
        """List the public files of something, in order."""
        if entity_type not in kinds.ENTITY_TYPES:
            raise Invalid.field("entity_type", f"Must be one of: {', '.join(kinds.ENTITY_TYPES)}.")
        name = read_entity_id(entity_id)
        with transaction() as session:
            entity = find_entity(session, entity_type, name)
            number = [str(entity.number)] if entity is not None and entity.number is not None else []
            names = [entity.reference, *number] if entity is not None else [name]
            parameters = {"kind": entity_type, "names": names}
            page = OF_ENTITY.page(session.connection(), query, where=SHOWN, parameters=parameters)
            return page_body(page, many_media(session.connection(), page.rows, by=identity()))


def _updates(told: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be changed. Raises Invalid naming what may not be."""
    unknown = sorted(set(told) - BULK)
    if unknown or not told:
        allowed = ", ".join(sorted(BULK))
        raise Invalid.field("updates", f"May hold {allowed}; not {', '.join(unknown) or 'nothing'}.")
    try:
        read: dict[str, Any] = Updates().load(told)
    except ValidationError as wrong:
        raise Invalid(errors={f"updates.{name}": said for name, said in flatten(wrong.messages).items()}) from wrong
    return read
