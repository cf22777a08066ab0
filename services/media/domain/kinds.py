"""What is accepted: media types, extensions, content types, entity types, and how large each may be."""

from dataclasses import dataclass

from services.media.domain.errors import FileTooLarge, TypeRefused
from services.media.settings import MIB, Settings

IMAGE, VIDEO, AUDIO, DOCUMENT = "image", "video", "audio", "document"
MEDIA_TYPES = (IMAGE, VIDEO, AUDIO, DOCUMENT)

PENDING, PROCESSING, READY, FAILED, DELETED = "pending", "processing", "ready", "failed", "deleted"
STATUSES = (PENDING, PROCESSING, READY, FAILED, DELETED)

PUBLIC, PRIVATE = "public", "private"
VISIBILITIES = (PUBLIC, PRIVATE)

ENTITY_TYPES = (
    *("service", "practitioner", "review", "user", "stream_post", "room_recording", "service_resource", "stream"),
    *("live_stream", "certification"),
)
_SHOWN = frozenset({"service", "practitioner", "review", "user", "stream", "live_stream"})

EXTENSIONS: dict[str, str] = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "avif": "image/avif",
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "avi": "video/x-msvideo", "webm": "video/webm",
    "mkv": "video/x-matroska",
    "mp3": "audio/mpeg", "wav": "audio/wav", "ogg": "audio/ogg", "oga": "audio/ogg", "aac": "audio/aac",
    "m4a": "audio/mp4", "flac": "audio/flac",
    "pdf": "application/pdf", "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text", "epub": "application/epub+zip", "rtf": "application/rtf",
    "txt": "text/plain", "csv": "text/csv",
}  # fmt: skip

_ALIASES = {
    "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png",
    "audio/mp3": "audio/mpeg", "audio/x-m4a": "audio/mp4", "audio/m4a": "audio/mp4", "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav", "audio/vnd.wave": "audio/wav", "audio/x-flac": "audio/flac",
    "audio/x-aac": "audio/aac", "audio/aacp": "audio/aac", "application/ogg": "audio/ogg",
    "video/x-m4v": "video/mp4", "video/avi": "video/x-msvideo", "video/msvideo": "video/x-msvideo",
    "video/matroska": "video/x-matroska",
    "application/x-rtf": "application/rtf", "text/rtf": "application/rtf", "application/x-pdf": "application/pdf",
    "application/csv": "text/csv",
}  # fmt: skip

_UNDECLARED = frozenset({"", "application/octet-stream", "binary/octet-stream"})

# The extension under which bytes of a type are stored, whatever they were called.
STORED_AS: dict[str, str] = {}
for _extension, _type in EXTENSIONS.items():
    STORED_AS.setdefault(_type, _extension)


@dataclass(frozen=True, slots=True)
class Declared:
    """What somebody says of a file before its bytes are known."""

    extension: str
    content_type: str
    media_type: str


def media_type_of(content_type: str) -> str:
    """Return the media type of an accepted content type."""
    kind = content_type.partition("/")[0]
    return kind if kind in (IMAGE, VIDEO, AUDIO) else DOCUMENT


def declared(filename: str, content_type: str | None) -> Declared:
    """Return what name and type declare together. Raises TypeRefused where they are unknown or disagree."""
    extension = filename.rpartition(".")[2].lower() if "." in filename else ""
    said = (content_type or "").partition(";")[0].strip().lower()
    said = _ALIASES.get(said, said)
    by_name = EXTENSIONS.get(extension)
    if by_name is None:
        raise TypeRefused(errors={"file": [f"Files are accepted with these endings: {', '.join(EXTENSIONS)}."]})
    if said in _UNDECLARED:
        return Declared(extension, by_name, media_type_of(by_name))
    if said not in STORED_AS:
        raise TypeRefused(errors={"content_type": ["Files of this type are not accepted."]})
    if media_type_of(said) != media_type_of(by_name):
        raise TypeRefused(errors={"content_type": ["Does not fit the ending of the file name."]})
    return Declared(extension, by_name, media_type_of(by_name))


def bytes_at_most(media_type: str, told: Settings) -> int:
    """Return how many bytes a file of the media type may have."""
    megabytes = {
        IMAGE: told.media_max_image_mb,
        VIDEO: told.media_max_video_mb,
        AUDIO: told.media_max_audio_mb,
        DOCUMENT: told.media_max_document_mb,
    }
    return megabytes[media_type] * MIB


def check_size(media_type: str, size: int, told: Settings) -> None:
    """Refuse what is too large. Raises FileTooLarge."""
    most = bytes_at_most(media_type, told)
    if size > most:
        raise FileTooLarge(f"Files of type {media_type} may have at most {most // MIB} MiB.")


def usual_visibility(media_type: str, entity_type: str) -> str:
    """Return who may see a file unless it is said: pictures that are there to be shown are public, the rest is not."""
    return PUBLIC if media_type == IMAGE and entity_type in _SHOWN else PRIVATE
