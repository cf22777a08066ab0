"""Templates that may be edited by people: a sandbox whose work is bounded by what a template can say at all.

An allow-list of syntax nodes instead of a timer: no calls, no arithmetic, no assignments, loops over given lists only
and two deep at most, a few filters. So nothing in a template can grow faster than its text, but for loops, and these
end at a hundred rounds and at 200 KB of output.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes, pass_context
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.localtime import ago_text, local_day, local_text

SOURCE_MAX, OUTPUT_MAX, ROUNDS_MAX = 20_000, 200_000, 100
LOOPS_DEEP, LOOPS_MAX, FILTERS_CHAINED, SEPARATOR_MAX = 2, 10, 4, 20
BUILT_IN = ("upper", "lower", "title", "trim", "truncate", "default", "join", "length", "first", "urlencode")
TESTS = ("none", "defined")
OF_LOOPS = ("index", "first", "last", "length")

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.For, nodes.Filter,
    nodes.Test, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.CondExpr, nodes.Getattr,
)  # fmt: skip


class TemplateInvalid(Exception):
    """A template that cannot be used: `line` counts from 1."""

    def __init__(self, reason: str, *, line: int = 1) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


class _Environment(ImmutableSandboxedEnvironment):
    """Looks into given mappings and at a loop's place; nothing has attributes beside these."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and attribute in OF_LOOPS:
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.getattr(obj, str(argument))


def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02}"


def _instant(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _in_zone(write: Callable[[datetime, Context], str]) -> Callable[[Context, datetime | str | Undefined], str]:
    """Return a filter that writes an instant for the person whom the text is for."""

    @pass_context
    def written(context: Context, value: datetime | str | Undefined) -> str:
        if isinstance(value, Undefined):
            return str(value)  # Which says that it is missing.
        return write(_instant(value), context)

    return written


def _relative(instant: datetime, context: Context) -> str:
    now = context["_now"]
    if instant <= now:
        return ago_text(instant, now)
    length = ago_text(now, instant)
    return "now" if length == "now" else f"in {length.removesuffix(' ago')}"


def _time(instant: datetime, context: Context) -> str:
    return local_text(instant, context["_zone"]).partition(", ")[2].partition(" ")[0]


def _environment(*, is_html: bool) -> _Environment:
    made = _Environment(undefined=StrictUndefined, autoescape=is_html, cache_size=0)
    made.globals.clear()
    made.tests = {name: made.tests[name] for name in TESTS}
    made.filters = {name: made.filters[name] for name in BUILT_IN} | {
        "money": _money,
        "datetime": _in_zone(lambda instant, context: local_text(instant, context["_zone"])),
        "date": _in_zone(lambda instant, context: f"{local_day(instant, context['_zone']):%-d %b %Y}"),
        "time": _in_zone(_time),
        "relative": _in_zone(_relative),
        "plural": lambda count, word: word if count == 1 else f"{word}s",
    }
    return made


_ENVIRONMENTS = {is_html: _environment(is_html=is_html) for is_html in (False, True)}
FILTERS = tuple(sorted(_ENVIRONMENTS[False].filters))


def render(source: str, values: Mapping[str, Any], *, zone: str, now: datetime, is_html: bool = False) -> str:
    """Return the text of a template; instants are shown in `zone`. `values` are plain: texts, numbers, lists, mappings.

    Raises jinja2.TemplateError where a value is missing or does not fit, TemplateInvalid where the text gets too long.
    """
    given = {**{name: _bounded(value) for name, value in values.items()}, "_zone": zone, "_now": now}
    parts: list[str] = []
    size = 0
    try:
        for part in _compiled(source, is_html).generate(given):
            size += len(part)
            if size > OUTPUT_MAX:
                raise TemplateInvalid("What it writes is too long.")
            parts.append(part)
    except (AttributeError, TypeError, ValueError, KeyError, OverflowError) as misfit:
        raise TemplateError(f"A value does not fit: {misfit}") from misfit
    return "".join(parts)


def check(source: str, *, variables: Iterable[str], is_html: bool = False, limit: int = SOURCE_MAX) -> None:
    """Refuse a template that says what it may not, or names what the kind does not have. Raises TemplateInvalid."""
    if len(source) > limit:
        raise TemplateInvalid(f"At most {limit} characters.")
    try:
        tree = _ENVIRONMENTS[is_html].parse(source)
        _check_node(tree, loops=0)
        if sum(1 for _ in tree.find_all(nodes.For)) > LOOPS_MAX:
            raise TemplateInvalid(f"At most {LOOPS_MAX} loops.")
        unknown = sorted(find_undeclared_variables(tree) - set(variables))
        if unknown:
            raise TemplateInvalid(f"Unknown variable: {', '.join(unknown)}.", line=_line_of(tree, unknown[0]))
        _compiled(source, is_html)
    except TemplateSyntaxError as broken:
        raise TemplateInvalid(broken.message or "Not a template.", line=broken.lineno) from broken
    except RecursionError as deep:
        raise TemplateInvalid("Nested too deeply.") from deep


def used_variables(source: str) -> set[str]:
    """Return the values that a template names."""
    return set(find_undeclared_variables(_ENVIRONMENTS[False].parse(source)))


@lru_cache(maxsize=2_048)
def _compiled(source: str, is_html: bool) -> Template:  # noqa: FBT001 - a part of the cache's key.
    return _ENVIRONMENTS[is_html].from_string(source)


def _check_node(node: nodes.Node, *, loops: int) -> None:
    if not isinstance(node, _ALLOWED):
        raise TemplateInvalid(f"{type(node).__name__} is not allowed here.", line=node.lineno or 1)
    if isinstance(node, nodes.For):
        loops += 1
        if loops > LOOPS_DEEP or node.recursive or not isinstance(node.iter, nodes.Name | nodes.Getattr):
            raise TemplateInvalid("Loops go over a given list, at most two deep.", line=node.lineno)
    if isinstance(node, nodes.Getattr) and (
        node.attr.startswith("_") or not isinstance(node.node, nodes.Name | nodes.Getattr)
    ):
        raise TemplateInvalid(f"Unknown name: {node.attr}.", line=node.lineno)
    if isinstance(node, nodes.Filter):
        _check_filter(node)
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise TemplateInvalid(f"Unknown test: {node.name}.", line=node.lineno)
    for child in node.iter_child_nodes():
        _check_node(child, loops=loops)


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in FILTERS:
        raise TemplateInvalid(f"Unknown filter: {node.name}. Known: {', '.join(FILTERS)}.", line=node.lineno)
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise TemplateInvalid("Arguments are written out.", line=node.lineno)
    chained, inner = 1, node.node
    while isinstance(inner, nodes.Filter):
        chained, inner = chained + 1, inner.node
    if chained > FILTERS_CHAINED:
        raise TemplateInvalid(f"At most {FILTERS_CHAINED} filters in a row.", line=node.lineno)
    if node.name == "join":
        # A join writes its separator once for every item: joined again it would multiply.
        texts = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
        plain = len(texts) == len(node.args) and not node.kwargs and isinstance(node.node, nodes.Name | nodes.Getattr)
        if not plain or any(len(str(text)) > SEPARATOR_MAX for text in texts):
            raise TemplateInvalid("join takes a given list and a short separator.", line=node.lineno)


def _line_of(tree: nodes.Template, name: str) -> int:
    return next((found.lineno for found in tree.find_all(nodes.Name) if found.name == name), 1)


def _bounded(value: Any) -> Any:
    return [_bounded(one) for one in value[:ROUNDS_MAX]] if isinstance(value, list) else value
