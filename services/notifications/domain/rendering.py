"""The words of notifications as they are shipped, and putting values into words."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from services.notifications.domain.kinds import KINDS
from services.notifications.domain.templating import render

FOLDER = Path(__file__).resolve().parents[1] / "texts"
TITLE_MAX, MESSAGE_MAX = 255, 5_000
PLAIN = "plain"
"""What is mailed instead where an address is not proven to be the person's."""

_OWN = {"in_app": ("title", "message"), "email": ("subject", "body")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Templates of one kind on one channel. `html` is empty where the mail's layout shows `body`."""

    subject: str
    body: str
    html: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What became of `Words`."""

    subject: str
    body: str
    html: str | None = None
    facts: tuple[tuple[str, str], ...] = ()


def put_into_words(words: Words, values: Mapping[str, Any], *, zone: str, now: datetime) -> Said:
    """Return a subject of one line, a body whose paragraphs are parted by empty lines, and facts that have a value.

    Raises jinja2.TemplateError, TemplateInvalid.
    """
    subject = render(words.subject, values, zone=zone, now=now)
    facts = ((label, render(source, values, zone=zone, now=now).strip()) for label, source in words.facts)
    return Said(
        subject=" ".join(subject.split())[:TITLE_MAX],
        body=render(words.body, values, zone=zone, now=now).strip(),
        html=render(words.html, values, zone=zone, now=now, is_html=True) if words.html else None,
        facts=tuple((label, text) for label, text in facts if text),
    )


def shipped(kind: str, channel: str, locale: str) -> Words:
    """Return the shipped words, English where we do not know the language.

    A mail that has no words of its own says what the app says.
    """
    texts = _texts(available(locale))[kind]
    own, (title, message) = _OWN[channel], _OWN["in_app"]
    return Words(
        subject=texts.get(own[0]) or texts[title],
        body=texts.get(own[1]) or texts[message],
        facts=tuple((label, source) for label, source in texts.get("facts", ())) if channel == "email" else (),
    )


def all_shipped() -> Iterator[tuple[str, str, str, Words]]:
    """Yield kind, channel, language and words of everything that is shipped."""
    for locale in locales():
        for kind in KINDS.values():
            for channel in kind.channels:
                yield kind.name, channel, locale, shipped(kind.name, channel, locale)


@cache
def fingerprint() -> str:
    """Return what names this release's words."""
    contents = b"".join((FOLDER / f"{locale}.toml").read_bytes() for locale in locales())
    return hashlib.sha256(contents + ",".join(KINDS).encode()).hexdigest()[:16]


@cache
def locales() -> tuple[str, ...]:
    """Return the languages that we have words in."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def available(locale: str) -> str:
    """Return the best of our languages for a BCP 47 tag: exact, else its language, else English."""
    return next((wanted for wanted in (locale, locale.partition("-")[0]) if wanted in locales()), "en")


def layout(name: str, parts: Mapping[str, Any]) -> str:
    """Return a whole mail; in `.html` every part is escaped but those that are markup already."""
    return _layout(name).render(**parts)


@cache
def _layout(name: str) -> Template:
    environment = Environment(
        undefined=StrictUndefined,
        autoescape=name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string((FOLDER / name).read_text())


@cache
def _texts(locale: str) -> dict[str, dict[str, Any]]:
    texts: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / f"{locale}.toml").read_text())
    return texts
