"""Profiles: applying, reading, changing."""

from typing import Any

from services.practitioners.api.caching import kept_for_strangers, let_caches_keep
from services.practitioners.api.listing import list_page
from services.practitioners.api.matching import require_profile, tag_profile
from services.practitioners.api.schemas.lists import PractitionerListPage, PractitionersQuery
from services.practitioners.api.schemas.profiles import (
    PractitionerDetail,
    PractitionerPrivate,
    PractitionerShown,
    TierLimits,
)
from services.practitioners.api.schemas.writing import (
    FeatureRequest,
    PractitionerApplicationRequest,
    PractitionerUpdateRequest,
)
from services.practitioners.api.viewing import count_view
from services.practitioners.domain.errors import (
    AlreadyPractitioner,
    HasUpcomingBookings,
    InvalidTransition,
    NoProfile,
    PractitionerNotFound,
    PractitionerSuspended,
)
from services.practitioners.operations.applying import apply_as_practitioner, delete_practitioner
from services.practitioners.operations.finding import find_practitioner, managed_practitioner, own_practitioner
from services.practitioners.operations.profiles import feature_practitioner, update_profile
from services.practitioners.queries.profiles import private_profile, public_profile, shown_profile
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden
from shared.http import (
    ANYONE,
    PRACTITIONER,
    SIGNED_IN,
    STAFF,
    Blueprint,
    Idempotency,
    MethodView,
    identity,
    say,
)

practitioners = Blueprint("practitioners", "Who offers.")
public = Blueprint("public-practitioners", "Who offers, the same for everybody.")


def _apply(body: dict[str, Any]) -> dict[str, Any]:
    now = utc_now()
    with transaction() as session:
        practitioner = apply_as_practitioner(session, by=identity(), data=body, now=now)
        session.flush()
        say("Application started")
        answer = private_profile(session.connection(), practitioner.id, now=now)
        tag_profile(practitioner.version, answer)
        return answer


@practitioners.route("/practitioners/")
class Practitioners(MethodView):
    """All of them."""

    @practitioners.operation("practitioners_list", ANYONE)
    @kept_for_strangers
    @practitioners.arguments(PractitionersQuery, location="query")
    @practitioners.response(200, PractitionerListPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List practitioners.

        Strangers see those who are verified and active. Staff may ask for any `practitioner_status`.
        """
        return list_page(query, by=identity())

    @practitioners.operation(
        "practitioners_create", SIGNED_IN, refuses=[AlreadyPractitioner], idempotency=Idempotency.IN_TRANSACTION
    )
    @practitioners.arguments(PractitionerApplicationRequest)
    @practitioners.response(201, PractitionerPrivate)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Become a practitioner: make a draft profile."""
        return _apply(body)


@practitioners.route("/practitioners/apply/")
class Apply(MethodView):
    """The older address of the same."""

    @practitioners.operation(
        "practitioners_apply_create", SIGNED_IN, refuses=[AlreadyPractitioner], idempotency=Idempotency.IN_TRANSACTION
    )
    @practitioners.arguments(PractitionerApplicationRequest)
    @practitioners.response(201, PractitionerPrivate)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Become a practitioner: make a draft profile."""
        return _apply(body)


@practitioners.route("/practitioners/my_profile/", twins=["/practitioners/my-profile/"])
class MyProfile(MethodView):
    """The caller's own."""

    @practitioners.operation("practitioners_my_profile_retrieve", PRACTITIONER, refuses=[NoProfile])
    @practitioners.response(200, PractitionerPrivate)
    def get(self) -> dict[str, Any]:
        """Return the caller's own profile."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            answer = private_profile(session.connection(), practitioner.id, now=utc_now())
        tag_profile(answer["version"], answer)
        return answer


@practitioners.route("/practitioners/limits/")
class Limits(MethodView):
    """What the caller's plan allows."""

    @practitioners.operation("practitioners_limits_retrieve", PRACTITIONER, refuses=[NoProfile])
    @practitioners.response(200, TierLimits)
    def get(self) -> dict[str, Any]:
        """Return what the caller's plan allows, and how much of it is used."""
        with transaction() as session:
            practitioner = own_practitioner(session, identity())
            limits: dict[str, Any] = private_profile(session.connection(), practitioner.id, now=utc_now())["limits"]
            return limits


@practitioners.route("/practitioners/<ref:reference>/")
class OnePractitioner(MethodView):
    """One of them, by id, uuid or slug."""

    @practitioners.operation("practitioners_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @practitioners.response(200, PractitionerShown)
    def get(self, reference: str) -> dict[str, Any]:
        """Return a profile.

        Strangers see those that are listed or on vacation; owner and staff any, with the private fields.
        """
        with reading() as connection:
            answer, is_private = shown_profile(connection, reference, by=identity(), now=utc_now())
        if not is_private:
            count_view(answer["id"])
            let_caches_keep()
        tag_profile(answer.get("version", 0), answer)
        return answer

    @practitioners.operation(
        "practitioners_update",
        SIGNED_IN,
        refuses=[Forbidden, PractitionerNotFound, PractitionerSuspended, InvalidTransition],
        matches=True,
    )
    @practitioners.arguments(PractitionerUpdateRequest)
    @practitioners.response(200, PractitionerPrivate)
    def put(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a profile; what is absent stays."""
        return _update(body, reference)

    @practitioners.operation(
        "practitioners_partial_update",
        SIGNED_IN,
        refuses=[Forbidden, PractitionerNotFound, PractitionerSuspended, InvalidTransition],
        matches=True,
    )
    @practitioners.arguments(PractitionerUpdateRequest(partial=True))
    @practitioners.response(200, PractitionerPrivate)
    def patch(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Change a profile; what is absent stays."""
        return _update(body, reference)

    @practitioners.operation(
        "practitioners_destroy",
        SIGNED_IN,
        refuses=[Forbidden, PractitionerNotFound, PractitionerSuspended, HasUpcomingBookings],
    )
    @practitioners.response(204)
    def delete(self, reference: str) -> None:
        """Delete a profile; the person keeps the account."""
        with transaction() as session:
            delete_practitioner(session, managed_practitioner(session, reference, identity()), now=utc_now())


def _update(body: dict[str, Any], reference: str) -> dict[str, Any]:
    now = utc_now()
    with transaction() as session:
        practitioner = managed_practitioner(session, reference, identity())
        require_profile(practitioner.version)
        update_profile(session, practitioner, body, now=now)
        say("Profile updated")
        answer = private_profile(session.connection(), practitioner.id, now=now)
        tag_profile(practitioner.version, answer)
        return answer


@practitioners.route("/practitioners/<ref:reference>/feature/")
class Feature(MethodView):
    """Standing first."""

    @practitioners.operation("practitioners_feature_create", STAFF, refuses=[PractitionerNotFound])
    @practitioners.arguments(FeatureRequest)
    @practitioners.response(200, PractitionerDetail)
    def post(self, body: dict[str, Any], reference: str) -> dict[str, Any]:
        """Put somebody first in lists, or no longer."""
        now = utc_now()
        with transaction() as session:
            practitioner = find_practitioner(session, reference, lock=True)
            feature_practitioner(session, practitioner, featured=body["featured"], until=body.get("until"))
            return private_profile(session.connection(), practitioner.id, now=now)


@practitioners.route("/practitioners/by-slug/<ref:slug>/")
class BySlug(MethodView):
    """One of them by its address, also by an old one."""

    @practitioners.operation("practitioners_by_slug_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @practitioners.response(200, PractitionerDetail)
    def get(self, slug: str) -> dict[str, Any]:
        """Return a profile by its slug; an old one answers with the present profile."""
        return _public(slug)


@public.route("/public-practitioners/")
class PublicPractitioners(MethodView):
    """All of them, whoever asks."""

    @public.operation("public_practitioners_list", ANYONE)
    @kept_for_strangers
    @public.arguments(PractitionersQuery, location="query")
    @public.response(200, PractitionerListPage)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List practitioners; the answer does not depend on who asks."""
        return list_page(query, by=None)


@public.route("/public-practitioners/<ref:public_uuid>/")
class PublicPractitioner(MethodView):
    """One of them, whoever asks."""

    @public.operation("public_practitioners_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @public.response(200, PractitionerDetail)
    def get(self, public_uuid: str) -> dict[str, Any]:
        """Return a profile by uuid, slug or id; the answer does not depend on who asks."""
        return _public(public_uuid)


@public.route("/public-practitioners/by-slug/<ref:slug>/")
class PublicBySlug(MethodView):
    """One of them by its address, whoever asks."""

    @public.operation("public_practitioners_by_slug_retrieve", ANYONE, refuses=[PractitionerNotFound])
    @public.response(200, PractitionerDetail)
    def get(self, slug: str) -> dict[str, Any]:
        """Return a profile by its slug; an old one answers with the present profile."""
        return _public(slug)


def _public(reference: str) -> dict[str, Any]:
    with reading() as connection:
        answer = public_profile(connection, reference, now=utc_now())
    count_view(answer["id"])
    let_caches_keep()
    tag_profile(0, answer)
    return answer
