"""Golden samples: what every event looked like when it was released, so that no change breaks a reader.

`python -m shared.messaging.samples` writes a sample for each event that has none of its present form;
`--check` only says what is missing or broken, `--rewrite` makes all anew (before a first release). They lie in
`services/<name>/tests/contract/samples/<type>.json`; a form that gained fields gets a further file, `<type>@2.json`.

Checked are: an old sample must still fit its source's class (fields are only added, never renamed or retyped), and
every reader's class must read every sample, and also the present form with everything left out that may be null.
"""

import dataclasses
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson
from marshmallow import ValidationError

from shared.messaging.errors import Unreadable
from shared.messaging.events import event_type
from shared.messaging.messages import Subject, new_message
from shared.messaging.schemas import dump, load, schema_of
from shared.messaging.topology import ROOT, Participant, participants

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SAMPLE_ID = UUID("01890000-0000-7000-8000-000000000001")

_PLAIN: dict[Any, Any] = {
    str: "text",
    int: 1,
    bool: True,
    float: 1.5,
    datetime: NOON,
    date: NOON.date(),
    time: time(9, 30),
    timedelta: timedelta(hours=1),
    UUID: SAMPLE_ID,
    Decimal: Decimal("1.50"),
    Any: "anything",
}


def folder_of(service: str) -> Path:
    """Return where a service's samples lie."""
    return ROOT / "services" / service / "tests" / "contract" / "samples"


def example(payload: type[Any], *, sparse: bool = False) -> Any:
    """Return an instance of a payload class with made-up values; with `sparse`, None wherever that is allowed."""
    hints = get_type_hints(payload)
    return payload(
        **{
            item.name: _value(hints[item.name], name=item.name, sparse=sparse)
            for item in dataclasses.fields(payload)
            if item.init
        }
    )


def sample_of(service: str, payload: type[Any]) -> dict[str, Any]:
    """Return a whole event of a payload class with made-up values."""
    declared = event_type(payload)
    subject = Subject(type=declared.name.partition(".")[0], id="1", sequence=1)
    message = new_message(
        declared.key,
        dump(example(payload)),
        source=service,
        subject=subject,
        occurred_at=NOON,
        version=declared.version,
    )
    return dataclasses.replace(message, id=SAMPLE_ID).to_dict()


def samples(service: str, key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the kept samples of an event, oldest form first."""
    folder = folder_of(service)
    for path in [folder / f"{key}.json", *sorted(folder.glob(f"{key}@*.json"))]:
        if path.exists():
            yield path, orjson.loads(path.read_bytes())


def write_missing(members: Sequence[Participant], *, rewrite: bool = False) -> list[Path]:
    """Write a sample for each event whose present form has none, and return the new files."""
    written = []
    for member in members:
        folder = folder_of(member.name)
        if rewrite:
            for path in folder.glob("*.json"):
                path.unlink()
        for payload in member.publishes:
            key = event_type(payload).key
            kept = list(samples(member.name, key))
            if any(_is_of_present_form(sample["data"], payload) for _, sample in kept):
                continue
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / (f"{key}@{len(kept) + 1}.json" if kept else f"{key}.json")
            path.write_bytes(orjson.dumps(sample_of(member.name, payload), option=orjson.OPT_INDENT_2) + b"\n")
            written.append(path)
    return written


def problems(members: Sequence[Participant]) -> list[str]:
    """Return one sentence for each sample that is missing, or that its source or a reader no longer understands."""
    found: list[str] = []
    for member in members:
        for payload in member.publishes:
            found += _problems_of_source(member, payload)
            found += _problems_of_readers(member, payload, members)
    return found


def _problems_of_source(member: Participant, payload: type[Any]) -> Iterator[str]:
    key = event_type(payload).key
    kept = list(samples(member.name, key))
    if not any(_is_of_present_form(sample["data"], payload) for _, sample in kept):
        yield f"{member.name}: {key} has no sample of its present form: run python -m shared.messaging.samples"
    for path, sample in kept:
        known = schema_of(payload)().fields
        gone = sorted(set(sample["data"]) - set(known))
        if gone:
            yield f"{member.name}: {key} lost {', '.join(gone)}, which {path.name} has: announce a new version instead"
        try:
            _load_partly(payload, sample["data"])
        except Unreadable as problem:
            yield f"{member.name}: {key} no longer fits {path.name}: {problem}"


def _problems_of_readers(member: Participant, payload: type[Any], members: Sequence[Participant]) -> Iterator[str]:
    key = event_type(payload).key
    told = [(path.name, sample["data"]) for path, sample in samples(member.name, key)]
    told.append(("the present form without optional values", dump(example(payload, sparse=True))))
    for reader in members:
        for subscription in reader.handlers.subscriptions:
            if subscription.key != key:
                continue
            for name, data in told:
                try:
                    load(subscription.reads, data)
                except Unreadable as problem:
                    where = f"{reader.name} ({subscription.origin})"
                    yield f"{where} cannot read {name} of {member.name}'s {key}: {problem}"


def _load_partly(payload: type[Any], data: Mapping[str, Any]) -> None:
    """Check the values that are there against the class. Raises Unreadable."""
    fields = schema_of(payload)().fields
    for name, value in data.items():
        if name in fields:
            try:
                fields[name].deserialize(value, name, data)
            except ValidationError as problem:
                raise Unreadable(f"{name}: {problem}") from problem


def _is_of_present_form(data: Mapping[str, Any], payload: type[Any]) -> bool:
    """Whether a sample has exactly the fields that the class has now, at every depth."""
    return bool(_shape(data) == _shape(dump(example(payload))))


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shape(inner) for inner in value[:1]]
    return None


def _value(hint: Any, *, name: str = "", sparse: bool) -> Any:
    """Return a made-up value of an annotated type; text that is named as an id looks like one."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        inner = next(one for one in arguments if one is not types.NoneType)
        return None if sparse else _value(inner, name=name, sparse=False)
    if origin is Literal:
        return arguments[0]
    if origin in {list, tuple}:
        made = [] if sparse else [_value(arguments[0], name=name, sparse=False)]
        return made if origin is list else tuple(made)
    if origin is dict or hint is dict:
        return {} if sparse or not arguments else {"key": _value(arguments[1], sparse=False)}
    if dataclasses.is_dataclass(hint):
        assert isinstance(hint, type)
        return example(hint, sparse=sparse)
    if hint is str and name.endswith(("uuid", "_id")):
        return str(SAMPLE_ID)
    return _PLAIN[hint]


def main(arguments: Sequence[str]) -> int:
    """Write or check the samples of every service."""
    members = participants()
    if "--check" not in arguments:
        for path in write_missing(members, rewrite="--rewrite" in arguments):
            print(f"written: {path.relative_to(ROOT)}")  # noqa: T201 - A command.
    found = problems(members)
    for problem in found:
        print(problem)  # noqa: T201 - A command.
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
