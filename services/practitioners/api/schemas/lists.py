"""Pages of practitioners, and what they can be asked for."""

from marshmallow import validate

from services.practitioners.api.schemas.profiles import PractitionerList
from services.practitioners.queries.listing import PRACTITIONERS
from services.practitioners.queries.parameters import Numbers
from shared.http import fields
from shared.http.pages import page_schema, query_schema

PractitionerListPage = page_schema(PractitionerList)

PLACE_PARAMETERS = {
    "near": Numbers(2),
    "latitude": fields.Float(validate=validate.Range(min=-90, max=90)),
    "longitude": fields.Float(validate=validate.Range(min=-180, max=180)),
    "radius_km": fields.Float(validate=validate.Range(min=1, max=500)),
    "radius": fields.Float(validate=validate.Range(min=1, max=300), metadata={"description": "Miles."}),
    "bounds": Numbers(4),
    "available_time": fields.Time(metadata={"description": "With `available_on`."}),
}
PractitionersQuery = query_schema(
    PRACTITIONERS,
    "PractitionersQuery",
    search=fields.String(validate=validate.Length(max=200)),
    **PLACE_PARAMETERS,
)
