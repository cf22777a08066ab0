"""Composing an e-mail: subject, text and HTML of a kind, with other people's words made harmless."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifications.domain.kinds import Kind
from services.notifications.domain.rendering import layout, render_mail

OTHERS_WORDS_MAX = 300
OURS = frozenset(
    {
        *("headline", "explanation", "by", "reference", "document", "until", "start", "previous", "device"),
        *("staff_title", "staff_message", "stars"),
    }
)
"""Values that are texts of our own, or instants; all other texts may have been written by anybody."""

_ADDRESS = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.)\S+")
_DOTTED = re.compile(r"(?<=\w)([.@])(?=\w)")
_WORD_JOINER = "\N{WORD JOINER}"


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


def compose(
    kind: Kind,
    values: Mapping[str, Any],
    *,
    reader: Reader,
    link: str,
    label: str | None = None,
    unsubscribe: str | None = None,
) -> Letter:
    """Return the mail of `kind`; `values` are as they were when it was told, instants as ISO texts.

    Words that people wrote are cut, and carry no links. An address that is not proven gets none of them at all: else
    anybody could have us write to anybody, in their words.
    """
    harmless = {name: _harmless(name, value) for name, value in values.items()}
    is_plain = not reader.is_proven and has_words_of_others(values)
    subject, body = render_mail("plain" if is_plain else kind.name, harmless, zone=reader.zone, locale=reader.locale)
    parts = {
        "subject": subject,
        "paragraphs": [" ".join(part.split()) for part in body.split("\n\n") if part.strip()],
        "name": _harmless("name", reader.name) if reader.is_proven else "",
        "link": link,
        "label": label or kind.label,
        "unsubscribe": unsubscribe,
    }
    return Letter(subject=subject, text=layout("mail.txt", parts), html=layout("mail.html", parts))


def has_words_of_others(values: Mapping[str, Any]) -> bool:
    """Whether any of the values may have been written by a person."""
    return any(_is_text(value) and name not in OURS for name, value in values.items())


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
    if isinstance(value, list):
        return [_harmless(name, one) for one in value]
    if name in OURS or not _is_text(value):
        return value
    short = " ".join(str(value).split())
    if len(short) > OTHERS_WORDS_MAX:
        short = short[: OTHERS_WORDS_MAX - 1] + "…"
    return _DOTTED.sub(rf"\1{_WORD_JOINER}", _ADDRESS.sub("[link]", short))
