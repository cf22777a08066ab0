"""docs/reference/errors.md: every refusal with its code, status and meaning, from the classes that are raised.

Classes are read, not imported, so that no service has to be started for it.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.reference.keeping import ROOT, SERVICES, cell, keep
from gateway.errors import REFUSALS

INTRODUCTION = """\
# Error codes

Made by `python -m deploy.reference.errors` from the code; do not edit.

An error is `{"status": "error", "message", "code", "errors", "request_id"}`. Act on `code`, show `message`, and put the
sentences of `errors` beside their fields. Any operation may answer the general ones; which of the others it may answer
stands in the API document, and `GET /api/v1/drf/errors/{code}/` tells the same. Codes do not change; new ones may come,
so treat one that you do not know by its status.
"""
ROOT_CLASS = "DomainError"


@dataclass(frozen=True)
class Refusal:
    """A class of refusals; `code`, `status` and `message` may be inherited."""

    name: str
    base: str
    when: str
    code: str = ""
    message: str = ""
    status: int = 0


def page() -> str:
    """Return the whole page."""
    general = {refusal.name: refusal for refusal in _read(ROOT / "shared")}
    lines = [INTRODUCTION, "## General\n", "| code | status | meaning |", "|---|---|---|"]
    codes = {code: (status, message) for code, (status, message) in REFUSALS.items()}
    for refusal in general.values():
        told = _whole(refusal, general)
        codes.setdefault(told.code, (told.status, told.message))
    lines += [
        f"| `{code}` | {status} | {cell(message)} |"
        for code, (status, message) in sorted(codes.items(), key=lambda one: (one[1][0], one[0]))
    ]
    for service in SERVICES:
        own = {refusal.name: refusal for refusal in _read(ROOT / "services" / service)}
        if own:
            lines += ["", f"## {service}\n", "| code | status | what people read | when |", "|---|---|---|---|"]
            rows = [_whole(refusal, {**general, **own}) for refusal in own.values()]
            rows.sort(key=lambda one: (one.status, one.code, one.name))
            lines += [f"| `{one.code}` | {one.status} | {cell(one.message)} | {cell(one.when)} |" for one in rows]
    return "\n".join([*lines, ""])


def _read(folder: Path) -> list[Refusal]:
    """Return the refusals that a folder's code declares; the order of files is fixed."""
    found: dict[str, Refusal] = {}
    for file in sorted(folder.rglob("*.py")):
        if not {"tests", "migrations", "messaging"} & set(file.parts):
            text = file.read_text()
            if "errors import" in text or file.name == "errors.py":
                found |= {refusal.name: refusal for refusal in _classes(ast.parse(text))}
    return [refusal for refusal in found.values() if _descends(refusal, found)]


def _classes(module: ast.Module) -> Iterator[Refusal]:
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.bases and isinstance(node.bases[0], ast.Name):
            said = {}
            for item in node.body:
                target = item.targets[0] if isinstance(item, ast.Assign) else getattr(item, "target", None)
                value = getattr(item, "value", None)
                if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                    said[target.id] = value.value
            when = (ast.get_docstring(node) or "").partition("\n\n")[0]
            code, message = (str(said.get(name, "")) for name in ("code", "message"))
            yield Refusal(node.name, node.bases[0].id, when, code, message, int(str(said.get("status", 0))))


def _descends(refusal: Refusal, known: dict[str, Refusal]) -> bool:
    """Whether a class is one of ours: its line of bases ends at DomainError, here or in shared."""
    base = refusal.base
    while base in known and base != ROOT_CLASS:
        base = known[base].base
    return base == ROOT_CLASS or base in _KINDS


def _whole(refusal: Refusal, known: dict[str, Refusal]) -> Refusal:
    """Return the refusal with what it inherits."""
    code, message, status, base = refusal.code, refusal.message, refusal.status, refusal.base
    while base in known and not (code and message and status):
        parent = known[base]
        code, message, status = code or parent.code, message or parent.message, status or parent.status
        base = parent.base
    return Refusal(refusal.name, refusal.base, refusal.when, code, message, status)


def _kinds() -> frozenset[str]:
    module = ast.parse((ROOT / "shared" / "errors.py").read_text())
    return frozenset(node.name for node in module.body if isinstance(node, ast.ClassDef))


_KINDS = _kinds()


def main() -> int:
    """Write or compare the page."""
    return keep("errors.md", page(), module="deploy.reference.errors")


if __name__ == "__main__":
    sys.exit(main())
