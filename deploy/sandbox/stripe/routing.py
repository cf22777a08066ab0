"""The table of calls: method and path, what may be told, and the function that answers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .errors import Body, InvalidRequest
from .parameters import EXPAND, PAGE, RANGE, Kind, Params, picked
from .sandbox import Sandbox

Answer = Callable[..., Body]
LIMIT_DEFAULT = 10
LIMIT_MAX = 100


@dataclass(frozen=True)
class Route:
    """One call of the API. `{}` in its path stands for an id."""

    method: str
    path: str
    answer: Answer
    parameters: Mapping[str, Kind]
    required: tuple[str, ...]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The form of its paths."""
        return re.compile(re.escape(self.path).replace(r"\{\}", "([^/]+)"))

    def ids(self, path: str) -> tuple[str, ...] | None:
        """Return the ids in a path of this form, or None when it has another."""
        match = self.pattern.fullmatch(path)
        return match.groups() if match else None

    def check(self, params: Params) -> None:
        """Raise InvalidRequest `parameter_missing` for a required parameter that is not there."""
        for name in self.required:
            if params.get(name) is None:
                raise InvalidRequest(f"Missing required param: {name}.", code="parameter_missing", param=name)


class Routes:
    """The calls of one resource."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def call(
        self, method: str, path: str, parameters: Mapping[str, Kind] | None = None, *, required: tuple[str, ...] = ()
    ) -> Callable[[Answer], Answer]:
        """Serve a call with the decorated function, told the sandbox, the checked parameters and the path's ids."""

        def enter(answer: Answer) -> Answer:
            self.all.append(Route(method, path, answer, {**EXPAND, **(parameters or {})}, required))
            return answer

        return enter

    def retrieve(self, path: str, kind: str) -> None:
        """Serve one object by its id."""

        def answer(sandbox: Sandbox, _: Params, object_id: str) -> Body:
            return sandbox.store.get(kind, object_id)

        self.all.append(Route("GET", path, answer, EXPAND, ()))

    def listing(
        self,
        path: str,
        kind: str,
        filters: Mapping[str, Kind] | None = None,
        *,
        answer: Answer | None = None,
        by_time: bool = True,
    ) -> None:
        """Serve a list, newest first; a filter's name is the member it compares, unless `answer` says otherwise."""
        filters = {**(filters or {}), **({"created": RANGE} if by_time else {})}

        def plain(sandbox: Sandbox, params: Params) -> Body:
            compared = filters.keys() - {"created"}
            return page(sandbox, kind, path, params, picked(params, *compared))

        self.all.append(Route("GET", path, answer or plain, {**EXPAND, **PAGE, **filters}, ()))


def page(sandbox: Sandbox, kind: str, path: str, params: Params, where: Mapping[str, Any]) -> Body:
    """Return one page of a list in Stripe's form."""
    limit = min(params.get("limit", LIMIT_DEFAULT), LIMIT_MAX)
    for cursor in ("starting_after", "ending_before"):
        if params.get(cursor):
            sandbox.store.get(kind, params[cursor], param=cursor)
    created = params.get("created")
    rows = sandbox.store.select(
        kind,
        where,
        created={"eq": created} if isinstance(created, int) else created,
        limit=limit + 1,
        after=params.get("starting_after"),
        before=params.get("ending_before"),
    )
    backwards = bool(params.get("ending_before"))
    shown = rows[-limit:] if backwards else rows[:limit]
    return {"object": "list", "url": path, "has_more": len(rows) > limit, "data": shown}


def list_of(path: str, items: list[Body]) -> Body:
    """Return a whole list in Stripe's form, as objects embed it."""
    return {"object": "list", "url": path, "has_more": False, "total_count": len(items), "data": items}
