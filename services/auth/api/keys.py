"""The public keys, and what only the gateway asks for."""

from datetime import datetime
from typing import Any

from flask import Response, jsonify

from services.auth.operations.keys import ensure_keys
from services.auth.queries.identity import jwks, known_since
from shared.clock import utc_now
from shared.database import transaction
from shared.http import ANYONE, INTERNAL, Blueprint, MethodView, QuerySchema, Schema, fields

keys = Blueprint("keys", "The keys that tokens are verified with.")


class Jwk(Schema):
    """An elliptic-curve key. Source: RFC 7517, RFC 7518 section 6.2."""

    kty = fields.String(required=True)
    crv = fields.String(required=True)
    x = fields.String(required=True)
    y = fields.String(required=True)
    kid = fields.String(required=True)
    use = fields.String(required=True)
    alg = fields.String(required=True)


class Jwks(Schema):
    """The whole public set."""

    keys = fields.List(fields.Nested(Jwk), required=True)


class RevocationEntry(Schema):
    """Tokens that are refused before they expire; times are unix seconds."""

    kind = fields.String(required=True)
    value = fields.String(required=True)
    not_before = fields.Integer(required=True, allow_none=True)
    expires_at = fields.Integer(required=True)


class Known(Schema):
    """What the gateway verifies tokens with."""

    keys = fields.Nested(Jwks, required=True)
    revocations = fields.List(fields.Nested(RevocationEntry), required=True)
    watermark = fields.String(required=True)


class SinceQuery(QuerySchema):
    """From where on."""

    since = fields.DateTime(load_default=None)


@keys.route("/auth/jwks/")
class PublicKeys(MethodView):
    """For outsiders."""

    @keys.operation("auth_jwks", ANYONE)
    @keys.response(200, Jwks)
    def get(self) -> Response:
        """Return the public keys as a JWKS; not wrapped, also at `/.well-known/jwks.json`."""
        now = utc_now()
        with transaction() as session:
            ensure_keys(session, now=now)
            answer = jsonify(Jwks().dump(jwks(session, now=now)))
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer


@keys.route("/internal/identity/")
class Identities(MethodView):
    """For the gateway."""

    @keys.operation("internal_identity", INTERNAL)
    @keys.arguments(SinceQuery, location="query")
    @keys.response(200, Known)
    def get(self, query: dict[str, datetime | None]) -> dict[str, Any]:
        """Return the keys, and the revocations noted since `since`, which is the last answer's `watermark`."""
        now = utc_now()
        with transaction() as session:
            ensure_keys(session, now=now)
            return known_since(session, query["since"], now=now)
