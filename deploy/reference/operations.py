"""docs/reference/operations.md: every operation by service, with who may call it, from the merged document."""

import sys
from typing import Any

from deploy.reference.keeping import cell, keep
from gateway.openapi import merge, read_descriptions
from gateway.paths import BASE

INTRODUCTION = f"""\
# Operations

Made by `python -m deploy.reference.operations` from the API document; do not edit.

Paths are below `{BASE}`. Fields, parameters and refusals: `{BASE}/docs/` of a running installation. Who may call:
*anyone*; *signed in*; *in person*: not by staff on somebody's behalf; *practitioner*: who has a practitioner's profile;
*staff*. Whose thing it is, is decided beyond that: somebody else's is not found.
"""


def page(document: dict[str, Any]) -> str:
    """Return the whole page."""
    titles = {tag: group["name"] for group in document["x-tagGroups"] for tag in group["tags"]}
    sections: dict[str, list[str]] = {group["name"]: [] for group in document["x-tagGroups"]}
    for path, item in sorted(document["paths"].items()):
        for method, operation in item.items():
            where = path.removeprefix(BASE)
            said = f"`{method.upper()} {where}` | {operation.get('x-permissions', '')}"
            row = f"| {said} | {cell(operation.get('summary', ''))} | `{operation['operationId']}` |"
            sections[titles[operation["tags"][0]]].append(row)
    lines = [INTRODUCTION]
    for title, rows in sections.items():
        lines += [f"## {title} ({len(rows)})\n", "| operation | who | what | id |", "|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


def main() -> int:
    """Write or compare the page."""
    return keep("operations.md", page(merge(read_descriptions())), module="deploy.reference.operations")


if __name__ == "__main__":
    sys.exit(main())
