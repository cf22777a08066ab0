"""Composing an e-mail: subject, text and HTML, with other people's words made harmless."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from services.notifications.domain.kinds import Kind
from services.notifications.domain.rendering import Said, layout

OTHERS_WORDS_MAX = 300
OURS = frozenset(
    {
        *("headline", "explanation", "by", "reference", "document", "until", "start", "end", "previous", "device"),
        *("staff_title", "staff_message", "stars", "change", "number", "groups", "days"),
    }
)
"""Values that are texts of our own, were made harmless before, or are instants; others may be anybody's words."""

_ADDRESS = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.)\S+")
_DOTTED = re.compile(r"(?<=\w)([.@])(?=\w)")
_WORD_JOINER = "\N{WORD JOINER}"
_TONES = {"urgent": "#a33b2a", "high": "#1f5c4a", "normal": "#1f5c4a", "low": "#1f5c4a"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads the mail. `is_proven`: the address is known to be theirs."""

    zone: str = "UTC"
    locale: str = "en"
    name: str = ""
    is_proven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail's words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where a mail leads: what it is about, its button's words, the link that ends such mails, and the house."""

    about: str
    label: str
    unsubscribe: str | None = None
    home: str = ""


def compose(kind: Kind, said: Said, *, reader: Reader, links: Links, values: Mapping[str, Any]) -> Letter:
    """Return the mail that says `said`; a digest's `values` hold its items."""
    paragraphs = [" ".join(part.split()) for part in said.body.split("\n\n") if part.strip()]
    parts = {
        "subject": said.subject,
        "preview": (paragraphs[0] if paragraphs else said.subject)[:140],
        "paragraphs": paragraphs,
        "content": Markup(said.html) if said.html is not None else None,  # noqa: S704 - a sandboxed template's, escaped.
        "facts": said.facts,
        "groups": values.get("groups", []) if kind.name == "digest" else [],
        "more": values.get("more", 0) if kind.name == "digest" else 0,
        "name": _harmless("name", reader.name) if reader.is_proven else "",
        "tone": _TONES[kind.priority.word],
        "type": kind.type,
        "link": links.about,
        "is_secret": "token=" in links.about,
        "label": links.label,
        "unsubscribe": links.unsubscribe,
        "home": links.home,
    }
    return Letter(subject=said.subject, text=layout("mail.txt", parts), html=layout("mail.html", parts))


def has_words_of_others(values: Mapping[str, Any]) -> bool:
    """Whether any of the values may have been written by a person."""
    return any(_is_text(value) and name not in OURS for name, value in values.items())


def harmless(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with people's words cut, and without links."""
    return {name: _harmless(name, value) for name, value in values.items()}


def _is_text(value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_text(one) for one in value)
    return isinstance(value, str) and bool(value) and not _is_instant(value)


def _is_instant(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _harmless(name: str, value: Any) -> Any:
    if isinstance(value, list) and name not in OURS:
        return [_harmless(name, one) for one in value]
    if name in OURS or not _is_text(value):
        return value
    short = " ".join(str(value).split())
    if len(short) > OTHERS_WORDS_MAX:
        short = short[: OTHERS_WORDS_MAX - 1] + "…"
    return _DOTTED.sub(rf"\1{_WORD_JOINER}", _ADDRESS.sub("[link]", short))
