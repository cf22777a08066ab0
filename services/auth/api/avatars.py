"""One's picture."""

from typing import Any

from services.auth.api.policies import SIGNED_IN
from services.auth.api.schemas import UserProfile
from services.auth.domain.errors import TokenRevoked
from services.auth.operations.avatars import choose_avatar, drop_avatar
from services.auth.operations.callers import caller
from services.auth.queries.users import profile
from shared.database import transaction
from shared.http import Blueprint, MethodView, Schema, fields, identity, set_version

avatars = Blueprint("avatar", "One's picture.")


class AvatarRequest(Schema):
    """An image of one's own, uploaded to media for oneself."""

    media_id = fields.UUID(required=True)


@avatars.route("/auth/me/avatar/")
class Avatar(MethodView):
    """The picture of the caller."""

    @avatars.operation("auth_avatar_set", SIGNED_IN, refuses=[TokenRevoked])
    @avatars.arguments(AvatarRequest)
    @avatars.response(200, UserProfile)
    def put(self, body: dict[str, Any]) -> dict[str, Any]:
        """Choose one's picture.

        One that is not ready yet is shown as soon as it is; `avatar_url` is null until then.
        """
        with transaction() as session:
            user = choose_avatar(session, caller(session, identity(), lock=True).user, body["media_id"])
            session.flush()
        set_version(user.version)
        return profile(user)

    @avatars.operation("auth_avatar_delete", SIGNED_IN, refuses=[TokenRevoked])
    @avatars.response(204)
    def delete(self) -> None:
        """Show no picture."""
        with transaction() as session:
            drop_avatar(session, caller(session, identity(), lock=True).user)
