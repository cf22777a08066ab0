"""From what was read to what operations take."""

from collections.abc import Mapping
from typing import Any

from flask import request

from services.catalog.domain import words
from services.catalog.domain.errors import UploadViaMedia
from shared.errors import Invalid


def service_body(body: Mapping[str, Any], *, type_id: int | None = None, new: bool = False) -> dict[str, Any]:
    """Return the fields of a service with one price and one type. Raises Invalid."""
    read = dict(body)
    price, code = read.pop("price", None), read.pop("type_code", None)
    if price is not None:
        read["price_cents"] = price
    if code is not None:
        read.setdefault("type_id", words.NUMBERS[words.TYPE_ALIASES.get(code, code)])
    if type_id is not None:
        read["type_id"] = type_id
    if new and "type_id" not in read:
        raise Invalid.field("service_type_id", "Missing data for required field.")
    if read.get("max_per_customer") == 0:
        read["max_per_customer"] = None
    return read


def refuse_files() -> None:
    """Refuse a form with a file before it is read as JSON. Raises UploadViaMedia."""
    if request.mimetype == "multipart/form-data":
        raise UploadViaMedia
