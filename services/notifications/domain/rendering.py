"""Forming the words of a notification from a template, in a sandbox that knows values and a few filters only."""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.localtime import local_day, local_text

FOLDER = Path(__file__).resolve().parents[1] / "texts"
FILTERS = (
    "upper", "lower", "title", "trim", "truncate", "default", "join", "length", "first", "urlencode",
)  # fmt: skip


def render(kind: str, values: Mapping[str, Any], *, zone: str, locale: str) -> tuple[str, str]:
    """Return the title and the message of `kind` in the person's language and zone.

    `values` are plain: texts, numbers, instants (aware), lists. A language we do not have is told in English. Raises
    jinja2.UndefinedError if a value is missing.
    """
    texts = _texts(_available(locale))
    environment = _environment(zone)
    title, message = (environment.from_string(texts[kind][part]).render(**values) for part in ("title", "message"))
    return " ".join(title.split())[:255], message.strip()


def render_mail(kind: str, values: Mapping[str, Any], *, zone: str, locale: str) -> tuple[str, str]:
    """Return the subject and the body of `kind` by e-mail: its own ones, else the title and the message of the app.

    Paragraphs are parted by an empty line.
    """
    texts = _texts(_available(locale))[kind]
    environment = _environment(zone)
    subject, body = (
        environment.from_string(texts.get(own) or texts[app]).render(**values)
        for own, app in (("subject", "title"), ("body", "message"))
    )
    return " ".join(subject.split())[:255], body.strip()


def layout(name: str, parts: Mapping[str, Any]) -> str:
    """Return a whole mail; in `.html` every part is escaped."""
    return _layout(name).render(**parts)


@cache
def _layout(name: str) -> Template:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=name.endswith(".html"), trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string((FOLDER / name).read_text())


@cache
def _texts(locale: str) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = tomllib.loads((FOLDER / f"{locale}.toml").read_text())
    return texts


@cache
def _available(locale: str) -> str:
    """Return the best of our languages for a BCP 47 tag: exact, else its language, else English."""
    for wanted in (locale, locale.partition("-")[0]):
        if wanted.isalnum() and (FOLDER / f"{wanted}.toml").is_file():
            return wanted
    return "en"


@cache
def _environment(zone: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS} | {
        "money": _money,
        "datetime": lambda instant: local_text(_instant(instant), zone),
        "date": lambda instant: f"{local_day(_instant(instant), zone):%-d %b %Y}",
        "plural": lambda count, word: word if count == 1 else f"{word}s",
    }
    return environment


def _money(cents: int) -> str:
    return f"${cents // 100:,}.{cents % 100:02}"


def _instant(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
