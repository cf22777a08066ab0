"""Files: one's own list, one file, changing and deleting it."""

import operator
from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from marshmallow import validate
from sqlalchemy import bindparam, func, select
from werkzeug.datastructures import MIMEAccept

from services.media.api.answers import presigned, shown, shown_when_ready, storage
from services.media.api.forms import EntityId, MediaBlueprint, fingerprint
from services.media.api.requests import MediaCreateRequest, MediaRequest
from services.media.api.shapes import Media as MediaShape
from services.media.api.shapes import MediaCreated, MediaPage
from services.media.api.uploads import TAKING, begin, take
from services.media.domain import errors, kinds
from services.media.models import Counter, Media
from services.media.operations.confirming import own_media
from services.media.operations.editing import update_media
from services.media.operations.intake import Wanted, content_url
from services.media.operations.lifecycle import RESTORABLE, delete_own
from services.media.operations.presigning import begin_upload
from services.media.operations.visibility import prepare
from services.media.queries.presenting import COLUMNS, many_media, one_media
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.http import (
    ANYONE,
    SIGNED_IN,
    Idempotency,
    MethodView,
    fields,
    identity,
    require_match,
    say,
    set_version,
)
from shared.http.pages import page_body, query_schema
from shared.listing import Filter, Listing

files = MediaBlueprint("media", "Files that people upload.")


def _found(bound: Any) -> Any:
    """Return the clause that every word of the search begins a word of the file."""
    word = func.regexp_split_to_table(func.lower(bound), "[^[:alnum:]]+").column_valued("word")
    words = select(func.string_agg(func.quote_literal(word).concat(":*"), " & ")).where(word != "")
    return Media.search.op("@@")(func.to_tsquery("simple", words.scalar_subquery()))


def _equal(column: Any) -> Any:
    return lambda bound: column == bound


def _one_of(choices: tuple[str, ...]) -> fields.String:
    return fields.String(validate=validate.OneOf(choices))


MEDIA = Listing(
    columns=COLUMNS,
    key=Media.id,
    filters={
        "entity_type": Filter(_one_of(kinds.ENTITY_TYPES), _equal(Media.entity_type)),
        "entity_id": Filter(EntityId(), _equal(Media.entity_id)),
        "media_type": Filter(_one_of(kinds.MEDIA_TYPES), _equal(Media.media_type)),
        "status": Filter(_one_of(kinds.STATUSES), _equal(Media.status)),
        "visibility": Filter(_one_of(kinds.VISIBILITIES), _equal(Media.visibility)),
        "is_primary": Filter(fields.Boolean(), _equal(Media.is_primary)),
        "created_after": Filter(fields.DateTime(), lambda bound: operator.ge(Media.created_at, bound)),
        "created_before": Filter(fields.DateTime(), lambda bound: operator.lt(Media.created_at, bound)),
        "uploaded_by": Filter(fields.Integer(validate=validate.Range(min=1)), _equal(Media.uploaded_by)),
    },
    orderings={
        "display_order": Media.display_order,
        "created_at": Media.created_at,
        "file_size": Media.file_size,
        "filename": Media.filename,
        "view_count": func.coalesce(Counter.views, 0),
    },
    default_ordering="display_order,-created_at",
    search=_found,
    search_min=1,
)
MediaQuery = query_schema(MEDIA, "MediaQuery")
OWN = Media.uploaded_by == bindparam("me")
ALIVE = Media.status != kinds.DELETED
RECENTLY_DELETED = Media.deleted_at > bindparam("since")


@files.route("/media/")
class Files(MethodView):
    """One's files."""

    @files.operation("media_list", SIGNED_IN)
    @files.arguments(MediaQuery, location="query")
    @files.response(200, MediaPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List one's files; staff see everybody's.

        Deleted ones are left out, unless `status=deleted` asks for those that can still be restored.
        """
        by = identity()
        is_gone = query.get("status") == kinds.DELETED
        where = [RECENTLY_DELETED if is_gone else ALIVE, *([] if by.is_staff else [OWN])]
        parameters: dict[str, Any] = {"since": utc_now() - RESTORABLE} if is_gone else {}
        parameters |= {} if by.is_staff else {"me": by.user_id}
        variant = f"{'gone' if is_gone else 'alive'} {'staff' if by.is_staff else 'own'}"
        with reading() as connection:
            page = MEDIA.page(connection, query, where=where, variant=variant, parameters=parameters)
            return page_body(page, many_media(connection, page.rows, by=by))

    @files.operation(
        "media_create",
        SIGNED_IN,
        refuses=TAKING,
        idempotency=Idempotency.ACROSS_TRANSACTIONS,
        fingerprint=fingerprint,
        waits=True,
    )
    @files.arguments(MediaCreateRequest)
    @files.response(201, MediaCreated)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Create a file, with its bytes or before them.

        Without a file, `upload` says where to send it if `file_size` is given; otherwise ask by renew_upload.
        """
        if body.get("file") is not None:
            return {**shown_when_ready(take(body, body["file"])), "upload": None}
        if body.get("file_size"):
            begun = begin(body)
            return {**shown(begun.media.id), "upload": presigned(begun)}
        wanted = Wanted.of(body, filename=body["filename"], content_type=body.get("content_type"))
        with transaction() as session:
            media = begin_upload(session, wanted, by=identity(), size=None)
        return {**shown(media.id), "upload": None}


@files.route("/media/<uuid:media_id>/")
class File(MethodView):
    """One file."""

    @files.operation("media_retrieve", ANYONE, refuses=[errors.MediaNotFound])
    @files.response(200, MediaShape)
    def get(self, media_id: UUID) -> dict[str, Any] | Response:
        """Return a file; its bytes, to a browser that asks for an image or a page."""
        if wants_bytes(request.accept_mimetypes):
            return redirect(content_url(media_id), 302)  # type: ignore[return-value]
        return shown(media_id)

    @files.operation(
        "media_update",
        SIGNED_IN,
        refuses=[errors.MediaNotFound, errors.NotYourEntity, errors.InvalidTransition, errors.MediaNotReady],
        matches=True,
    )
    @files.arguments(MediaRequest)
    @files.response(200, MediaShape)
    def put(self, body: dict[str, Any], media_id: UUID) -> dict[str, Any]:
        """Change what a file says of itself; its bytes never change."""
        return change(media_id, body)

    @files.operation(
        "media_partial_update",
        SIGNED_IN,
        refuses=[errors.MediaNotFound, errors.NotYourEntity, errors.InvalidTransition, errors.MediaNotReady],
        matches=True,
    )
    @files.arguments(MediaRequest(partial=True))
    @files.response(200, MediaShape)
    def patch(self, body: dict[str, Any], media_id: UUID) -> dict[str, Any]:
        """Change parts of what a file says of itself; its bytes never change."""
        return change(media_id, body)

    @files.operation("media_destroy", SIGNED_IN, refuses=[errors.MediaNotFound])
    @files.response(204)
    def delete(self, media_id: UUID) -> None:
        """Delete a file; it can be restored for seven days."""
        with transaction() as session:
            delete_own(session, media_id, by=identity())


def change(media_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Change a file. What moves between buckets is copied before the row is taken."""
    by = identity()
    with transaction() as session:
        require_match(own_media(session, media_id, by=by).version)
    copies = prepare(storage(), media_id, body["visibility"]) if body.get("visibility") else None
    with transaction() as session:
        media = own_media(session, media_id, by=by, lock=True)
        require_match(media.version)
        was_public = media.visibility == kinds.PUBLIC and media.status == kinds.READY
        update_media(session, media, body, by=by, copies=copies)
        session.flush()
        hidden = was_public and media.visibility == kinds.PRIVATE
        say(
            "Private now. Copies that others keep may be shown until they run out."
            if hidden
            else "Updated successfully"
        )
        set_version(media.version)
        return one_media(session, media_id, by=by)


def wants_bytes(accepted: MIMEAccept) -> bool:
    """Whether a client would rather have a picture, a film, a sound or a page than JSON."""
    if not accepted or accepted.best in (None, "*/*"):
        return False
    said = [(kind, quality) for kind, quality in accepted if kind != "*/*"]
    shown_kinds = [quality for kind, quality in said if kind.startswith(("image/", "video/", "audio/", "text/html"))]
    json = [quality for kind, quality in said if kind.endswith(("/json", "+json")) or kind == "application/*"]
    return bool(shown_kinds) and max(shown_kinds) > max(json, default=0)
