"""The HTTP edge of a resource: flask-smorest's blueprint, with our declarations and no way around them."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import wraps
from typing import Any

import flask_smorest
from flask import Response, g, make_response, request
from flask.views import MethodView

from shared.errors import Conflict, DomainError, Forbidden, Invalid, PreconditionFailed, Unauthenticated
from shared.http.context import identity, message_header
from shared.http.deadlocks import unless_deadlocked
from shared.http.idempotency import Idempotency, IdempotencyConflict, answer_once
from shared.http.parsing import Parser
from shared.http.policy import INTERNAL, AccountPending, Policy

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "Makes a repetition safe: the same key and body give the same answer, once done. Kept 72 hours.",
    "schema": {"type": "string", "maxLength": 255},
}
_PREFER = {
    "in": "header",
    "name": "Prefer",
    "required": False,
    "description": "`wait=N`: answer when the outcome is known, after N seconds at the latest.",
    "schema": {"type": "string", "example": "wait=10"},
}
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "The ETag that the change is made on top of; 412 when it is no longer the newest.",
    "schema": {"type": "string"},
}


_FILE = {"type": "string", "format": "binary"}


class Blueprint(flask_smorest.Blueprint):
    """A resource's operations. Each must carry `@blueprint.operation(…)`: one without a policy fails the start."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, f"api.{name}", description=description)
        self._prepare_doc_cbks.append(_document_operation)

    def operation(
        self,
        operation_id: str,
        allow: Policy,
        *,
        refuses: Iterable[type[DomainError]] = (),
        idempotency: Idempotency = Idempotency.NONE,
        fingerprint: Callable[[], bytes] | None = None,
        waits: bool = False,
        matches: bool = False,
    ) -> Decorator:
        """Declare an operation; the outermost decorator of its function.

        `operation_id` is the contract's name. `refuses` lists every refusal beyond those that follow from the policy
        and from reading the request. `fingerprint()` hashes what a request with an idempotency key says, where that is
        not simply its bytes (forms with files). `waits`: takes `Prefer: wait=N`. `matches`: takes `If-Match`.
        """
        implied: list[type[DomainError]] = [Invalid]
        if allow.signed_in:
            implied.append(Unauthenticated)
        if allow.staff or allow.in_person:
            implied.append(Forbidden)
        if matches:
            implied += [PreconditionFailed, Conflict]
        if idempotency is not Idempotency.NONE:
            implied += [IdempotencyConflict, Conflict]
        refusals = [*implied, *refuses]

        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(view)
            def answer(*args: Any, **kwargs: Any) -> Response:
                g.operation_id = operation_id
                allow.check(identity(), request.method)

                def work() -> Response:
                    return _with_headers(make_response(view(*args, **kwargs)))

                return unless_deadlocked(lambda: answer_once(idempotency, work, fingerprint=fingerprint))

            answer._apidoc = deepcopy(getattr(view, "_apidoc", {}))  # type: ignore[attr-defined]
            answer._apidoc["operation"] = {  # type: ignore[attr-defined]
                "id": operation_id,
                "policy": allow,
                "refusals": refusals,
                "parameters": [
                    parameter
                    for wanted, parameter in (
                        (idempotency is not Idempotency.NONE, _IDEMPOTENCY_KEY),
                        (waits, _PREFER),
                        (matches, _IF_MATCH),
                    )
                    if wanted
                ],
            }
            return answer

        return decorate

    def arguments(self, schema: Any, **options: Any) -> Decorator:
        """Read what `schema` declares. It is made once, here: making a schema copies all of its fields."""
        made = schema() if isinstance(schema, type) else schema
        decorator: Decorator = super().arguments(made, **options)
        return decorator

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Decorator:
        """Answer what `schema` dumps; with a content type instead, the operation makes the answer itself."""
        content_type = options.pop("content_type", None)
        answer: Decorator = super().response(status_code, schema, **options)
        if schema is not None or content_type is None:
            return answer
        document = self.alt_response(status_code, content_type=content_type, **options)
        return lambda view: answer(document(view))

    def alt_response(self, status_code: int, schema: Any = None, **options: Any) -> Decorator:
        """Document another answer, which the operation makes itself."""
        declared = dict(_FILE) if schema is None and options.get("content_type") else schema
        decorator: Decorator = super().alt_response(status_code, schema=declared, **options)
        return decorator

    def _store_endpoint_docs(self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any) -> None:
        """Refuse operations without a policy, and keep the documentation of those that the public can reach."""
        views = (
            [getattr(obj, method.lower()) for method in getattr(obj, "methods", ())] if isinstance(obj, type) else [obj]
        )
        for view in views:
            if "operation" not in getattr(view, "_apidoc", {}):
                raise TypeError(f"{self.name}: {endpoint} {view.__qualname__} declares no @operation, hence no policy")
        if not any(view._apidoc["operation"]["policy"] is INTERNAL for view in views):
            super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,  # noqa: FBT001 - Flask's own signature.
        *,
        twins: Iterable[str] = (),
        **options: Any,
    ) -> None:
        """Route `rule`, and `twins`: other spellings that are served the same way and stay undocumented."""
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)
        for number, twin in enumerate(twins, start=1):
            name = f"{endpoint or view_func.__name__}_twin{number}_{len(self._endpoints)}"
            self._endpoints.append(name)
            function = view_func.as_view(name) if isinstance(view_func, type(MethodView)) else view_func
            flask_smorest.Blueprint.__mro__[1].add_url_rule(self, twin, name, function)


def _with_headers(response: Response) -> Response:
    """Carry what the operation said about its answer into headers."""
    message = message_header()
    if message:
        response.headers["Estuary-Message"] = message
    if "version" in g:
        response.set_etag(g.version)
    return response


def _document_operation(doc: dict[str, Any], info: Mapping[str, Any], *, method: str, **_: Any) -> dict[str, Any]:
    """Write what `@operation` declares into the OpenAPI document."""
    declared = info["operation"]
    policy: Policy = declared["policy"]
    doc["operationId"] = declared["id"]
    doc["security"] = [{"bearerAuth": []}] if policy.signed_in else [{}, {"bearerAuth": []}]
    doc["x-permissions"] = policy.name
    if declared["parameters"]:
        doc["parameters"] = [*doc.get("parameters", []), *declared["parameters"]]
    responses = doc.setdefault("responses", {})
    for status in ("422", 422, "default"):
        responses.pop(status, None)
    by_status: dict[int, dict[str, str]] = {}
    pending = [AccountPending] if policy.refuses_pending(method) else []
    for refusal in [*declared["refusals"], *pending]:
        by_status.setdefault(refusal.status, {})[refusal.code] = refusal.message
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {
            "description": "; ".join(f"`{code}`: {message}" for code, message in codes.items()),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            "x-codes": list(codes),
        }
    return doc
