"""What a file really is: read from its bytes, once, before anything else is done with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from services.media.domain import kinds
from services.media.domain.errors import BytesBlocked, TypeRefused
from services.media.domain.pictures import check_header, read_header
from services.media.domain.sniffing import sniff
from services.media.models import BlockedHash
from services.media.settings import Settings


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file that may be taken: its bytes' type, and what its header says."""

    content_type: str
    media_type: str
    extension: str
    size: int
    sha256: str | None
    width: int | None = None
    height: int | None = None


def inspect(file: BinaryIO, *, size: int, sha256: str | None, declared: kinds.Declared, told: Settings) -> Inspected:
    """Return what the bytes are. Raises TypeRefused, FileTooLarge, ImageTooLarge, TooManyFrames, Broken."""
    found = sniff(file, size=size, extension=declared.extension)
    media_type = kinds.media_type_of(found)
    if media_type != declared.media_type:
        raise TypeRefused("The file is not what it is said to be.")
    kinds.check_size(media_type, size, told)
    width = height = None
    if media_type == kinds.IMAGE:
        header = read_header(file, found)
        check_header(header, pixels_max=told.media_max_pixels)
        width, height = header.width, header.height
    return Inspected(found, media_type, kinds.STORED_AS[found], size, sha256, width, height)


def inspect_path(path: Path, **told: object) -> Inspected:
    """Do the same with a file by name."""
    with path.open("rb") as file:
        return inspect(file, **told)  # type: ignore[arg-type]


def refuse_blocked(session: Session, sha256: str | None) -> None:
    """Refuse bytes that staff took down for good. Raises BytesBlocked."""
    if sha256 is not None and session.get(BlockedHash, sha256) is not None:
        raise BytesBlocked
