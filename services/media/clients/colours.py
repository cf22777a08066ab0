"""What a picture looks like: upright, in the one colour space that everybody shows, and which colour it is."""

import io
from typing import Any

from PIL import Image, ImageCms, ImageOps

from services.media.clients import blurhash
from services.media.domain.variants import MASTER_SIDE_MAX

_SRGB = ImageCms.createProfile("sRGB")


def clean_copy(image: Image.Image) -> Image.Image:
    """Return the picture upright, in 8-bit sRGB (RGB, or RGBA where anything shines through), with nothing beside."""
    if getattr(image, "n_frames", 1) > 1:
        image.seek(0)
    elif image.format == "JPEG":
        # The decoder itself can halve what is far too large.
        image.draft(None, (MASTER_SIDE_MAX, MASTER_SIDE_MAX))
    image.load()
    clean = ImageOps.exif_transpose(image)
    clean = _to_srgb(_eight_bits(clean))
    clean.info = {}
    return clean


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        profile = image.info.get("icc_profile")
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
        image.info = {"icc_profile": profile} if profile else {}
    return image


def has_other_colours(image: Image.Image) -> bool:
    profile = image.info.get("icc_profile")
    return isinstance(profile, bytes) and bool(profile) and b"sRGB" not in profile


def _to_srgb(image: Image.Image) -> Image.Image:
    alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    wanted = "RGBA" if alpha else "RGB"
    if image.mode in ("RGB", "RGBA", "CMYK", "L") and has_other_colours(image):
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
            converted = ImageCms.profileToProfile(image, profile, _SRGB, outputMode=wanted)
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            # A profile that does not fit says nothing; the colours are taken as they stand.
            pass
    return image.copy() if image.mode == wanted else image.convert(wanted)


def opaque(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def facts_of(clean: Image.Image) -> dict[str, Any]:
    """Return the colour that stands for the picture, and its blurhash."""
    small = clean.copy()
    small.thumbnail((32, 32), Image.Resampling.BOX)
    small = opaque(small)
    return {
        "dominant_color": _dominant(small),
        "blurhash": blurhash.encode(small.width, small.height, small.tobytes()),
    }


def _dominant(image: Image.Image) -> str:
    """Return the colour that covers most of the picture, as `#rrggbb`."""
    reduced = image.quantize(8, method=Image.Quantize.MEDIANCUT)
    index = max(range(8), key=reduced.histogram().__getitem__)
    red, green, blue = (reduced.getpalette() or [0, 0, 0])[index * 3 : index * 3 + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"
