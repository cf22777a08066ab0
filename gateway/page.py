"""A page of the gateway's own."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Page:
    """A ready answer: `data` is wrapped in the envelope, `body` is not. `docs`: a page with scripts of its own.

    `packed` keeps the compressed forms of a page that is served again.
    """

    data: Any = None
    body: bytes = b""
    content_type: str = "application/json"
    etag: str = ""
    max_age: str = ""
    status: int = 200
    docs: bool = False
    packed: dict[str, bytes] = field(default_factory=dict)
