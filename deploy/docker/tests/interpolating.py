"""docker-compose.yml as docker compose reads it.

`${NAME}`, `${NAME:-default}`, `${NAME-default}` and `${NAME:?why}`, one inside another.
"""

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class Unset(LookupError):
    """A variable that must be given is not."""


def interpolated(text: str, given: Mapping[str, str]) -> str:
    """Return the text with every place filled. Raises Unset."""
    out, position = [], 0
    while (start := text.find("${", position)) >= 0:
        out.append(text[position:start])
        end = _closing(text, start + 2)
        out.append(_value(text[start + 2 : end], given))
        position = end + 1
    return "".join([*out, text[position:]])


def example() -> dict[str, str]:
    """Return the variables of .env.example."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _closing(text: str, start: int) -> int:
    depth = 1
    for position in range(start, len(text)):
        if text.startswith("${", position):
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if not depth:
                return position
    raise ValueError(f"never closed: {text[start : start + 40]}")


def _value(place: str, given: Mapping[str, str]) -> str:
    for operator in (":-", ":?", "-"):
        name, found, rest = place.partition(operator)
        if found and name.isidentifier():
            if operator == ":?":
                if not given.get(name):
                    raise Unset(f"{name}: {rest}")
                return given[name]
            is_set = name in given if operator == "-" else bool(given.get(name))
            return given[name] if is_set else interpolated(rest, given)
    return given.get(place, "")
