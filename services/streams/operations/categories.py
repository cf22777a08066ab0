"""Shelves, which staff keep."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.streams.domain.errors import CategoryNotFound, NameTaken
from services.streams.models import StreamCategory


def create_category(session: Session, body: Mapping[str, Any]) -> StreamCategory:
    """Make a category. Raises NameTaken."""
    slug = body.get("slug") or slug_of(body["name"])
    category = StreamCategory(**{**body, "slug": slug})
    return _kept(session, category)


def change_category(session: Session, category_id: int, body: Mapping[str, Any]) -> StreamCategory:
    """Change what the body names. Raises CategoryNotFound, NameTaken."""
    category = session.get(StreamCategory, category_id, with_for_update=True)
    if category is None:
        raise CategoryNotFound
    for name, value in body.items():
        setattr(category, name, value)
    return _kept(session, category)


def slug_of(name: str) -> str:
    """Return a name as it stands in addresses."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:100] or "category"


def _kept(session: Session, category: StreamCategory) -> StreamCategory:
    try:
        with session.begin_nested():
            session.add(category)
            session.flush()
    except IntegrityError as taken:
        raise NameTaken from taken
    return category
