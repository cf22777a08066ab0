"""A page of the gateway's own."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class Page:
    """A ready answer: `data` is wrapped in the envelope, `body` is not. `docs`: a page with scripts of its own."""

    data: Any = None
    body: bytes = b""
    content_type: str = "application/json"
    etag: str = ""
    max_age: str = ""
    status: int = 200
    docs: bool = False
