"""Versions of profiles over HTTP.

The ETag of a profile is its version and a digest of what others' events feed it with (ratings, prices, free times):
a reader sees every change, while an owner's If-Match looks at the version alone.
"""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import orjson

from shared.http import require_match, set_version


def tag_profile(version: int, body: Mapping[str, Any]) -> None:
    """Set the ETag of an answered profile."""
    set_version(f"{version}.{crc32(orjson.dumps(body, default=str)):08x}")


def require_profile(version: int) -> None:
    """Refuse a change on top of another version than If-Match names. Raises PreconditionFailed."""
    require_match(version, marked_by=".")
