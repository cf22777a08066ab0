"""Stripe's own published types of every call's parameters, as its library carries them, and a check against them."""

import builtins
import inspect
import sys
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, NotRequired, Union, get_args, get_origin

import stripe
import stripe.params
import stripe.params.checkout
import typing_extensions


class NotPublished(AssertionError):
    """A call, or something in its parameters, that Stripe's types do not have."""


class _Unseen:
    """A name that a module of types imports for type checkers only: anything fits it."""

    def __class_getitem__(cls, _item: Any) -> type["_Unseen"]:
        return cls


class _Names(dict[str, Any]):
    """Names as a module of types sees them; others are unseen."""

    def __init__(self, module: str) -> None:
        super().__init__(Mapping=Mapping)
        self._module = vars(sys.modules[module])

    def __missing__(self, name: str) -> Any:
        if name.startswith("__"):
            raise KeyError(name)
        return self._module.get(name, getattr(builtins, name, _Unseen))


def check(name: str, params: Mapping[str, Any]) -> None:
    """Check the parameters of a call, such as `payment_intents.create`. Raises NotPublished."""
    expected = _params_of(name)
    if expected is None:
        raise NotPublished(f"{name} takes no parameters that are published")
    _check(params, expected, name)


@cache
def _params_of(name: str) -> Any:
    function: Any = stripe.StripeClient("sk_test_types").v1
    for part in name.split("."):
        function = getattr(function, part)
    told = str(inspect.signature(function).parameters["params"].annotation)
    wanted = told.replace("Optional[", "").replace("ForwardRef(", "").strip("[]()'\"")
    for place in (stripe.params.checkout, stripe.params) if ".sessions." in name else (stripe.params,):
        found = getattr(place, wanted.split("'")[-1], None)
        if found is not None:
            return found
    return None


@cache
def _fields(expected: Any) -> dict[str, Any]:
    return typing.get_type_hints(expected, localns=_Names(expected.__module__), include_extras=True)


def _check(value: Any, expected: Any, path: str) -> None:
    if typing_extensions.is_typeddict(expected):
        _check_fields(value, expected, path)
        return
    origin, inner = get_origin(expected), get_args(expected)
    if expected in (Any, _Unseen):
        return
    if origin is NotRequired:
        _check(value, inner[0], path)
    elif origin in (Union, types.UnionType):
        _check_any(value, _closed(inner), path)
    elif origin is Literal:
        _want(value in inner, path, value, expected)
    elif origin is list:
        _want(isinstance(value, list), path, value, expected)
        for number, each in enumerate(value):
            _check(each, inner[0], f"{path}[{number}]")
    elif origin in (dict, Mapping):
        _want(isinstance(value, Mapping), path, value, expected)
        for key, each in value.items():
            _check(key, inner[0], f"{path} key")
            _check(each, inner[1], f"{path}[{key}]")
    else:
        fits = isinstance(value, expected) and (expected is bool or not isinstance(value, bool))
        _want(fits, path, value, expected)


def _check_fields(value: Any, expected: Any, path: str) -> None:
    _want(isinstance(value, Mapping), path, value, expected)
    fields = _fields(expected)
    unknown = value.keys() - fields.keys()
    if unknown:
        raise NotPublished(f"{path}: Stripe knows no {', '.join(sorted(unknown))}")
    missing = {name for name, kind in fields.items() if get_origin(kind) is not NotRequired} - value.keys()
    if missing and expected.__total__:
        raise NotPublished(f"{path}: {', '.join(sorted(missing))} is wanted")
    for name, each in value.items():
        _check(each, fields[name], f"{path}.{name}")


def _closed(choices: tuple[Any, ...]) -> tuple[Any, ...]:
    """Leave `str` out beside named words: Stripe's types let other words through, of which Stripe knows none yet."""
    has_words = any(get_origin(choice) is Literal and get_args(choice) != ("",) for choice in choices)
    return tuple(choice for choice in choices if not (has_words and choice is str))


def _check_any(value: Any, choices: tuple[Any, ...], path: str) -> None:
    told = []
    for choice in choices:
        try:
            _check(value, choice, path)
        except NotPublished as refused:
            told.append(str(refused))
        else:
            return
    raise NotPublished(" or ".join(told))


def _want(fits: bool, path: str, value: Any, expected: Any) -> None:
    if not fits:
        raise NotPublished(f"{path}: {value!r} is no {expected}")
