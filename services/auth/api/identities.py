"""The accounts elsewhere that one signs in with."""

from typing import Any
from uuid import UUID

from marshmallow import validate

from services.auth.api.policies import IN_PERSON, SIGNED_IN
from services.auth.api.requests import client
from services.auth.api.social import provider_of
from services.auth.clients import openid
from services.auth.domain.errors import (
    EmailNotVerified,
    IdentityTaken,
    InvalidToken,
    LastCredential,
    ProviderNotConfigured,
    ReauthenticationRequired,
    TokenRevoked,
)
from services.auth.models import LinkedIdentity
from services.auth.operations import action_tokens, social
from services.auth.operations.callers import caller
from shared.clock import utc_now
from shared.database import transaction
from shared.errors import NotFound, Unavailable
from shared.http import Blueprint, MethodView, Schema, fields, identity
from shared.identity.action_tokens import LINK

identities = Blueprint("identities", "The accounts elsewhere that one signs in with.")


class IdentityEntry(Schema):
    """An account elsewhere that one signs in with."""

    id = fields.UUID(required=True)
    provider = fields.String(required=True)
    email = fields.String(required=True, allow_none=True, metadata={"format": "email"})
    linked_at = fields.DateTime(required=True)
    last_used_at = fields.DateTime(required=True, allow_none=True)


class LinkRequest(Schema):
    """Which provider; with an id token it is linked at once, else by the redirect flow."""

    provider = fields.String(required=True, validate=validate.Length(max=30))
    id_token = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=8192))


class Linked(Schema):
    """A single-use code for the redirect flow, or what was linked."""

    link = fields.String(required=True, allow_none=True)
    identity = fields.Nested(IdentityEntry, required=True, allow_none=True)


@identities.route("/auth/identities/")
class Identities(MethodView):
    """One's own."""

    @identities.operation("auth_identities_list", SIGNED_IN, refuses=[TokenRevoked])
    @identities.response(200, IdentityEntry(many=True))
    def get(self) -> list[LinkedIdentity]:
        """List the accounts elsewhere that one signs in with."""
        with transaction() as session:
            return list(social.identities_of(session, caller(session, identity()).user))


@identities.route("/auth/identities/link/")
class Link(MethodView):
    """Adding one."""

    @identities.operation(
        "auth_identities_link",
        IN_PERSON,
        refuses=[
            ProviderNotConfigured,
            ReauthenticationRequired,
            IdentityTaken,
            InvalidToken,
            EmailNotVerified,
            TokenRevoked,
            Unavailable,
        ],
    )
    @identities.arguments(LinkRequest)
    @identities.response(200, Linked)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Link an account elsewhere: at once by its id token, or with the answered code by the redirect flow."""
        chosen = provider_of(body["provider"])
        external = openid.verify_id_token(chosen, body["id_token"]) if body["id_token"] else None
        now = utc_now()
        with transaction() as session:
            found = caller(session, identity(), lock=True)
            found.require_recent_sign_in(now=now)
            if external is not None:
                linked = social.link(session, found.user, external, client=client(), now=now)
                return {"link": None, "identity": linked}
            issued = action_tokens.issue(
                session,
                LINK,
                user_id=found.user.id,
                email=found.user.email,
                now=now,
                details={"provider": chosen.name},
            )
            return {"link": action_tokens.formed(issued), "identity": None}


@identities.route("/auth/identities/<ref:identity_id>/")
class OneIdentity(MethodView):
    """Taking one off."""

    @identities.operation(
        "auth_identities_unlink",
        IN_PERSON,
        refuses=[NotFound, LastCredential, ReauthenticationRequired, TokenRevoked],
    )
    @identities.response(204)
    def delete(self, identity_id: str) -> None:
        """Take an account elsewhere off; not the last way in."""
        now = utc_now()
        try:
            wanted = UUID(identity_id)
        except ValueError as malformed:
            raise NotFound from malformed
        with transaction() as session:
            found = caller(session, identity(), lock=True)
            found.require_recent_sign_in(now=now)
            social.unlink(session, found.user, wanted, client=client(), now=now)
