"""How services are sorted."""

from services.catalog.domain import words
from shared.http import Schema, fields
from shared.http.fields import maybe


class ServiceCategory(Schema):
    """A kind of service."""

    id = fields.Integer(dump_only=True)
    name = fields.String()
    slug = fields.String(dump_only=True)
    description = maybe(fields.String)
    icon = maybe(fields.String)
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    order = fields.Integer()
    service_count = fields.Integer(dump_only=True, metadata={"description": "Listed services."})
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class PractitionerServiceCategory(Schema):
    """A practitioner's own group of services."""

    id = fields.Integer(dump_only=True)
    practitioner = fields.Integer(dump_only=True)
    name = fields.String()
    slug = fields.String(dump_only=True)
    description = maybe(fields.String)
    icon = maybe(fields.String)
    color = maybe(fields.String)
    is_active = fields.Boolean()
    order = fields.Integer()
    service_count = fields.Integer(dump_only=True)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class Modality(Schema):
    """A way of working."""

    id = fields.Integer()
    name = fields.String()
    slug = fields.String()
    description = maybe(fields.String)
    icon = maybe(fields.String)
    category = maybe(fields.String)
    category_name = maybe(fields.String)
    category_slug = maybe(fields.String)
    category_color = maybe(fields.String)
    cluster = maybe(fields.String)
    short_description = maybe(fields.String)
    gray_zone = fields.Boolean(metadata={"description": "Borders on licensed therapy."})
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    order = fields.Integer()


class Language(Schema):
    """A language."""

    id = fields.Integer()
    code = fields.String()
    name = fields.String()
    native_name = fields.String()
    is_rtl = fields.Boolean()


class ServiceType(Schema):
    """A type of service; the numbers are fixed."""

    id = fields.Integer(dump_only=True)
    code = fields.String(metadata={"enum": list(words.NUMBERS)})
    name = fields.String()
    description = fields.String()
    is_active = fields.Boolean()
    order = fields.Integer()
