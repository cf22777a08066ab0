"""Names of files: shown and sent in headers, never part of a path."""

import re
import unicodedata
from urllib.parse import quote

LENGTH_MAX = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def clean(name: str) -> str:
    """Return the base name: no folders, no control or direction characters, NFC, at most 255 characters.

    The ending is kept when the name is cut. Empty when nothing is left.
    """
    base = re.split(r"[\\/]", _CONTROL.sub("", name))[-1]
    text = unicodedata.normalize("NFC", base).strip().strip(".") if base.strip(". ") else ""
    if len(text) <= LENGTH_MAX:
        return text
    stem, dot, extension = text.rpartition(".")
    if not dot or len(extension) > 16:
        return text[:LENGTH_MAX]
    return stem[: LENGTH_MAX - len(extension) - 1] + dot + extension


def renamed(name: str, *, extension: str) -> str:
    """Return a cleaned new name that keeps the file's extension."""
    text = clean(name)
    if text.lower().endswith(f".{extension}"):
        return text
    stem, dot, ending = text.rpartition(".")
    base = stem if dot and ending.isalnum() and len(ending) <= 5 else text
    return clean(f"{base}.{extension}")


def disposition(kind: str, name: str) -> str:
    """Return Content-Disposition for a name of any characters. Source: RFC 6266, RFC 8187."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^ !#$&+\-.^_`|~0-9A-Za-z()]", "_", plain) or "file"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
