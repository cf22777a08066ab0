"""Where the bytes of a file lie, and who may read them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from services.media.clients.storage import Bucket
from services.media.domain import kinds
from services.media.domain.errors import MediaNotFound, MediaNotReady
from services.media.domain.variants import FORMAT_TYPES, MASTER
from services.media.models import Blob, BlobVersion, Media
from services.media.models.blob import LIVE
from shared.identity import Identity


@dataclass(frozen=True, slots=True)
class Content:
    """An object to be served, and how."""

    bucket: Bucket
    key: str
    size: int
    content_type: str
    filename: str
    is_public: bool


def find_content(connection: Connection, media_id: UUID, version: str, *, by: Identity, is_signed: bool) -> Content:
    """Return what is to be served; private files to their owner, to staff and to whoever holds a signed address.

    Raises MediaNotFound, MediaNotReady.
    """
    row = connection.execute(
        select(
            *(Media.status, Media.visibility, Media.uploaded_by, Media.filename, Media.blob_id),
            *(Blob.state, Blob.storage_key, Blob.size, Blob.content_type),
            BlobVersion.storage_key.label("version_key"),
            *(BlobVersion.file_size.label("version_size"), BlobVersion.format),
        )
        .outerjoin(Blob, Blob.id == Media.blob_id)
        .outerjoin(BlobVersion, (BlobVersion.blob_id == Blob.id) & (BlobVersion.version_type == version))
        .where(Media.id == media_id)
    ).first()
    if row is None:
        raise MediaNotFound
    is_insider = by.is_staff or (by.is_signed_in and row.uploaded_by == by.user_id)
    is_public = row.visibility == kinds.PUBLIC
    if not (is_public or is_signed or is_insider) or row.status in (kinds.PENDING, kinds.DELETED):
        raise MediaNotFound
    if row.status == kinds.PROCESSING:
        raise MediaNotReady(retry_after=1)
    if row.status != kinds.READY or row.state != LIVE:
        raise MediaNotReady if is_insider else MediaNotFound
    bucket: Bucket = "public" if is_public else "private"
    stem = row.filename.rpartition(".")[0] or row.filename
    if version == MASTER:
        extension = kinds.STORED_AS.get(row.content_type, row.storage_key.rpartition(".")[2])
        return Content(bucket, row.storage_key, row.size, row.content_type, f"{stem}.{extension}", is_public)
    if row.version_key is None:
        raise MediaNotFound("There is no such version.")
    name = f"{stem}-{version}.{row.format}"
    return Content(bucket, row.version_key, row.version_size, FORMAT_TYPES[row.format], name, is_public)
