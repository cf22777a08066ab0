"""The page that says who announces what, and who listens: `python -m shared.messaging.docs` writes docs/events.md.

It is made from the services' `events.py` and handlers; `--check` fails when it is stale, or when a service listens to
something that nobody announces.
"""

import dataclasses
import inspect
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from shared.messaging.events import event_type
from shared.messaging.topology import LISTENERS, ROOT, Participant, participants

PAGE = ROOT / "docs" / "events.md"

INTRODUCTION = """\
# Events

Made by `python -m shared.messaging.docs` from the services' code; do not edit.

Every event is a JSON object: `id` (UUIDv7), `type` (also the routing key), `version` of its payload, `source`,
`epoch`, `occurred_at`, `subject` (`type`, `id`), `sequence` (the subject's version; with `epoch` it orders states),
`correlation_id`, `causation_id`, `traceparent`, `actor` (`user_id`, `role`), `snapshot` (true: told again for
replicas, causes no effects) and `data`, listed here. **State**: the subject's whole public state, the newest
suffices. **Fact**: what happened, once. **Hint**: to connected processes only, kept nowhere. Readers ignore fields
they do not know.
"""


def page(members: Sequence[Participant]) -> str:
    """Return the whole page."""
    return "\n".join(
        [INTRODUCTION, *_overview(members), "", *(line for one in members for line in _service(one, members))]
    )


def problems(members: Sequence[Participant]) -> list[str]:
    """Return one sentence for each event that is listened to and announced by nobody, or told again by nobody."""
    announced = {key for member in members for key in (*member.keys, *member.nothing_to_tell)}
    told_again = {snapshot.declared.key for member in members for snapshot in member.snapshots}
    # A source that announces nothing of its own yet has readers that are ahead of it.
    yet_to_come = {member.name for member in members if not member.has_own_events}
    wanted = [
        (member.name, one.key)
        for member in members
        for one in member.handlers.subscriptions
        if one.function.__module__.rpartition(".")[2] not in yet_to_come
    ]
    wanted += [(listener, key) for listener, keys in LISTENERS.items() for key in keys]
    found = [f"{reader} listens to {key}, which nobody announces" for reader, key in wanted if key not in announced]
    read = {key for member in members for key in member.handlers.keys}
    states = {
        event_type(payload).key for member in members for payload in member.publishes if event_type(payload).state
    }
    found += [
        f"{key} is kept in replicas, but no SNAPSHOTS entry tells it again"
        for key in sorted(states & read - told_again)
    ]
    return found


def _overview(members: Sequence[Participant]) -> Iterator[str]:
    yield "| event | kind | source | readers |"
    yield "|---|---|---|---|"
    for member in members:
        for payload in _sorted(member.publishes):
            declared = event_type(payload)
            link = f"[`{declared.key}`](#{_anchor(member.name, declared.key)})"
            readers = ", ".join(_readers(declared.key, members)) or "–"
            yield f"| {link} | {_kind(payload)} | {member.name} | {readers} |"


def _service(member: Participant, members: Sequence[Participant]) -> Iterator[str]:
    if not member.publishes:
        return
    yield f"## {member.name}\n"
    for payload in _sorted(member.publishes):
        declared = event_type(payload)
        yield f"### {member.name}: {declared.key}\n"
        told_again = any(snapshot.declared.key == declared.key for snapshot in member.snapshots)
        yield f"{_summary(payload)}{_kind(payload).capitalize()}, payload version {declared.version}" + (
            ", told again on request.\n" if told_again else ".\n"
        )
        yield "| field | type |"
        yield "|---|---|"
        yield from (f"| `{name}` | {kind} |" for name, kind in _fields(payload))
        yield ""
        handlers = [
            f"- {reader.name}: `{subscription.origin}`"
            for reader in members
            for subscription in reader.handlers.subscriptions
            if subscription.key == declared.key
        ]
        if handlers:
            yield "\n".join([*handlers, ""])


def _sorted(publishes: Sequence[type[Any]]) -> list[type[Any]]:
    return sorted(publishes, key=lambda payload: event_type(payload).key)


def _readers(key: str, members: Sequence[Participant]) -> list[str]:
    services = {member.name for member in members if key in member.handlers.keys}
    return sorted(services | {f"{name} (live)" for name, keys in LISTENERS.items() if key in keys})


def _kind(payload: type[Any]) -> str:
    declared = event_type(payload)
    return "hint" if declared.live else "state" if declared.state else "fact"


def _summary(payload: type[Any]) -> str:
    """Return the first paragraph of a class's own docstring, on one line."""
    own = payload.__doc__ or ""
    if own.startswith(f"{payload.__name__}("):
        return ""
    return " ".join(inspect.cleandoc(own).partition("\n\n")[0].split()) + "\n\n" if own else ""


def _fields(payload: type[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the fields by name and type; those of inner objects with a dotted name."""
    hints = get_type_hints(payload)
    for item in dataclasses.fields(payload):
        hint = hints[item.name]
        yield f"{prefix}{item.name}", _type(hint)
        for inner in _classes(hint):
            yield from _fields(inner, f"{prefix}{item.name}{'[]' if _is_many(hint) else ''}.")


def _classes(hint: Any) -> list[type[Any]]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return [hint]
    return [found for argument in get_args(hint) for found in _classes(argument)]


def _is_many(hint: Any) -> bool:
    return get_origin(hint) in {list, tuple} or any(_is_many(argument) for argument in get_args(hint))


def _type(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return " or ".join(_type(argument) for argument in arguments)
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin in {list, tuple}:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"object of {_type(arguments[1])}"
    names = {
        type(None): "null",
        str: "string",
        int: "integer",
        bool: "boolean",
        float: "number",
        Any: "anything",
        dict: "object",
    }
    known = {"datetime": "instant", "date": "day", "time": "time of day", "UUID": "uuid", "Decimal": "decimal string"}
    if hint in names:
        return names[hint]
    return known.get(getattr(hint, "__name__", ""), "object")


def _anchor(service: str, key: str) -> str:
    return f"{service}-{key}".replace(".", "").replace(":", "")


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with --check compare it; say what is listened to in vain."""
    members = participants()
    wanted = page(members)
    found = problems(members)
    if "--check" not in arguments:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(wanted)
    elif not PAGE.exists() or PAGE.read_text() != wanted:
        found.append(f"{PAGE.relative_to(ROOT)} is stale: run python -m shared.messaging.docs")
    for problem in found:
        print(problem)  # noqa: T201 - A command.
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
