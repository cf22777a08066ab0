"""One's own account."""

from typing import Any

from marshmallow import validate

from services.auth.api.policies import SIGNED_IN
from services.auth.api.requests import client
from services.auth.api.schemas import PhoneNumber, UserProfile, locale, person_name, time_zone
from services.auth.domain.errors import TokenRevoked
from services.auth.operations.callers import caller
from services.auth.operations.profile import update_profile
from services.auth.queries.users import profile
from shared.clock import utc_now
from shared.database import transaction
from shared.http import Blueprint, MethodView, Schema, fields, identity, require_match, say, set_version

me = Blueprint("account", "One's own account.")


class UserProfileRequest(Schema):
    """What people may change about themselves; absent fields stay as they are."""

    first_name = person_name()
    last_name = person_name()
    preferred_name = fields.String(allow_none=True, validate=validate.Length(max=150))
    phone_number = PhoneNumber(allow_none=True)
    timezone = time_zone()
    locale = locale()


@me.route("/auth/me/")
class Me(MethodView):
    """The account of the caller."""

    @me.operation("auth_me", SIGNED_IN, refuses=[TokenRevoked])
    @me.response(200, UserProfile)
    def get(self) -> dict[str, Any]:
        """Return one's own account."""
        with transaction() as session:
            user = caller(session, identity()).user
        set_version(user.version)
        return profile(user)

    @me.operation("auth_me_update", SIGNED_IN, refuses=[TokenRevoked], matches=True)
    @me.arguments(UserProfileRequest)
    @me.response(200, UserProfile)
    def put(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change one's own account.

        The same as PATCH: absent fields stay, read-only and unknown ones are ignored.
        """
        return _change(body)

    @me.operation("auth_update_profile", SIGNED_IN, refuses=[TokenRevoked], matches=True)
    @me.arguments(UserProfileRequest)
    @me.response(200, UserProfile)
    def patch(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change parts of one's own account.

        Read-only and unknown fields are ignored.
        """
        return _change(body)


def _change(body: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        user = caller(session, identity(), lock=True).user
        require_match(user.version)
        update_profile(session, user, body, client=client(), now=utc_now())
    set_version(user.version)
    say("Profile updated successfully")
    return profile(user)
