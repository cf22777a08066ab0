"""Uploading: with the request, by a signed address, many at once, in parts."""

from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from werkzeug.datastructures import FileStorage

from services.media.api.answers import presigned, shown_when_ready, storage
from services.media.api.forms import MediaBlueprint, fingerprint
from services.media.api.requests import (
    BatchUploadRequest,
    ConfirmUploadRequest,
    MediaUploadRequest,
    PartsRequest,
    PresignedBatchRequest,
    PresignedUploadRequest,
    RenewUploadRequest,
)
from services.media.api.shapes import (
    BatchUploadResult,
    Media,
    PresignedBatchResult,
    PresignedPart,
    PresignedUpload,
    UploadedPart,
)
from services.media.clients.storage import Missing
from services.media.domain import errors, kinds
from services.media.domain.parts import part_count, part_length
from services.media.operations.confirming import confirm_upload, own_media
from services.media.operations.intake import Wanted
from services.media.operations.presigning import Presigned, begin_upload, check_multipart, permit, renew_upload, slot_of
from services.media.operations.uploading import upload
from services.media.queries.presenting import one_media
from shared.database import reading, transaction
from shared.errors import DomainError, Forbidden, Invalid, Unavailable
from shared.http import SIGNED_IN, Idempotency, MethodView, identity, say
from shared.http.parsing import flatten

uploads = MediaBlueprint("media-uploads", "Uploading files.")

TAKING = [
    *(errors.TypeRefused, errors.FileTooLarge, errors.ImageTooLarge, errors.TooManyFrames, errors.QuotaExceeded),
    *(errors.NotYourEntity, errors.TooManyUploads, Unavailable),
]


@uploads.route("/media/upload/")
class Upload(MethodView):
    """A file with the request."""

    @uploads.operation(
        "media_upload_create",
        SIGNED_IN,
        refuses=TAKING,
        idempotency=Idempotency.ACROSS_TRANSACTIONS,
        fingerprint=fingerprint,
        waits=True,
    )
    @uploads.arguments(MediaUploadRequest)
    @uploads.response(201, Media)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Upload a file.

        Answers when its thumbnail is there, after five seconds at the latest; `Prefer: wait=N` chooses another time.
        """
        return shown_when_ready(take(body, body["file"]))


@uploads.route("/media/batch_upload/")
class BatchUpload(MethodView):
    """Several files with the request."""

    @uploads.operation("media_batch_upload_create", SIGNED_IN, refuses=[*TAKING, Forbidden])
    @uploads.arguments(BatchUploadRequest)
    @uploads.response(207, BatchUploadResult)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Upload up to ten files; each is judged alone."""
        created, refused = [], []
        for index, file in enumerate(body["files"]):
            try:
                created.append(take(body, file).id)
            except DomainError as error:
                sentences = [sentence for told in error.errors.values() for sentence in told]
                told = {"error": " ".join([error.message, *sentences]), "code": error.code}
                refused.append({"file": file.filename or "", "index": index, **told})
        with reading() as connection:
            files = [one_media(connection, media_id, by=identity()) for media_id in created]
        total = len(body["files"])
        say(f"{len(files)} of {total} files uploaded")
        return {
            "created": files,
            "errors": refused,
            "summary": {"total": total, "successful": len(files), "failed": len(refused)},
        }


@uploads.route("/media/presigned_upload/")
class PresignedUploads(MethodView):
    """A signed address."""

    @uploads.operation("media_presigned_upload_create", SIGNED_IN, refuses=TAKING)
    @uploads.arguments(PresignedUploadRequest)
    @uploads.response(200, PresignedUpload)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Get an address to upload a file to.

        Send exactly the headers and the number of bytes that were declared, then confirm.
        """
        return presigned(begin(body))


@uploads.route("/media/presigned_uploads/")
class ManyPresignedUploads(MethodView):
    """Many signed addresses."""

    @uploads.operation(
        "media_presigned_uploads_create", SIGNED_IN, refuses=[errors.QuotaExceeded, errors.TooManyUploads]
    )
    @uploads.arguments(PresignedBatchRequest)
    @uploads.response(200, PresignedBatchResult)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Get addresses for up to twenty files; each is judged alone, in order."""
        return {"results": [_one_of_many(index, one) for index, one in enumerate(body["uploads"])]}


@uploads.route("/media/<uuid:media_id>/confirm_upload/")
class Confirm(MethodView):
    """The end of an upload."""

    @uploads.operation(
        "media_confirm_upload_create",
        SIGNED_IN,
        refuses=[
            *(errors.MediaNotFound, errors.UploadMissing, errors.UploadMismatch, errors.TypeRefused),
            *(errors.ImageTooLarge, errors.TooManyFrames, errors.MediaNotPending, Unavailable),
        ],
        waits=True,
    )
    @uploads.arguments(ConfirmUploadRequest)
    @uploads.response(200, Media)
    def post(self, body: dict[str, Any], media_id: UUID) -> dict[str, Any]:
        """Confirm that a file was uploaded.

        Answers when its thumbnail is there, after five seconds at the latest. Again, the same answer.
        """
        media = confirm_upload(storage(), media_id, by=identity(), size=body.get("file_size"), listed=body.get("parts"))
        say("Upload confirmed")
        return shown_when_ready(media)


@uploads.route("/media/<uuid:media_id>/renew_upload/")
class Renew(MethodView):
    """A new address for an upload that was not finished."""

    @uploads.operation(
        "media_renew_upload_create",
        SIGNED_IN,
        refuses=[errors.MediaNotFound, errors.MediaNotPending, errors.FileTooLarge, errors.QuotaExceeded],
    )
    @uploads.arguments(RenewUploadRequest)
    @uploads.response(200, PresignedUpload)
    def post(self, body: dict[str, Any], media_id: UUID) -> dict[str, Any]:
        """Get a new address for an unfinished upload; the former one stops working."""
        with transaction() as session:
            media = own_media(session, media_id, by=identity(), lock=True)
            sha256 = body["sha256"].lower() if body.get("sha256") else None
            renew_upload(
                session,
                media,
                by=identity(),
                size=body.get("file_size"),
                content_type=body.get("content_type"),
                sha256=sha256,
            )
        return presigned(_permitted(media, multipart=media.multipart_upload_id is not None))


@uploads.route("/media/<uuid:media_id>/parts/")
class Parts(MethodView):
    """An upload in parts."""

    @uploads.operation("media_parts_list", SIGNED_IN, refuses=[errors.MediaNotFound, errors.MediaNotPending])
    @uploads.response(200, UploadedPart(many=True))
    def get(self, media_id: UUID) -> list[dict[str, Any]]:
        """List the parts that have arrived, so that an upload can be resumed."""
        media = _in_parts(media_id)
        try:
            arrived = storage().parts(slot_of(media))
        except Missing:
            arrived = []
        return [{"part_number": one.number, "size": one.size, "etag": one.etag} for one in arrived]

    @uploads.operation("media_parts_create", SIGNED_IN, refuses=[errors.MediaNotFound, errors.MediaNotPending])
    @uploads.arguments(PartsRequest)
    @uploads.response(200, PresignedPart(many=True))
    def post(self, body: dict[str, Any], media_id: UUID) -> list[dict[str, Any]]:
        """Get addresses for parts, at most a hundred at a time."""
        media = _in_parts(media_id)
        slot, most = slot_of(media), part_count(media.declared_size or 0)
        beyond = [number for number in body["part_numbers"] if number > most]
        if beyond:
            raise Invalid.field("part_numbers", f"There are only {most} parts.")
        assert media.upload_expires_at is not None, "a pending upload runs out"
        result = []
        for number in body["part_numbers"]:
            size = part_length(slot.size, number)
            one = storage().presign_part(slot, number, size=size, expires_at=media.upload_expires_at)
            result.append({"part_number": number, "url": one.url, "size": size, "expires_at": one.expires_at})
        return result


def take(body: dict[str, Any], file: FileStorage) -> Any:
    """Return the new file of a form."""
    wanted = Wanted.of(body, filename=body.get("filename") or file.filename or "", content_type=file.mimetype)
    return upload(storage(), wanted, file.stream, by=identity())  # type: ignore[arg-type]


def begin(body: dict[str, Any]) -> Presigned:
    """Note an upload that is to come, and permit it."""
    wanted = Wanted.of(body, filename=body["filename"], content_type=body.get("content_type"))
    sha256 = body["sha256"].lower() if body.get("sha256") else None
    if body.get("multipart"):
        check_multipart(body["file_size"])
    with transaction() as session:
        media = begin_upload(session, wanted, by=identity(), size=body["file_size"], sha256=sha256)
    return _permitted(media, multipart=bool(body.get("multipart")))


def _permitted(media: Any, *, multipart: bool) -> Presigned:
    """Permit an upload that is noted; one in parts is begun in the storage first."""
    if multipart:
        upload_id = storage().begin_parts(slot_of(media))
        with transaction() as session:
            media = own_media(session, media.id, by=identity(), lock=True)
            if media.status != kinds.PENDING:
                raise errors.MediaNotPending
            media.multipart_upload_id = upload_id
    return permit(storage(), media)


def _one_of_many(index: int, told: dict[str, Any]) -> dict[str, Any]:
    try:
        body = PresignedUploadRequest().load(told)
        return {"index": index, "upload": presigned(begin(body)), "error": None, "code": None}
    except ValidationError as wrong:
        sentences = [f"{name}: {' '.join(said)}" for name, said in flatten(wrong.messages).items()]
        return {"index": index, "upload": None, "error": " ".join(sentences), "code": Invalid.code}
    except DomainError as refused:
        return {"index": index, "upload": None, "error": refused.message, "code": refused.code}


def _in_parts(media_id: UUID) -> Any:
    with transaction() as session:
        media = own_media(session, media_id, by=identity())
        session.expunge(media)
    if media.status != kinds.PENDING or media.multipart_upload_id is None:
        raise errors.MediaNotPending
    return media
