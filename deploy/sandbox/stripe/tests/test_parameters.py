"""The sandbox takes nothing that Stripe would not: its tables are compared with the library's published types."""

import re
import sys
from collections.abc import Mapping

import pytest
import stripe

from deploy.sandbox.stripe.errors import InvalidRequest
from deploy.sandbox.stripe.parameters import Fields, Kind, ListOf, OneOf, decode
from deploy.sandbox.stripe.routing import Route
from deploy.sandbox.stripe.table import ROUTES

NAMES = {"checkout/sessions": "Session"}
OTHERWISE_NAMED = {
    "GET /v1/balance": "BalanceRetrieveParams",
    "GET /v1/invoices/{}/lines": "InvoiceListLinesParams",
    "DELETE /v1/subscriptions/{}": "SubscriptionCancelParams",
    "POST /v1/invoices/{}/void": "InvoiceVoidInvoiceParams",
}


def typed_parameters(route: Route) -> type | None:
    """The library's class for a call's parameters."""
    if otherwise := OTHERWISE_NAMED.get(f"{route.method} {route.path}"):
        return getattr(stripe.params, otherwise)
    base, *rest = route.path.removeprefix("/v1/").split("/{}")
    words = re.split("[_/]", base.removesuffix("s"))
    name = NAMES.get(base, "".join(word.capitalize() for word in words))
    module = stripe.params.checkout if base.startswith("checkout/") else stripe.params
    return getattr(module, f"{name}{verb(route, rest)}Params", None)


def verb(route: Route, rest: list[str]) -> str:
    action = rest[0].strip("/") if rest else ""
    if action:
        nested = "".join(word.capitalize() for word in action.removesuffix("s").split("_"))
        return f"{nested}{'Create' if route.method == 'POST' else 'List'}" if action.endswith("s") else nested
    if rest:
        return {"GET": "Retrieve", "POST": "Update", "DELETE": "Delete"}[route.method]
    return {"GET": "List", "POST": "Create"}[route.method]


def members(kind: Kind) -> Mapping[str, Kind]:
    if isinstance(kind, Fields):
        return kind.members
    if isinstance(kind, ListOf):
        return members(kind.item)
    if isinstance(kind, OneOf):
        return {name: each for one in kind.kinds for name, each in members(one).items()}
    return {}


def unknown(kinds: Mapping[str, Kind], typed: type, where: str) -> list[str]:
    """Names in a table that are not in the library's class, at any depth."""
    found = [f"{where}.{name}" for name in kinds.keys() - typed.__annotations__.keys() - {"expand"}]
    for name, kind in kinds.items():
        annotation = str(typed.__annotations__.get(name, ""))
        module = sys.modules[typed.__module__]
        for nested in re.findall(rf"\b{typed.__name__}\w+", annotation):
            if members(kind):
                found += unknown(members(kind), getattr(module, nested), f"{where}.{name}")
    return found


CHECKED = [(route, typed) for route in ROUTES if (typed := typed_parameters(route))]


@pytest.mark.parametrize(
    ("route", "typed"), [pytest.param(*each, id=f"{each[0].method} {each[0].path}") for each in CHECKED]
)
def test_every_parameter_is_in_the_librarys_types(route: Route, typed: type) -> None:
    assert unknown(route.parameters, typed, route.path) == []


def test_every_call_was_compared() -> None:
    left_out = {f"{route.method} {route.path}" for route in ROUTES} - {
        f"{each.method} {each.path}" for each, _ in CHECKED
    }

    assert left_out == set()


@pytest.mark.parametrize(
    ("form", "decoded"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a%5Bb%5D%5Bc%5D=x", {"a": {"b": {"c": "x"}}}),
        ("items[0][price]=p&items[1][price]=q", {"items": {"0": {"price": "p"}, "1": {"price": "q"}}}),
        ("expand[]=a&expand[]=b", {"expand": {"0": "a", "1": "b"}}),
        ("metadata[a b]=%C3%A9%26", {"metadata": {"a b": "é&"}}),
    ],
)
def test_forms_are_read_as_the_library_writes_them(form: str, decoded: object) -> None:
    assert decode(form) == decoded


def test_a_name_cannot_be_both_a_value_and_a_hash() -> None:
    with pytest.raises(InvalidRequest):
        decode("a=1&a[b]=2")
