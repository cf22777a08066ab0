"""docs/reference/settings.md: every setting with its default and meaning, from the settings classes.

A setting's meaning is the string below its field. The classes are read, not imported: nothing is needed for that.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.reference.keeping import ROOT, SERVICES, cell, keep

INTRODUCTION = """\
# Settings

Made by `python -m deploy.reference.settings` from the settings classes; do not edit.

Environment variables, read once at start; bad or missing ones stop the process with a list of all. On one machine put
them into a file `.env` at the root: each reaches only the processes that read it. Lists are separated by commas;
booleans are `1` or `0`. **Bold**: required. Secrets are marked: they are never shown in a log.
"""
# Read by the command line before any settings class is.
WEB = (
    ("WEB_WORKERS", "1", "Processes of a web process."),
    ("WEB_THREADS", "8", "Threads of each; as many requests are answered at once."),
)
PROVIDERS = (
    ("OIDC_<NAME>_ISSUER", "–", "The provider's issuer; Google's is known."),
    ("OIDC_<NAME>_CLIENT_ID", "–", "Our ids there, by comma."),
    ("OIDC_<NAME>_CLIENT_SECRET", "–", "Our secret there, which turns the redirect flow on. Secret."),
)


@dataclass(frozen=True)
class Setting:
    """One field; `default` is None when it is required."""

    name: str
    default: str | None
    meaning: str
    is_secret: bool

    @property
    def row(self) -> str:
        """The line of a table."""
        name = f"`{self.name}`" if self.default is not None else f"**`{self.name}`**"
        meaning = f"{self.meaning} Secret." if self.is_secret else self.meaning
        return f"| {name} | {cell(self.default or '')} | {cell(meaning)} |"


def page(sections: dict[str, list[Setting]]) -> str:
    """Return the whole page."""
    lines = [INTRODUCTION]
    for title, settings in sections.items():
        lines += [f"## {title}\n"]
        if not settings:
            lines += ["None of its own.\n"]
            continue
        lines += ["| name | default | meaning |", "|---|---|---|", *(setting.row for setting in settings)]
        further = {"Every service": WEB, "auth": PROVIDERS}.get(title, ())
        lines += [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in further]
        lines.append("")
    return "\n".join(lines)


def read_all() -> dict[str, list[Setting]]:
    """Return the settings of every process, by the section's title."""
    found = {"Every service": read(ROOT / "shared" / "settings.py", "ServiceSettings")}
    found |= {name: read(ROOT / "services" / name / "settings.py", "Settings") for name in SERVICES}
    found["gateway"] = read(ROOT / "gateway" / "settings.py", "GatewaySettings")
    return found


def read(file: Path, class_name: str) -> list[Setting]:
    """Return the fields of a settings class in their order."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return list(_fields(node))
    raise LookupError(f"{file} has no class {class_name}")


def _fields(declared: ast.ClassDef) -> Iterator[Setting]:
    following = [*declared.body[1:], None]
    for node, after in zip(declared.body, following, strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or _is_made(node):
            continue
        is_secret = isinstance(node.value, ast.Call)
        meaning = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            meaning = str(after.value.value)
        yield Setting(node.target.id.upper(), _default(node.value), meaning, is_secret)


def _is_made(node: ast.AnnAssign) -> bool:
    """Whether a field is made of others instead of being read: its type is a class of the service's own."""
    return "Provider" in ast.unparse(node.annotation)


def _default(value: ast.expr | None) -> str | None:
    """Return a default as a person would write it; None when there is none."""
    if isinstance(value, ast.Call):
        value = value.args[0] if value.args else None
    if value is None:
        return None
    default = _evaluated(value)
    if default is None or default == "" or default == ():
        return "–"
    if isinstance(default, bool):
        return str(int(default))
    return ",".join(default) if isinstance(default, tuple) else str(default)


def _evaluated(value: ast.expr) -> Any:
    """Return what a default's expression stands for: a literal, or numbers multiplied; else its own words."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        return _evaluated(value.left) * _evaluated(value.right)
    try:
        return ast.literal_eval(value)
    except ValueError:
        return f"`{ast.unparse(value)}`"


def main() -> int:
    """Write or compare the page; every setting must say what it means."""
    sections = read_all()
    silent = [
        f"{title}: {setting.name} does not say what it means: write a string below the field"
        for title, settings in sections.items()
        for setting in settings
        if not setting.meaning
    ]
    return keep("settings.md", page(sections), module="deploy.reference.settings", problems=silent)


if __name__ == "__main__":
    sys.exit(main())
