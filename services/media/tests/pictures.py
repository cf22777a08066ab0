"""Files that people send, and files that nobody should: all made here, none kept."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from PIL import Image, PngImagePlugin

DOCX_TYPES = (
    b'<Types><Override ContentType="application/vnd.openxmlformats-officedocument.'
    b'wordprocessingml.document.main+xml"/></Types>'
)


@cache
def picture(
    width: int = 640, height: int = 400, *, kind: str = "JPEG", mode: str = "RGB", colour: Any = (40, 120, 160)
) -> bytes:
    """Return a plain picture with a brighter corner."""
    image = Image.new(mode, (width, height), colour if mode == "RGB" else _colour(mode, colour))
    bright: Any = {"RGB": (250, 240, 20), "RGBA": (250, 240, 20, 255), "CMYK": (0, 10, 240, 0)}.get(mode, 255)
    image.paste(bright, (0, 0, width // 2, height // 4))
    return saved(image, kind)


def _colour(mode: str, colour: Any) -> Any:
    return {"RGBA": (*colour, 128), "L": 90, "P": 3, "CMYK": (200, 30, 20, 10)}.get(mode, 0)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the picture's bytes."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    """Return the picture of the bytes, decoded."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def from_a_phone(*, orientation: int = 6) -> bytes:
    """Return a photo lying on its side, with the place where it was taken."""
    image = Image.new("RGB", (640, 400), (90, 60, 30))
    exif = image.getexif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (52.0, 31.0, 12.0), "E", (13.0, 24.0, 18.0)
    return saved(image, "JPEG", exif=exif, comment=b"taken at home")


def animation(kind: str = "GIF", *, frames: int = 4) -> bytes:
    """Return a picture that moves."""
    shown = [Image.new("RGB", (60, 40), (index * 40 % 255, 80, 120)) for index in range(frames)]
    return saved(shown[0], kind, save_all=True, append_images=shown[1:], duration=80, loop=0)


def png_chunk(name: bytes, body: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_claiming(width: int, height: int, *, between: bytes = b"") -> bytes:
    """Return a tiny PNG that says it is of this size; its one row of pixels would be the first of many."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + head + between + data + png_chunk(b"IEND", b"")


@cache
def zeros_compressed(megabytes: int) -> bytes:
    """Return very few bytes that unpack to very many."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def bomb_in_text() -> bytes:
    """Return a small PNG whose text chunk unpacks to 80 MB."""
    return png_claiming(32, 32, between=png_chunk(b"zTXt", b"Comment\0\0" + zeros_compressed(80)))


def bomb_in_profile() -> bytes:
    """Return a small PNG whose colour profile unpacks to 80 MB."""
    return png_claiming(32, 32, between=png_chunk(b"iCCP", b"icc\0\0" + zeros_compressed(80)))


def gif_of_many_frames(count: int) -> bytes:
    """Return a GIF of one-pixel frames."""
    frame = b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0"
    return b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + frame * count + b";"


def gif_with_script() -> bytes:
    """Return a GIF that is a script as well: its first bytes begin a comment that ends behind the picture."""
    plain = saved(Image.new("P", (16, 16), 3), "GIF")
    return plain + b"*/=1;alert(document.domain)//"


def jpeg_with_archive() -> bytes:
    """Return a JPEG with an archive behind its end."""
    behind = io.BytesIO()
    with zipfile.ZipFile(behind, "w") as archive:
        archive.writestr("evil.class", b"\xca\xfe\xba\xbe")
    return picture() + b"<script>alert(1)</script>" + behind.getvalue()


def png_with_text() -> bytes:
    """Return a PNG that carries words."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "Somebody Private")
    return saved(Image.new("RGB", (50, 50), (1, 2, 3)), "PNG", pnginfo=told)


def archive(entries: dict[str, bytes]) -> bytes:
    """Return a zip archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in entries.items():
            made.writestr(name, body)
    return target.getvalue()


def docx(**more: bytes) -> bytes:
    """Return a document of an office program."""
    return archive({"[Content_Types].xml": DOCX_TYPES, "word/document.xml": b"<w:document/>", **more})


def docx_of_gigabytes() -> bytes:
    """Return a document that says of itself that it unpacks to 50 GB."""
    data = bytearray(docx(**{"word/media/image1.bin": b"0" * 1000}))
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(b"word/media/image1.bin"))
    data[place + 24 : place + 28] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(data)


def pdf() -> bytes:
    """Return a page with nothing on it."""
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def mp4(size: int = 4096) -> bytes:
    """Return what looks like a film."""
    head = struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp41")
    return head + struct.pack(">I4s", size - len(head), b"mdat") + bytes(size - len(head) - 8)


def wav() -> bytes:
    """Return a short silence."""
    data = bytes(800)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


Maker = Callable[[], bytes]
