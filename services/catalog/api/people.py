"""What a person keeps and likes; the gateway sends these paths of /auth/ here."""

from typing import Any

from marshmallow import pre_load, validate

from services.catalog.api.shapes.services import ServiceList
from services.catalog.domain.errors import LimitReached, ServiceNotFound
from services.catalog.operations import favorites as operations
from services.catalog.queries import people as queries
from services.catalog.queries.documents import documents
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import NotFound
from shared.http import (
    SIGNED_IN,
    Blueprint,
    MethodView,
    QuerySchema,
    Schema,
    fields,
    identity,
    say,
)
from shared.http.fields import maybe

people = Blueprint("favorites", "What people keep and like.")


class FavoriteServices(Schema):
    """The services that somebody keeps."""

    count = fields.Integer()
    results = fields.List(fields.Nested(ServiceList))


class FavoriteServiceRequest(Schema):
    """A service by id, uuid or slug."""

    service_id = fields.String(required=True, validate=validate.Length(min=1, max=100))

    @pre_load
    def read_numbers(self, data: Any, **_: Any) -> Any:
        """Take a number as its text."""
        if isinstance(data, dict) and isinstance(data.get("service_id"), int) and data["service_id"] is not True:
            return {**data, "service_id": str(data["service_id"])}
        return data


class FavoriteResponse(Schema):
    """What became of it."""

    message = fields.String()
    is_favorite = fields.Boolean()
    total = fields.Integer()


class ModalityPreference(Schema):
    """A modality that somebody likes; 0 is liked most."""

    id = fields.Integer()
    name = fields.String()
    slug = fields.String()
    priority = fields.Integer()


class ModalityPreferences(Schema):
    """The modalities that somebody likes."""

    count = fields.Integer()
    results = fields.List(fields.Nested(ModalityPreference))


class PreferencesRequest(Schema):
    """The whole list, most liked first."""

    modality_ids = fields.List(fields.Integer(), required=True)


class PreferenceRequest(Schema):
    """One modality."""

    modality_id = fields.Integer(required=True)


class PreferencesAnswer(Schema):
    """What became of it."""

    message = fields.String()
    count = fields.Integer()


class Told(Schema):
    """A sentence."""

    message = fields.String()


class RecommendationsQuery(QuerySchema):
    """How many of each."""

    services_limit = fields.Integer(load_default=6, validate=validate.Range(0, 24))
    practitioners_limit = fields.Integer(load_default=6, validate=validate.Range(0, 24))


class NamedModality(Schema):
    """A modality by name."""

    id = fields.Integer()
    name = fields.String()
    slug = fields.String()


class Specialization(Schema):
    """What somebody specialises in."""

    id = fields.Integer()
    content = fields.String()


class PriceRange(Schema):
    """From the cheapest to the dearest."""

    min = maybe(fields.String)
    max = maybe(fields.String)


class RecommendedPractitioner(Schema):
    """A practitioner who may please."""

    id = fields.Integer()
    public_uuid = fields.UUID()
    slug = fields.String()
    display_name = fields.String()
    professional_title = maybe(fields.String)
    title = maybe(fields.String)
    profile_image_url = maybe(fields.String)
    bio_short = maybe(fields.String)
    is_verified = fields.Boolean()
    featured = fields.Boolean()
    average_rating = fields.Float()
    average_rating_float = fields.Float()
    total_reviews = fields.Integer()
    total_services = fields.Integer()
    price_range = fields.Nested(PriceRange)
    min_price_cents = maybe(fields.Integer)
    max_price_cents = maybe(fields.Integer)
    specializations = fields.List(fields.Nested(Specialization))
    modalities = fields.List(fields.Nested(NamedModality))
    languages = fields.List(fields.String())
    location = maybe(fields.String)
    offers_virtual = fields.Boolean()
    offers_in_person = fields.Boolean()


class Recommendations(Schema):
    """What may please somebody."""

    recommendation_reason = fields.String(metadata={"enum": ["personalized", "popular"]})
    user_modalities = fields.List(fields.Nested(NamedModality))
    services = fields.List(fields.Nested(ServiceList))
    practitioners = fields.List(fields.Nested(RecommendedPractitioner))


@people.route("/auth/favorite-services/")
class Favorites(MethodView):
    """What the caller keeps."""

    @people.operation("user_favorite_services", SIGNED_IN)
    @people.response(200, FavoriteServices)
    def get(self) -> dict[str, Any]:
        """List the services that one keeps, newest first. Hidden ones are left out until they come back."""
        with reading() as connection:
            shown = documents(connection, queries.favorite_ids(connection, identity().user_id), full=False)
        return {"count": len(shown), "results": shown}


@people.route("/auth/favorite-services/add/")
class AddFavorite(MethodView):
    """Keeping a service."""

    @people.operation("user_add_favorite_service", SIGNED_IN, refuses=[ServiceNotFound, LimitReached])
    @people.arguments(FavoriteServiceRequest)
    @people.alt_response(200, schema=FavoriteResponse, success=True)
    @people.response(201, FavoriteResponse)
    def post(self, body: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """Keep a service. Again is the same."""
        with transaction() as session:
            new, total = operations.keep_service(session, body["service_id"], user_id=identity().user_id, now=utc_now())
        message = "Service added to favorites" if new else "Service is already in favorites"
        say(message)
        return {"message": message, "is_favorite": True, "total": total}, 201 if new else 200


@people.route("/auth/favorite-services/<id:service_id>/remove/")
class RemoveFavorite(MethodView):
    """Keeping a service no longer."""

    @people.operation("user_remove_favorite_service", SIGNED_IN, refuses=[NotFound])
    @people.response(204)
    def delete(self, service_id: int) -> None:
        """Keep a service no longer."""
        with transaction() as session:
            operations.drop_service(session, service_id, user_id=identity().user_id)


@people.route("/auth/modality-preferences/")
class Preferences(MethodView):
    """What the caller likes."""

    @people.operation("user_modality_preferences", SIGNED_IN)
    @people.response(200, ModalityPreferences)
    def get(self) -> dict[str, Any]:
        """List the modalities that one likes, most liked first."""
        with reading() as connection:
            liked = queries.liked_modalities(connection, identity().user_id)
        return {"count": len(liked), "results": liked}


@people.route("/auth/modality-preferences/set/")
class SetPreferences(MethodView):
    """Saying what one likes."""

    @people.operation("user_set_modality_preferences", SIGNED_IN)
    @people.arguments(PreferencesRequest)
    @people.response(200, PreferencesAnswer)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say which modalities one likes: the whole list, most liked first."""
        with transaction() as session:
            count = operations.prefer(session, body["modality_ids"], user_id=identity().user_id)
        say("Preferences saved")
        return {"message": "Preferences saved", "count": count}


@people.route("/auth/modality-preferences/add/")
class AddPreference(MethodView):
    """Liking one more."""

    @people.operation("user_add_modality_preference", SIGNED_IN, refuses=[NotFound, LimitReached])
    @people.arguments(PreferenceRequest)
    @people.alt_response(200, schema=Told, success=True)
    @people.response(201, Told)
    def post(self, body: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """Like one more modality. Again is the same."""
        with transaction() as session:
            new = operations.add_preference(session, body["modality_id"], user_id=identity().user_id)
        message = "Preference added" if new else "Already a preference"
        say(message)
        return {"message": message}, 201 if new else 200


@people.route("/auth/modality-preferences/<id:modality_id>/remove/")
class RemovePreference(MethodView):
    """Liking one less."""

    @people.operation("user_remove_modality_preference", SIGNED_IN, refuses=[NotFound])
    @people.response(204)
    def delete(self, modality_id: int) -> None:
        """Like a modality no longer."""
        with transaction() as session:
            operations.remove_preference(session, modality_id, user_id=identity().user_id)


@people.route("/auth/recommendations/")
class Recommended(MethodView):
    """What may please the caller."""

    @people.operation("user_recommendations", SIGNED_IN)
    @people.arguments(RecommendationsQuery, location="query")
    @people.response(200, Recommendations)
    def get(self, query: dict[str, int]) -> dict[str, Any]:
        """Recommend services and practitioners, by the modalities that one likes."""
        me = identity().user_id
        with reading() as connection:
            liked = queries.liked_modalities(connection, me)
            ids = [one["id"] for one in liked]
            wanted = queries.recommended_service_ids(connection, me=me, liked=ids, limit=query["services_limit"])
            practitioners = queries.recommended_practitioners(
                connection, me=me, liked=ids, limit=query["practitioners_limit"]
            )
            return {
                "recommendation_reason": "personalized" if liked else "popular",
                "user_modalities": liked,
                "services": documents(connection, wanted, full=False),
                "practitioners": practitioners,
            }
