"""People's favourite practitioners. The gateway sends exactly these addresses here."""

from typing import Any

from services.practitioners.api.schemas.profiles import PractitionerList
from services.practitioners.domain.errors import LimitReached, PractitionerNotFound
from services.practitioners.operations.favorites import add_favorite, remove_favorite
from services.practitioners.queries.favorites import favorite_rows
from shared.database import reading, transaction
from shared.errors import NotFound
from shared.http import SIGNED_IN, Blueprint, MethodView, Schema, fields, identity, say

favorites = Blueprint("favorites", "Favourite practitioners.")


class Favorites(Schema):
    """Favourites, newest first."""

    count = fields.Integer(required=True)
    results = fields.List(fields.Nested(PractitionerList), required=True)


class FavoritePractitionerRequest(Schema):
    """Whom."""

    practitioner_id = fields.Raw(required=True, metadata={"description": "Integer, uuid or slug."})


class FavoriteResponse(Schema):
    """What became of it."""

    message = fields.String(required=True)
    is_favorite = fields.Boolean(required=True)
    total = fields.Integer(required=True)


@favorites.route("/auth/favorites/")
class AllFavorites(MethodView):
    """The caller's."""

    @favorites.operation("user_favorites", SIGNED_IN)
    @favorites.response(200, Favorites)
    def get(self) -> dict[str, Any]:
        """List the caller's favourites, newest first; those that are not to be seen at present are left out."""
        with reading() as connection:
            rows = favorite_rows(connection, identity().user_id)
        return {"count": len(rows), "results": rows}


@favorites.route("/auth/favorites/add/")
class AddFavorite(MethodView):
    """One more."""

    @favorites.operation("user_add_favorite", SIGNED_IN, refuses=[PractitionerNotFound, LimitReached])
    @favorites.arguments(FavoritePractitionerRequest)
    @favorites.response(201, FavoriteResponse)
    @favorites.alt_response(200, schema=FavoriteResponse, description="It was there already.")
    def post(self, body: dict[str, Any]) -> Any:
        """Add a favourite; 200 if it was there already."""
        with transaction() as session:
            is_new, total = add_favorite(session, str(body["practitioner_id"])[:128], by=identity())
        message = "Practitioner added to favorites" if is_new else "Practitioner is already in favorites"
        say(message)
        answer = {"message": message, "is_favorite": True, "total": total}
        return answer if is_new else (answer, 200)


@favorites.route("/auth/favorites/<id:practitioner_id>/remove/")
class RemoveFavorite(MethodView):
    """One less."""

    @favorites.operation("user_remove_favorite", SIGNED_IN, refuses=[NotFound])
    @favorites.response(204)
    def delete(self, practitioner_id: int) -> None:
        """Take a favourite away."""
        with transaction() as session:
            remove_favorite(session, practitioner_id, by=identity())
