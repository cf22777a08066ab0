"""Which figures the code tells, and which the rules and dashboards speak of: the second must be among the first."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent
RULES = FOLDER / "rules"
DASHBOARDS = FOLDER / "grafana" / "dashboards"
CODE = ("shared", "services", "gateway")
# What Prometheus itself adds to every target.
OWN = frozenset({"up"})

_MADE_BY = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram", "_gauge": "gauge"}
_KEYWORDS = frozenset(
    {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right", "inf"}
)
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_MATCHERS = re.compile(r"\{[^{}]*\}")
_RANGES = re.compile(r"\[[^\[\]]*\]")
_GROUPS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_NAMES = re.compile(r"(?<![\w:.$])([a-zA-Z_][\w:]*)\b(?!\s*\()")


def told() -> set[str]:
    """Return the names of all series that the processes can show, read from the code that declares them."""
    found: set[str] = set()
    for folder in CODE:
        for file in (ROOT / folder).rglob("*.py"):
            if "tests" not in file.parts:
                found |= _declared(ast.parse(file.read_text()))
    return found


def _declared(module: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        function, first = node.func, node.args[0]
        made_by = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if made_by in _MADE_BY and isinstance(first, ast.Constant) and isinstance(first.value, str):
            found |= series_of(first.value, _MADE_BY[made_by])
    return found


def series_of(name: str, kind: str) -> set[str]:
    """Return the series that a metric of this kind shows."""
    if kind == "counter":
        return {f"{name.removesuffix('_total')}_total"}
    if kind == "histogram":
        return {f"{name}_{suffix}" for suffix in ("bucket", "sum", "count")}
    return {name}


def named_in(expression: str) -> set[str]:
    """Return the series that an expression of PromQL reads."""
    bare = _STRINGS.sub('""', expression)
    bare = _GROUPS.sub(" ", _RANGES.sub(" ", _MATCHERS.sub(" ", bare)))
    return {name for name in _NAMES.findall(bare) if name not in _KEYWORDS and not name.isdigit()}


def rules() -> Iterator[Mapping[str, Any]]:
    """Yield every recording rule and alert."""
    for file in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


def recorded() -> set[str]:
    """Return the names that recording rules make."""
    return {rule["record"] for rule in rules() if "record" in rule}


def panels() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every panel with the title of its dashboard."""
    for file in sorted(DASHBOARDS.glob("*.json")):
        dashboard = json.loads(file.read_text())
        for panel in dashboard["panels"]:
            yield dashboard["title"], panel


def wanted() -> dict[str, set[str]]:
    """Return the series that are read, with who reads them."""
    readers: dict[str, set[str]] = {}
    for rule in rules():
        for name in named_in(rule["expr"]):
            readers.setdefault(name, set()).add(rule.get("record") or rule["alert"])
    for title, panel in panels():
        for target in panel.get("targets", ()):
            for name in named_in(target["expr"]):
                readers.setdefault(name, set()).add(f"{title}: {panel['title']}")
    return readers


def missing(known: set[str]) -> dict[str, set[str]]:
    """Return the series that are read and not among `known`, nor recorded, nor Prometheus' own, with their readers."""
    there = known | recorded() | OWN
    return {name: readers for name, readers in wanted().items() if name not in there}
