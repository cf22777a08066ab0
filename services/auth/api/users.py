"""People, for staff."""

from typing import Any

from sqlalchemy.orm import Session

from services.auth.api.answers import sentence
from services.auth.api.leaving import DeletionStatus
from services.auth.api.people_schemas import (
    DeletionQuery,
    ImpersonationReason,
    ImpersonationResponse,
    MfaReset,
    Reason,
    RevokedCount,
    StaffUser,
    StaffUserDetail,
    StaffUserRequest,
)
from services.auth.api.requests import client
from services.auth.api.schemas import MessageResponse
from services.auth.domain.errors import (
    EmailTaken,
    ImpersonationForbidden,
    InvalidTransition,
    LastSuperuser,
    ReauthenticationRequired,
    TokenRevoked,
    TooManyTries,
)
from services.auth.models import User
from services.auth.operations import impersonation, staffing, throttling
from services.auth.operations.activity import note
from services.auth.operations.deletion import ask_for_deletion
from services.auth.operations.sessions import sign_out_everywhere
from services.auth.operations.staff_changes import (
    change_person,
    mail_reset,
    member_of_staff,
    reset_second_factor,
    superuser,
)
from services.auth.queries.leaving import deletion_status
from services.auth.queries.people import PEOPLE, person_detail, person_entry
from services.auth.queries.users import profile
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Forbidden, NotFound
from shared.http import STAFF, Blueprint, MethodView, identity, require_match, set_version
from shared.http.pages import page_body, page_schema, query_schema

users = Blueprint("users", "People's accounts, for staff.")


@users.route("/users/")
class People(MethodView):
    """Everybody."""

    @users.operation("users_list", STAFF, refuses=[TokenRevoked])
    @users.arguments(query_schema(PEOPLE, "UsersQuery"), location="query")
    @users.response(200, page_schema(StaffUser))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List accounts; `search` matches beginnings of e-mail, names and phone, and an exact id or uuid."""
        with transaction() as session:
            member_of_staff(session, identity())
        with reading() as connection:
            page = PEOPLE.page(connection, query)
        return page_body(page, [person_entry(row) for row in page.rows])


@users.route("/users/<id:user_id>/")
class Person(MethodView):
    """Somebody."""

    @users.operation("users_retrieve", STAFF, refuses=[NotFound, TokenRevoked])
    @users.response(200, StaffUserDetail)
    def get(self, user_id: int) -> dict[str, Any]:
        """Return one account. Reading it is written down."""
        by, now = identity(), utc_now()
        with transaction() as session:
            member_of_staff(session, by)
            user = session.get(User, user_id)
            if user is None:
                raise NotFound
            note(session, "user_viewed", user_id=user.id, actor_id=by.user_id, client=client(), now=now)
            set_version(user.version)
            return _detail(session, user)

    @users.operation(
        "users_partial_update",
        STAFF,
        refuses=[NotFound, EmailTaken, LastSuperuser, ReauthenticationRequired, TokenRevoked],
        matches=True,
    )
    @users.arguments(StaffUserRequest)
    @users.response(200, StaffUserDetail)
    def patch(self, body: dict[str, Any], user_id: int) -> dict[str, Any]:
        """Change somebody's details.

        E-mail and roles: by a superuser who confirmed who they are, with a `reason`.
        """
        with transaction() as session:
            member_of_staff(session, identity())
            user = staffing.locked(session, user_id)
            require_match(user.version)
            change_person(session, user, body, by=identity(), client=client(), now=utc_now())
            session.flush()
            set_version(user.version)
            return _detail(session, user)

    @users.operation("users_delete", STAFF, refuses=[NotFound, LastSuperuser, ReauthenticationRequired, TokenRevoked])
    @users.arguments(DeletionQuery, location="query")
    @users.arguments(Reason)
    @users.response(202, DeletionStatus)
    def delete(self, query: dict[str, Any], body: dict[str, Any], user_id: int) -> dict[str, Any]:
        """Delete somebody's account in fourteen days, or with `immediate` now. Superusers only."""
        now = utc_now()
        with transaction() as session:
            superuser(session, identity(), now=now)
            user = ask_for_deletion(
                session,
                user_id,
                by=identity(),
                reason=body["reason"],
                client=client(),
                now=now,
                immediate=query["immediate"],
            )
            return deletion_status(session, user)


@users.route("/users/<id:user_id>/suspend/")
class Suspend(MethodView):
    """Shutting out."""

    @users.operation("users_suspend", STAFF, refuses=[NotFound, LastSuperuser, InvalidTransition, TokenRevoked])
    @users.arguments(Reason)
    @users.response(200, StaffUserDetail)
    def post(self, body: dict[str, Any], user_id: int) -> dict[str, Any]:
        """Suspend an account: its sessions end at once. Staff are suspended by superusers only."""
        now = utc_now()
        with transaction() as session:
            user = _below(session, user_id)
            staffing.suspend(session, user, reason=body["reason"], now=now, by=identity(), client=client())
            return _detail(session, user)


@users.route("/users/<id:user_id>/require_verification/")
class RequireVerification(MethodView):
    """Asking for a proof."""

    @users.operation("users_require_verification", STAFF, refuses=[NotFound, InvalidTransition, TokenRevoked])
    @users.arguments(Reason)
    @users.response(200, StaffUserDetail)
    def post(self, body: dict[str, Any], user_id: int) -> dict[str, Any]:
        """Ask somebody to prove their address first: a link is mailed, and the account is pending until it is used.

        Its sessions end. Who is pending signs in and reads, and changes nothing but their own account.
        """
        now = utc_now()
        with transaction() as session:
            user = _below(session, user_id)
            staffing.require_verification(session, user, reason=body["reason"], now=now, by=identity(), client=client())
            return _detail(session, user)


@users.route("/users/<id:user_id>/reactivate/")
class Reactivate(MethodView):
    """Letting in again."""

    @users.operation("users_reactivate", STAFF, refuses=[NotFound, InvalidTransition, TokenRevoked])
    @users.arguments(Reason)
    @users.response(200, StaffUserDetail)
    def post(self, body: dict[str, Any], user_id: int) -> dict[str, Any]:
        """Let a suspended account in again, or a pending one off its proof."""
        now = utc_now()
        with transaction() as session:
            member_of_staff(session, identity())
            user = staffing.locked(session, user_id)
            staffing.reactivate(session, user, reason=body["reason"], now=now, by=identity(), client=client())
            return _detail(session, user)


@users.route("/users/<id:user_id>/sessions/revoke/")
class RevokeSessions(MethodView):
    """Signing somebody out."""

    @users.operation("users_sessions_revoke", STAFF, refuses=[NotFound, TokenRevoked])
    @users.arguments(Reason)
    @users.response(200, RevokedCount)
    def post(self, body: dict[str, Any], user_id: int) -> dict[str, Any]:
        """End every session of an account. Those of staff are ended by superusers only."""
        by, now = identity(), utc_now()
        with transaction() as session:
            user = _below(session, user_id)
            ended = sign_out_everywhere(session, user_id=user.id, reason="staff", now=now)
            details = {"reason": body["reason"], "sessions": len(ended)}
            note(
                session,
                "sessions_revoked",
                user_id=user.id,
                actor_id=by.user_id,
                client=client(),
                now=now,
                details=details,
            )
        return {"revoked_count": len(ended)}


@users.route("/users/<id:user_id>/send_password_reset/")
class SendReset(MethodView):
    """Helping somebody in."""

    @users.operation("users_send_password_reset", STAFF, refuses=[NotFound, TooManyTries, TokenRevoked])
    @users.response(200, MessageResponse)
    def post(self, user_id: int) -> dict[str, Any]:
        """Have the link mailed that sets a new password; staff never see or set one."""
        with transaction() as session:
            member_of_staff(session, identity())
            user = staffing.locked(session, user_id)
            mail_reset(session, user, by=identity(), client=client(), now=utc_now())
        return sentence("A reset link has been sent.")


@users.route("/users/<id:user_id>/mfa/reset/")
class ResetMfa(MethodView):
    """For people who lost phone and codes."""

    @users.operation("users_mfa_reset", STAFF, refuses=[NotFound, ReauthenticationRequired, TokenRevoked])
    @users.arguments(MfaReset)
    @users.response(204)
    def post(self, body: dict[str, Any], user_id: int) -> None:
        """Take somebody's second factor off in a day, or with `force` now. Superusers only; the owner is told."""
        now = utc_now()
        with transaction() as session:
            superuser(session, identity(), now=now)
            user = staffing.locked(session, user_id)
            reset_second_factor(
                session, user, by=identity(), reason=body["reason"], force=body["force"], client=client(), now=now
            )


@users.route("/users/<id:user_id>/impersonate/")
class Impersonate(MethodView):
    """Acting for somebody."""

    @users.operation(
        "users_impersonate",
        STAFF,
        refuses=[NotFound, ImpersonationForbidden, ReauthenticationRequired, TokenRevoked],
    )
    @users.arguments(ImpersonationReason)
    @users.response(200, ImpersonationResponse)
    def post(self, body: dict[str, Any], user_id: int) -> dict[str, Any]:
        """Act for somebody for fifteen minutes: no refresh token, no money, no credentials. Superusers only."""
        now = utc_now()
        with transaction() as session:
            by = superuser(session, identity(), now=now)
            user = session.get(User, user_id)
            if user is None:
                raise NotFound
            granted = impersonation.impersonate(
                session, user, by=by.user, proof=by.auth_session, reason=body["reason"], client=client(), now=now
            )
        return {
            "access_token": granted.access_token,
            "token_type": "bearer",
            "expires_in": int(impersonation.LASTS.total_seconds()),
            "user": profile(granted.user),
            "impersonator_id": by.user.id,
        }


def _below(session: Session, user_id: int) -> User:
    """Return an account, locked, that the member of staff who calls may shut out: another's of staff is a superuser's.

    Raises TokenRevoked, Forbidden, NotFound.
    """
    by = member_of_staff(session, identity()).user
    user = staffing.locked(session, user_id)
    if user.is_staff and not by.is_superuser:
        raise Forbidden
    return user


def _detail(session: Session, user: User) -> dict[str, Any]:
    counter = throttling.counter(throttling.UNKNOWN_DEVICE, user.email.lower())
    return person_detail(session, user, throttle_key=counter.key, now=utc_now())
