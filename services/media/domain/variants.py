"""Which variants are made of a picture."""

PIPELINE = 1
"""Raised when variants are made differently: then equal bytes are processed anew, not shared with old ones."""

MASTER = "master"
MASTER_SIDE_MAX = 4096
THUMBNAIL, POSTER, PREVIEW = "thumbnail", "poster", "preview"
THUMBNAIL_SIDE = 300
SIZES = {"small": 480, "medium": 960, "large": 1600, "hd": 2560}
AVIF_OF = ("medium", "large")
RESIZED_MAX = 20

OPERATIONS = ("thumbnail", "optimize", "resize", "transcode", "extract_metadata")
IMAGE_FORMATS = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp", "avif": "avif"}
VIDEO_FORMATS = ("mp4", "webm")
FORMAT_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
STRIPPED = ("exif", "xmp", "iptc", "comments", "embedded_thumbnails", "icc_profile")
