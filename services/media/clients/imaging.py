"""Reading and writing pictures, in a process of its own that may die.

`python -m services.media.clients.imaging` reads one order (JSON) from its input, does it, and prints what came of it.
`sandbox.py` starts it under limits of memory and time: what a hostile picture can reach is this process alone. Nothing
here knows the database, the storage or a secret.
"""

import json
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    ImageOps,
    ImageSequence,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from services.media.clients.colours import clean_copy, facts_of, has_other_colours, opaque
from services.media.domain.variants import AVIF_OF, FORMAT_TYPES, MASTER_SIDE_MAX, SIZES, THUMBNAIL_SIDE

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "GIF": "gif", "WEBP": "webp", "AVIF": "avif"}
_QUALITY = {"JPEG": 88, "WEBP": 80, "AVIF": 60}
_ANIMATED = frozenset({"GIF", "WEBP"})

# Imported for what importing them does: each registers its format, and no other is known here.
PLUGINS = (AvifImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)


class Unfit(Exception):
    """The picture can not be used: a code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def perform(order: dict[str, Any]) -> dict[str, Any]:
    """Do what `order` says and return what came of it; files go into `order["folder"]`. Raises Unfit."""
    with _opened(Path(order["source"]), order["content_type"], order["pixels_max"]) as image:
        done: dict[str, Any] = _TASKS[order["task"]](image, order, Path(order["folder"]))
        return done


def _opened(path: Path, content_type: str, pixels_max: int) -> Image.Image:
    """Open as the one format that the bytes were found to be, without decoding anything yet."""
    image = Image.open(path, formats=[FORMATS[content_type]])
    frames = getattr(image, "n_frames", 1)
    if image.width * image.height > pixels_max:
        raise Unfit("image_too_large", "The picture has too many pixels.")
    if frames > 300 or frames * image.width * image.height > 200_000_000:
        raise Unfit("too_many_frames", "The animation has too many frames.")
    return image


def _first(image: Image.Image, order: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Clean the picture: upright, sRGB, no metadata, at most 4096 on a side; and its thumbnail."""
    format_ = FORMATS[order["content_type"]]
    source = {"width": image.width, "height": image.height, "format": format_.lower()}
    frames = getattr(image, "n_frames", 1)
    master = folder / f"master.{_EXTENSIONS[format_]}"
    if frames > 1 and format_ in _ANIMATED:
        still = _animation(image, master, format_)
    else:
        still = _still(image, master, format_)
    with Image.open(master, formats=[format_]) as made:
        width, height = made.size
    return {
        "master": {**_described(master, width, height, format_.lower()), "content_type": order["content_type"]},
        "versions": [_scaled(still, "thumbnail", THUMBNAIL_SIDE, folder)],
        "meta": {"source": source, "frames": frames, "has_alpha": still.mode == "RGBA"},
    }


def _still(image: Image.Image, master: Path, format_: str) -> Image.Image:
    untouched = (
        format_ == "JPEG"
        and image.mode in ("RGB", "L")
        and image.getexif().get(0x0112, 1) == 1
        and not has_other_colours(image)
        and max(image.size) <= MASTER_SIDE_MAX
    )
    if untouched:
        image.load()
        image.info = {}
        # The very coefficients that were there, in a file of our own writing: nothing is lost, nothing else is kept.
        image.save(master, "JPEG", quality="keep", exif=b"", comment=b"", xmp=b"", icc_profile=None, progressive=True)
        return image.convert("RGB")
    clean = clean_copy(image)
    clean.thumbnail((MASTER_SIDE_MAX, MASTER_SIDE_MAX), Image.Resampling.LANCZOS)
    _save(clean, master, format_)
    return clean


def _animation(image: Image.Image, master: Path, format_: str) -> Image.Image:
    durations: list[int] = []

    def frames() -> Iterator[Image.Image]:
        for frame in ImageSequence.Iterator(image):
            durations.append(int(frame.info.get("duration", 100)))
            clean = frame.convert("RGBA")
            clean.thumbnail((MASTER_SIDE_MAX, MASTER_SIDE_MAX), Image.Resampling.LANCZOS)
            clean.info = {}
            yield clean

    loop = int(image.info.get("loop", 0))
    pictures = list(frames())
    options: dict[str, Any] = {"save_all": True, "append_images": pictures[1:], "duration": durations, "loop": loop}
    if format_ == "WEBP":
        options |= {"quality": _QUALITY["WEBP"], "exif": b"", "xmp": b"", "icc_profile": b""}
    else:
        options |= {"disposal": 2, "comment": b""}
    pictures[0].save(master, format_, **options)
    return pictures[0]


def _variants(image: Image.Image, order: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make every smaller size, the colour that stands for the picture, and its blurhash."""
    clean = clean_copy(image)
    made: list[dict[str, Any]] = []
    for name, side in SIZES.items():
        if max(clean.size) > side:
            made.append(_scaled(clean, name, side, folder))
            if order["avif"] and name in AVIF_OF:
                made.append(_scaled(clean, f"{name}_avif", side, folder, "AVIF"))
    return {"versions": made, "meta": facts_of(clean)}


def _facts(image: Image.Image, order: dict[str, Any], folder: Path) -> dict[str, Any]:  # noqa: ARG001 - all tasks take the same.
    return {"versions": [], "meta": facts_of(clean_copy(image))}


def _thumbnail(image: Image.Image, order: dict[str, Any], folder: Path) -> dict[str, Any]:  # noqa: ARG001 - all tasks take the same.
    return {"versions": [_scaled(clean_copy(image), "thumbnail", THUMBNAIL_SIDE, folder)], "meta": {}}


def _resized(image: Image.Image, order: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Make one more size: inside the box, covering it, or filling it whatever the shape."""
    options = order["options"]
    clean = clean_copy(image)
    width, height, fit = options.get("width"), options.get("height"), options.get("fit", "inside")
    box = (
        width or max(1, round(clean.width * height / clean.height)),
        height or max(1, round(clean.height * width / clean.width)),
    )
    name = f"resize_{box[0]}x{box[1]}"
    if fit == "fill":
        clean = clean.resize(box, Image.Resampling.LANCZOS)
    elif fit == "cover":
        clean = ImageOps.fit(clean, box, Image.Resampling.LANCZOS)
    else:
        clean.thumbnail(box, Image.Resampling.LANCZOS)
    return {"versions": [_written(clean, name, folder, "WEBP", options.get("quality"))], "meta": {}}


def _transcoded(image: Image.Image, order: dict[str, Any], folder: Path) -> dict[str, Any]:
    format_ = FORMATS[FORMAT_TYPES[order["options"]["format"]]]
    made = _written(clean_copy(image), "preview", folder, format_, order["options"].get("quality"))
    return {"versions": [made], "meta": {}}


_TASKS = {
    "first": _first,
    "variants": _variants,
    "facts": _facts,
    "thumbnail": _thumbnail,
    "resize": _resized,
    "transcode": _transcoded,
}


def _scaled(image: Image.Image, name: str, side: int, folder: Path, format_: str = "WEBP") -> dict[str, Any]:
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _written(small, name, folder, format_, None)


def _written(image: Image.Image, name: str, folder: Path, format_: str, quality: int | None) -> dict[str, Any]:
    path = folder / f"{name}.{_EXTENSIONS[format_]}"
    _save(image, path, format_, quality)
    return {"version_type": name, **_described(path, image.width, image.height, format_.lower())}


def _save(image: Image.Image, path: Path, format_: str, quality: int | None = None) -> None:
    """Write a picture, with every place where something else could hide named as empty."""
    options: dict[str, Any] = {"quality": quality or _QUALITY.get(format_, 80)}
    if format_ == "JPEG":
        image = opaque(image)
        options |= {"exif": b"", "comment": b"", "xmp": b"", "icc_profile": None, "progressive": True, "optimize": True}
    elif format_ == "PNG":
        options = {
            "exif": b"",
            "icc_profile": None,
            "pnginfo": None,
            "optimize": image.width * image.height < 2_000_000,
        }
    elif format_ == "WEBP":
        options |= {"exif": b"", "xmp": b"", "icc_profile": b"", "method": 4}
    elif format_ == "AVIF":
        options |= {"exif": b"", "xmp": b"", "icc_profile": b"", "speed": 6, "max_threads": 1}
    elif format_ == "GIF":
        options = {"comment": b""}
    image.save(path, format_, **options)


def _described(path: Path, width: int, height: int, format_: str) -> dict[str, Any]:
    return {"file": path.name, "width": width, "height": height, "file_size": path.stat().st_size, "format": format_}


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """Return what came of an order: `done`, or `unfit` with a code and a sentence."""
    try:
        return {"done": perform(order)}
    except Unfit as unfit:
        return _unfit(unfit.code, unfit.message)
    except MemoryError:
        return _unfit("image_too_complex", "The picture takes too much to process.")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _unfit("image_too_large", "The picture has too many pixels.")
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, KeyError, OverflowError) as broken:
        sys.stderr.write(f"{type(broken).__name__}: {broken}"[:500])
        return _unfit("broken_image", "The picture is damaged.")


def _unfit(code: str, message: str) -> dict[str, Any]:
    return {"unfit": {"code": code, "message": message}}


def main() -> None:
    """Do the one order that stands in the input."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))
    sys.stdout.flush()
    # Nothing is left to tidy that the end of the process does not tidy.
    os._exit(0)


if __name__ == "__main__":
    main()
