"""The HTTP edge that all services share: `create_service_app`, `Blueprint`, schemas and fields."""

from flask.views import MethodView

from shared.http import fields
from shared.http.app import FINISHING, create_service_app
from shared.http.blueprint import Blueprint
from shared.http.context import after_commit, identity, require_match, say, set_version, wait_seconds
from shared.http.idempotency import Idempotency
from shared.http.kept import kept_while_unchanged
from shared.http.policy import ANYONE, IN_PERSON, INTERNAL, PRACTITIONER, PRACTITIONER_IN_PERSON, SIGNED_IN, STAFF
from shared.http.schemas import QuerySchema, Schema

__all__ = [
    "ANYONE",
    "FINISHING",
    "INTERNAL",
    "IN_PERSON",
    "PRACTITIONER",
    "PRACTITIONER_IN_PERSON",
    "SIGNED_IN",
    "STAFF",
    "Blueprint",
    "Idempotency",
    "MethodView",
    "QuerySchema",
    "Schema",
    "after_commit",
    "create_service_app",
    "fields",
    "identity",
    "kept_while_unchanged",
    "require_match",
    "say",
    "set_version",
    "wait_seconds",
]
