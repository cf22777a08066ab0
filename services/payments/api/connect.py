"""Practitioners' accounts at Stripe Connect."""

from datetime import UTC, datetime
from typing import Any

from services.payments.api import stripe as desk
from services.payments.api.earnings import caller_practitioner
from services.payments.api.schemas.connect import ConnectLink, ConnectRequest, ConnectStatus, LoginLink
from services.payments.api.schemas.parts import Said
from services.payments.domain import errors
from services.payments.operations import connect as operations
from services.payments.operations.cards import translated
from services.payments.settings import settings
from shared.database import transaction
from shared.errors import BadGateway, Forbidden, RateLimited
from shared.http import PRACTITIONER, PRACTITIONER_IN_PERSON, Blueprint, MethodView, QuerySchema, fields

connect = Blueprint("connect", "Practitioners' accounts at Stripe.")
NO_REQUIREMENTS: dict[str, Any] = {
    "currently_due": [],
    "eventually_due": [],
    "past_due": [],
    "current_deadline": None,
    "disabled_reason": None,
}


class StatusQuery(QuerySchema):
    """Whether to ask Stripe now."""

    refresh = fields.Boolean(load_default=False)


@connect.route("/connect/status/")
class Status(MethodView):
    @connect.operation("connect_status_retrieve", PRACTITIONER, refuses=[Forbidden])
    @connect.arguments(StatusQuery, location="query")
    @connect.response(200, ConnectStatus)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Return how the caller's account stands."""
        account = _account()
        if query["refresh"] and account is not None:
            state = translated(lambda: desk.stripe().call("accounts.retrieve", account.stripe_account_id, {}))
            with transaction() as session:
                operations.sync_account(session, state)
            account = _account()
        if account is None:
            return {
                "has_stripe_account": False,
                "stripe_account_id": None,
                "is_connected": False,
                "details_submitted": False,
                "charges_enabled": False,
                "payouts_enabled": False,
                "can_receive_payouts": False,
                "requirements": NO_REQUIREMENTS,
                "country": None,
                "synced_at": None,
            }
        return {
            "has_stripe_account": True,
            "stripe_account_id": account.stripe_account_id,
            "is_connected": account.details_submitted,
            "details_submitted": account.details_submitted,
            "charges_enabled": account.charges_enabled,
            "payouts_enabled": account.payouts_enabled,
            "can_receive_payouts": account.can_receive,
            "requirements": {**NO_REQUIREMENTS, **account.requirements},
            "country": account.country,
            "synced_at": account.synced_at,
        }


@connect.route("/connect/onboarding/")
class Onboarding(MethodView):
    @connect.operation(
        "connect_onboarding_create",
        PRACTITIONER_IN_PERSON,
        refuses=[Forbidden, errors.PractitionerSuspended, BadGateway, RateLimited, errors.StripeUnavailable],
    )
    @connect.arguments(ConnectRequest)
    @connect.response(200, ConnectLink)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make the caller's account, once, and a fresh link to Stripe's form."""
        with transaction() as session:
            number = operations.note_account(
                session,
                practitioner_id=caller_practitioner(session.connection()),
                country=(body.get("country") or settings().stripe_connect_country).upper(),
            )
        outcome = desk.make_call(number)
        if desk.was_unanswered(outcome):
            raise errors.StripeUnavailable(retry_after=5)
        if outcome.refusal is not None:
            raise BadGateway
        return _link(body)


@connect.route("/connect/refresh/")
class Refresh(MethodView):
    @connect.operation(
        "connect_refresh_create",
        PRACTITIONER_IN_PERSON,
        refuses=[Forbidden, errors.PayoutAccountRequired, BadGateway, errors.StripeUnavailable],
    )
    @connect.arguments(ConnectRequest)
    @connect.response(200, ConnectLink)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a fresh link to Stripe's form for the account there is."""
        return _link(body)


@connect.route("/connect/disconnect/")
class Disconnect(MethodView):
    @connect.operation(
        "connect_disconnect_create",
        PRACTITIONER_IN_PERSON,
        refuses=[Forbidden, errors.PayoutAccountRequired, errors.PayoutInProgress],
    )
    @connect.response(200, Said)
    def post(self) -> dict[str, Any]:
        """Let the caller's account go; a later onboarding makes a new one."""
        with transaction() as session:
            operations.disconnect(session, caller_practitioner(session.connection()))
        return {"detail": "The account was disconnected."}


@connect.route("/connect/login_link/")
class Login(MethodView):
    @connect.operation(
        "connect_login_link_create",
        PRACTITIONER_IN_PERSON,
        refuses=[
            Forbidden,
            errors.PayoutAccountRequired,
            errors.OnboardingIncomplete,
            BadGateway,
            errors.StripeUnavailable,
        ],
    )
    @connect.response(200, LoginLink)
    def post(self) -> dict[str, Any]:
        """Make a single-use link to the caller's dashboard at Stripe. It is kept nowhere."""
        account = _account()
        if account is None:
            raise errors.PayoutAccountRequired
        if not account.details_submitted:
            raise errors.OnboardingIncomplete
        made = translated(lambda: desk.stripe().call("accounts.login_links.create", account.stripe_account_id, {}))
        return {"url": made["url"]}


def _account() -> Any:
    with transaction() as session:
        return operations.active_account(session, caller_practitioner(session.connection()))


def _link(body: dict[str, Any]) -> dict[str, Any]:
    account = _account()
    if account is None:
        raise errors.PayoutAccountRequired
    frontend = settings().frontend_url.rstrip("/")
    link = translated(
        lambda: operations.onboarding_link(
            desk.stripe(),
            account.stripe_account_id,
            refresh_url=body.get("refresh_url") or f"{frontend}/practitioner/payouts?refresh=1",
            return_url=body.get("return_url") or f"{frontend}/practitioner/payouts",
        )
    )
    return {"url": link["url"], "expires_at": datetime.fromtimestamp(int(link["expires_at"]), tz=UTC)}
