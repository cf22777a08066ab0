"""What a call may be told: a kind for each parameter, checked before the call begins.

A kind turns the form's strings into values. Names are spelt as Stripe spells them in errors: `items[0][price]`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl

from .errors import InvalidRequest

Raw = str | dict[str, Any]
Params = dict[str, Any]

METADATA_KEYS_MAX = 50
METADATA_KEY_LENGTH_MAX = 40
METADATA_VALUE_LENGTH_MAX = 500


class Kind(Protocol):
    """One kind of value."""

    def read(self, raw: Raw, name: str) -> Any:
        """Return the value. Raises InvalidRequest that names the parameter."""


def decode(form: str) -> dict[str, Any]:
    """Turn `a[b][0]=c` into `{"a": {"b": {"0": "c"}}}`; `a[]=c` counts up from 0."""
    decoded: dict[str, Any] = {}
    for key, value in parse_qsl(form, keep_blank_values=True, max_num_fields=2000):
        head, *rest = re.split(r"\[|\]\[", key.removesuffix("]")) if key.endswith("]") else [key]
        node, name = decoded, head
        for part in rest:
            inner = node.setdefault(name, {})
            if not isinstance(inner, dict):
                raise InvalidRequest(f"Invalid hash: {name}", param=head, code="parameter_invalid")
            node, name = inner, part or str(len(inner))
        node[name] = value
    return decoded


def _text(raw: Raw, name: str) -> str:
    if not isinstance(raw, str):
        raise InvalidRequest(f"Invalid string: {name}", param=name, code="parameter_invalid_string")
    return raw


@dataclass(frozen=True)
class Text:
    """A string of up to `longest` characters; empty means: unset."""

    longest: int = 5000

    def read(self, raw: Raw, name: str) -> str | None:
        """Return the string, or None for an empty one."""
        text = _text(raw, name)
        if len(text) > self.longest:
            raise InvalidRequest(
                f"Invalid string: {text[:20]}…; must be at most {self.longest} characters",
                param=name,
                code="parameter_invalid_string_too_long",
            )
        return text or None


@dataclass(frozen=True)
class Integer:
    """A whole number, not below `least`."""

    least: int | None = None

    def read(self, raw: Raw, name: str) -> int:
        """Return the number."""
        text = _text(raw, name)
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise InvalidRequest(f"Invalid integer: {text}", param=name, code="parameter_invalid_integer")
        number = int(text)
        if self.least is not None and number < self.least:
            raise InvalidRequest(
                f"This value must be greater than or equal to {self.least}.",
                param=name,
                code="parameter_invalid_integer",
            )
        return number


@dataclass(frozen=True)
class Boolean:
    """`true` or `false`."""

    def read(self, raw: Raw, name: str) -> bool:
        """Return the truth value."""
        text = _text(raw, name).lower()
        if text not in {"true", "false"}:
            raise InvalidRequest(f"Invalid boolean: {text}", param=name)
        return text == "true"


class Choice:
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def read(self, raw: Raw, name: str) -> str:
        """Return the word."""
        text = _text(raw, name)
        if text not in self.words:
            wanted = ", ".join(self.words)
            raise InvalidRequest(f"Invalid {name}: must be one of {wanted}", param=name, code="parameter_invalid")
        return text


class Fields:
    """A hash with known members."""

    def __init__(self, members: Mapping[str, Kind]) -> None:
        self.members = members

    def read(self, raw: Raw, name: str) -> Params | None:
        """Return the members given; an empty string in the hash's place means: unset."""
        if raw == "":
            return None
        if not isinstance(raw, dict):
            raise InvalidRequest(f"Invalid hash: {name}", param=name, code="parameter_invalid_hash")
        return read_members(self.members, raw, within=name)


@dataclass(frozen=True)
class ListOf:
    """A list of one kind."""

    item: Kind

    def read(self, raw: Raw, name: str) -> list[Any]:
        """Return the items in the order of their indexes; an empty string stands for an empty list."""
        if raw == "":
            return []
        if not isinstance(raw, dict) or not all(index.isdigit() for index in raw):
            raise InvalidRequest(f"Invalid array: {name}", param=name, code="parameter_invalid_array")
        return [self.item.read(raw[index], f"{name}[{index}]") for index in sorted(raw, key=int)]


@dataclass(frozen=True)
class Metadata:
    """Names and values of the caller's own."""

    def read(self, raw: Raw, name: str) -> dict[str, str] | None:
        """Return the pairs (an empty value removes its name); None clears all."""
        if raw == "":
            return None
        if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
            raise InvalidRequest(f"Invalid {name}: must be a hash of strings", param=name)
        if len(raw) > METADATA_KEYS_MAX:
            raise InvalidRequest(f"You can have at most {METADATA_KEYS_MAX} metadata keys.", param=name)
        for key, value in raw.items():
            if len(key) > METADATA_KEY_LENGTH_MAX or len(value) > METADATA_VALUE_LENGTH_MAX:
                raise InvalidRequest(
                    f"Metadata keys are at most {METADATA_KEY_LENGTH_MAX} characters, "
                    f"values at most {METADATA_VALUE_LENGTH_MAX}.",
                    param=f"{name}[{key}]",
                )
        return raw


class OneOf:
    """Any of several kinds: the first that can read the value."""

    def __init__(self, *kinds: Kind) -> None:
        self.kinds = kinds

    def read(self, raw: Raw, name: str) -> Any:
        """Return what the first fitting kind reads; the last one's refusal is told."""
        for kind in self.kinds[:-1]:
            try:
                return kind.read(raw, name)
            except InvalidRequest:
                continue
        return self.kinds[-1].read(raw, name)


TEXT = Text()
INTEGER = Integer()
AMOUNT = Integer(least=0)
BOOLEAN = Boolean()
METADATA = Metadata()
RANGE = OneOf(Fields({"gt": INTEGER, "gte": INTEGER, "lt": INTEGER, "lte": INTEGER}), INTEGER)
ADDRESS = Fields(dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), TEXT))
EXPAND: Mapping[str, Kind] = {"expand": ListOf(TEXT)}
PAGE: Mapping[str, Kind] = {"limit": Integer(least=1), "starting_after": TEXT, "ending_before": TEXT}


def read_members(kinds: Mapping[str, Kind], raw: dict[str, Any], *, within: str = "") -> Params:
    """Check every given parameter; those not given are absent from the result.

    Raises InvalidRequest `parameter_unknown` for a name that is not in `kinds`.
    """
    values: Params = {}
    for name, value in raw.items():
        full_name = f"{within}[{name}]" if within else name
        if name not in kinds:
            raise InvalidRequest(
                f"Received unknown parameter: {full_name}. The sandbox knows here: {', '.join(sorted(kinds))}.",
                code="parameter_unknown",
                param=full_name,
            )
        values[name] = kinds[name].read(value, full_name)
    return values


def picked(params: Params, *names: str) -> Params:
    """Return the parameters of these names that were given."""
    return {name: params[name] for name in names if name in params}


def merge_metadata(held: dict[str, str], given: dict[str, str] | None) -> dict[str, str]:
    """Stripe's rule for metadata: names are added or replaced, an empty value removes, None clears."""
    if given is None:
        return {}
    return {name: value for name, value in {**held, **given}.items() if value != ""}
