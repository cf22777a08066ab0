"""Schemas: one declaration for what is read, what is answered and what is documented.

Answering goes through a function generated from the schema instead of marshmallow's walk over its fields, which
costs most of a list's time (docs/performance/services.md has the figures). Values that orjson writes itself
(datetimes, dates, UUIDs, numbers) are passed through as they are.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar, Self

import marshmallow
from marshmallow import EXCLUDE, ValidationError, missing, pre_load

from shared.http import fields

Dump = Callable[[Any], Any]

# Sets of parameters that clients send together; what is asked beyond is read by the whole schema.
_PARTS_KEPT = 256

_PASSED_THROUGH = (
    fields.Integer,
    fields.Boolean,
    fields.Float,
    fields.UUID,
    fields.DateTime,
    fields.Date,
    fields.Raw,
    fields.Dict,
    fields.String,
)


class Schema(marshmallow.Schema):
    """A body or a part of one. Unknown fields are ignored: clients send whole objects back.

    `dump` takes mappings or objects and is strict: a field that is absent is an error of ours, never left out.
    """

    is_body: ClassVar[bool] = True

    class Meta:
        """Unknown fields of a request are ignored."""

        unknown = EXCLUDE

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        """Return itself: it never changes, and flask-smorest copies what it documents at each decorator."""
        return self

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Return what orjson can write: a dict, or a list of them."""
        if self.many if many is None else many:
            one = self._dump
            return [one(item) for item in obj]
        return self._dump(obj)

    @cached_property
    def _dump(self) -> Dump:
        return _compile(self)


class QuerySchema(Schema):
    """The parameters of a query string. Unknown names are refused, but `_x` and `utm_x` are ignored."""

    is_body = False

    def load(self, data: Any, **options: Any) -> Any:
        """Return what the parameters say. Raises ValidationError.

        Reading walks over every field of a schema, and a list takes fifty of which a request names two: so the walk is
        made over a schema that has only those that are named, needed or have a default, kept per set of names.
        """
        names = frozenset(data)
        parts: dict[frozenset[str], QuerySchema] = self.__dict__.setdefault("_parts", {})
        part = parts.get(names)
        if part is None:
            part = self._narrowed(names)
            if len(parts) < _PARTS_KEPT:
                parts[names] = part
        return super(QuerySchema, part).load(data, **options)

    def _narrowed(self, names: frozenset[str]) -> "QuerySchema":
        """Return this schema without the fields that these parameters leave alone; itself if a name is unknown."""
        wanted = {
            name
            for name, field in self.load_fields.items()
            if (field.data_key or name) in names or field.required or field.load_default is not missing
        }
        if names - {field.data_key or name for name, field in self.load_fields.items()}:
            return self
        return type(self)(only=wanted, partial=self.partial, unknown=self.unknown)

    @pre_load
    def refuse_unknown(self, data: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:
        """Refuse names that this operation does not know, and leave out empty values (no filter)."""
        known = {field.data_key or name for name, field in self.fields.items()}
        given = {name: value for name, value in data.items() if not name.startswith(("_", "utm_"))}
        unknown = sorted(set(given) - known)
        if unknown:
            sentence = f"Unknown parameter. Known: {', '.join(sorted(known))}."
            raise ValidationError({name[:60]: [sentence] for name in unknown})
        return {name: value for name, value in given.items() if value != ""}


def _compile(schema: marshmallow.Schema) -> Dump:
    """Generate the function that answers one object of `schema`; one form for dicts, one for other objects."""
    names: dict[str, Any] = {}
    items, attributes = [], []
    for position, (name, field) in enumerate(schema.dump_fields.items()):
        source = field.attribute or name
        key = repr(field.data_key or name)
        if isinstance(field, fields.Constant):
            names[f"c{position}"] = field.constant
            items.append(f"{key}: c{position}")
            attributes.append(items[-1])
            continue
        if "." in source or not source.isidentifier():
            raise TypeError(f"{type(schema).__name__}.{name}: attribute must be one name, not {source!r}")
        convert = _converter(field)
        if convert is None:
            items.append(f"{key}: o[{source!r}]")
            attributes.append(f"{key}: o.{source}")
        else:
            names[f"f{position}"] = convert
            items.append(f"{key}: None if (v := o[{source!r}]) is None else f{position}(v)")
            attributes.append(f"{key}: None if (v := o.{source}) is None else f{position}(v)")
    code = (
        "def dump(o):\n"
        "    if isinstance(o, dict):\n"
        f"        return {{{', '.join(items)}}}\n"
        f"    return {{{', '.join(attributes)}}}\n"
    )
    exec(code, names)  # noqa: S102 - the text is formed from our own schema's field names only.
    dump: Dump = names["dump"]
    return dump


def _converter(field: marshmallow.fields.Field[Any]) -> Dump | None:
    """Return what turns a value that is not None into its JSON form; None where orjson takes it as it is."""
    if isinstance(field, fields.Money):
        return fields.dollars
    if isinstance(field, fields.Nested):
        nested = field.schema
        one: Dump = nested._dump if isinstance(nested, Schema) else nested.dump
        if field.many or nested.many:
            return lambda values: [one(value) for value in values]
        return one
    if isinstance(field, fields.List):
        inner = _converter(field.inner)
        if inner is None:
            return list
        return lambda values: [None if value is None else inner(value) for value in values]
    if isinstance(field, _PASSED_THROUGH):
        return None
    return lambda value: field._serialize(value, None, None)
