"""What bytes really are, by an own table of the allowed signatures: names and declarations do not count."""

import lzma
import re
import struct
import zipfile
import zlib
from typing import BinaryIO

from services.media.domain.errors import TypeRefused

HEAD_BYTES = 4096
ZIP_ENTRIES_MAX = 10_000
ZIP_COMMENT_MAX = 65_535
ZIP_DIRECTORY_MAX = 4 * 1024 * 1024
ZIP_BYTES_MAX = 500 * 1024 * 1024
_OFFICE = {
    b"wordprocessingml.document.main+xml": "docx",
    b"spreadsheetml.sheet.main+xml": "xlsx",
    b"presentationml.presentation.main+xml": "pptx",
}
_BY_EXTENSION = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_MIMETYPES = {
    b"application/vnd.oasis.opendocument.text": "application/vnd.oasis.opendocument.text",
    b"application/epub+zip": "application/epub+zip",
}
_MP4_VIDEO = frozenset(
    {
        b"isom",
        b"iso2",
        b"iso4",
        b"iso5",
        b"iso6",
        b"mp41",
        b"mp42",
        b"avc1",
        b"dash",
        b"M4V ",
        b"M4VH",
        b"MSNV",
        b"f4v ",
    }
)
_LATIN_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_TEXT_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def sniff(file: BinaryIO, *, size: int, extension: str) -> str:
    """Return the content type of the bytes. `extension` only chooses between kinds of text. Raises TypeRefused."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    found = _binary(head)
    if found is None and head.startswith(b"PK\x03\x04"):
        found = _archive(file)
    if found is None and head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") and extension == "doc":
        found = "application/msword"
    if found is None and extension in ("txt", "csv"):
        found = _text(file, size=size, extension=extension)
    if found is None:
        raise TypeRefused
    return found


def _binary(head: bytes) -> str | None:
    for signature, content_type in _SIGNATURES:
        if head.startswith(signature):
            return content_type
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _base_media(head)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska" if b"matroska" in head[:64] else None
    if len(head) > 3 and head[0] == 0xFF:
        if head[1] & 0xF6 == 0xF0:
            return "audio/aac"
        if head[1] & 0xE0 == 0xE0 and head[1] & 0x18 != 0x08 and head[1] & 0x06 == 0x02 and head[2] & 0xF0 != 0xF0:
            return "audio/mpeg"
    return None


_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
)


def _base_media(head: bytes) -> str | None:
    """Tell the brands of an ISO base media file apart. Source: ISO/IEC 14496-12, section 4.3."""
    brand = head[8:12]
    length = int.from_bytes(head[:4], "big")
    others = {head[place : place + 4] for place in range(16, min(length, len(head)), 4)}
    if brand in (b"avif", b"avis") or (brand in (b"mif1", b"msf1") and b"avif" in others):
        return "image/avif"
    if brand in (b"M4A ", b"M4B "):
        return "audio/mp4"
    if brand == b"qt  ":
        return "video/quicktime"
    return "video/mp4" if brand in _MP4_VIDEO else None


def _archive(file: BinaryIO) -> str | None:
    """Return what an office document or a book is; archives of anything else are refused. Raises TypeRefused."""
    _check_directory(file)
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > ZIP_ENTRIES_MAX or sum(entry.file_size for entry in entries) > ZIP_BYTES_MAX:
                raise TypeRefused("The document unpacks to far more than a document should.")
            names = {entry.filename for entry in entries}
            if any(name.rpartition("/")[2].lower() == "vbaproject.bin" for name in names):
                raise TypeRefused("Documents with macros are not accepted.")
            if "mimetype" in names:
                return _MIMETYPES.get(_begin(archive, "mimetype", 100).strip())
            if "[Content_Types].xml" in names:
                listed = _begin(archive, "[Content_Types].xml", 1 << 20)
                return next((_BY_EXTENSION[kind] for mark, kind in _OFFICE.items() if mark in listed), None)
    except _DAMAGED:
        return None
    return None


_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, ValueError, OSError, KeyError, IndexError),
)


def _check_directory(file: BinaryIO) -> None:
    """Refuse an archive whose list of entries is itself a bomb: reading it makes an object of each. Raises TypeRefused.

    Source: APPNOTE 6.3.10, section 4.3.16. Documents need no ZIP64.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - ZIP_COMMENT_MAX - 42))
    end = file.read()
    place = end.rfind(b"PK\x05\x06")
    if place < 0 or len(end) < place + 22 or b"PK\x06\x07" in end[max(0, place - 20) : place]:
        raise TypeRefused
    entries, length = struct.unpack("<HI", end[place + 10 : place + 16])
    if entries > ZIP_ENTRIES_MAX or length > ZIP_DIRECTORY_MAX:
        raise TypeRefused("The document holds far more parts than a document should.")


def _begin(archive: zipfile.ZipFile, name: str, count: int) -> bytes:
    with archive.open(name) as entry:
        return entry.read(count)


def _text(file: BinaryIO, *, size: int, extension: str) -> str | None:
    """Accept UTF-8, or Latin-1 without control characters, that nothing would read as markup."""
    file.seek(0)
    data = file.read(size)
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"<", b"{\\rtf", b"%PDF", b"%!PS")):
        return None
    try:
        if _TEXT_CONTROL.search(data.decode("utf-8-sig")):
            return None
    except UnicodeDecodeError:
        if _LATIN_CONTROL.search(data):
            return None
    return "text/csv" if extension == "csv" else "text/plain"
