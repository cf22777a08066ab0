"""A service as it was just written."""

from services.catalog.api.shapes.parts import Bookability
from shared.http import Schema, fields
from shared.http.fields import maybe


class ChildServiceConfig(Schema):
    """A contained service, as it is written."""

    child_service_id = fields.Integer()
    quantity = fields.Integer()
    order = fields.Integer()
    discount_percentage = fields.String(metadata={"format": "decimal"})
    is_required = fields.Boolean()
    description_override = maybe(fields.String)


class ServiceCreateUpdate(Schema):
    """A service, as it is written."""

    id = fields.Integer(dump_only=True)
    public_uuid = fields.UUID(dump_only=True)
    slug = fields.String(dump_only=True)
    name = fields.String()
    description = maybe(fields.String)
    short_description = maybe(fields.String)
    price_cents = fields.Integer(dump_only=True)
    duration_minutes = fields.Integer()
    service_type_id = fields.Integer()
    category_id = maybe(fields.Integer)
    practitioner_category_id = maybe(fields.Integer)
    max_participants = fields.Integer()
    min_participants = fields.Integer()
    experience_level = fields.String()
    age_min = maybe(fields.Integer)
    age_max = maybe(fields.Integer)
    location_type = fields.String()
    address = maybe(fields.Integer)
    schedule = maybe(fields.Integer)
    what_youll_learn = maybe(fields.String)
    prerequisites = maybe(fields.String)
    includes = fields.List(fields.String())
    image = maybe(fields.String)
    tags = fields.List(fields.String())
    is_active = fields.Boolean()
    is_featured = fields.Boolean()
    is_public = fields.Boolean()
    status = fields.String()
    validity_days = fields.Integer()
    is_transferable = fields.Boolean()
    is_shareable = fields.Boolean()
    sessions_included = maybe(fields.Integer)
    bonus_sessions = fields.Integer()
    max_per_customer = maybe(fields.Integer)
    available_from = maybe(fields.DateTime)
    available_until = maybe(fields.DateTime)
    highlight_text = maybe(fields.String)
    terms_conditions = maybe(fields.String)
    additional_practitioner_ids = fields.List(fields.Integer())
    child_service_configs = fields.List(fields.Nested(ChildServiceConfig))
    modality_ids = fields.List(fields.Integer())
    bookability = fields.Nested(Bookability, dump_only=True)
