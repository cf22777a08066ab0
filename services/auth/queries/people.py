"""People, as staff see them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, case, cast, func, or_, select
from sqlalchemy.orm import Session

from services.auth.domain import names, password_hashes, roles
from services.auth.models import ACCOUNT_STATUSES, AuthSession, LinkedIdentity, LoginFailure, User
from shared.http import fields
from shared.listing import Filter, Listing, Row

_ROLES: dict[str, ColumnElement[bool]] = {
    "user": User.id > 0,
    "practitioner": User.practitioner_id.is_not(None),
    "staff": User.is_staff.is_(True),
    "superuser": User.is_superuser.is_(True),
}


def _given(column: ColumnElement[Any] | Any) -> Callable[[Any], ColumnElement[bool]]:
    """Return the clause of a flag that says whether something is set."""
    return lambda value: column.is_not(None) if value else column.is_(None)


def _search(typed: Any) -> ColumnElement[bool]:
    """Match beginnings of e-mail, names and phone, and an exact id or uuid."""
    text = cast(typed, Text)
    escaped = func.replace(func.replace(func.replace(func.lower(text), "\\", "\\\\"), "%", "\\%"), "_", "\\_")
    begins = escaped.concat("%")
    return or_(
        func.lower(User.email).like(begins),
        func.lower(User.first_name).like(begins),
        func.lower(User.last_name).like(begins),
        User.phone_number.like(begins),
        User.id == case((text.regexp_match("^[0-9]{1,18}$"), cast(text, BigInteger))),
        cast(User.uuid, Text) == func.lower(text),
    )


PEOPLE = Listing(
    columns=select(
        User.id,
        User.uuid,
        User.email,
        User.first_name,
        User.last_name,
        User.account_status,
        User.is_staff,
        User.practitioner_id,
        User.email_verified_at,
        User.mfa_enabled_at,
        User.date_joined,
        User.last_login,
    ),
    key=User.id,
    filters={
        "account_status": Filter(fields.Names(ACCOUNT_STATUSES), lambda value: User.account_status == func.any(value)),
        "role": Filter(
            fields.Names(tuple(_ROLES)), lambda value: or_(*(_ROLES[name] for name in value)), by_value=True
        ),
        "email_verified": Filter(fields.Boolean(), _given(User.email_verified_at), by_value=True),
        "mfa_enabled": Filter(fields.Boolean(), _given(User.mfa_enabled_at), by_value=True),
        "is_imported": Filter(fields.Boolean(), _given(User.imported_from), by_value=True),
        "joined_after": Filter(fields.DateTime(), lambda value: User.date_joined >= value),
        "joined_before": Filter(fields.DateTime(), lambda value: User.date_joined < value),
    },
    orderings={
        "date_joined": User.date_joined,
        "last_login": User.last_login,
        "email": User.email,
        "last_name": User.last_name,
    },
    default_ordering="-date_joined",
    search=_search,
    nullable=frozenset({"last_login"}),
)


def person_entry(row: Row) -> dict[str, Any]:
    """Return a row of the list."""
    is_practitioner = row["practitioner_id"] is not None
    return {
        "id": row["id"],
        "uuid": row["uuid"],
        "email": row["email"],
        "full_name": names.full_name(row["first_name"], row["last_name"]) or row["email"],
        "account_status": row["account_status"],
        "roles": roles.roles(is_practitioner=is_practitioner, is_staff=row["is_staff"]),
        "is_practitioner": is_practitioner,
        "practitioner_id": row["practitioner_id"],
        "email_verified": row["email_verified_at"] is not None,
        "mfa_enabled": row["mfa_enabled_at"] is not None,
        "date_joined": row["date_joined"],
        "last_login": row["last_login"],
    }


def person_detail(session: Session, user: User, *, throttle_key: bytes, now: datetime) -> dict[str, Any]:
    """Return one person with what their account hangs on; never a hash, a secret or a token."""
    live = select(func.count()).where(
        AuthSession.user_id == user.id, AuthSession.revoked_at.is_(None), AuthSession.expires_at > now
    )
    throttled = select(func.count()).where(LoginFailure.key == throttle_key, LoginFailure.blocked_until > now)
    providers = select(func.array_agg(LinkedIdentity.provider)).where(LinkedIdentity.user_id == user.id)
    sessions_count, is_throttled, linked = session.execute(
        select(live.scalar_subquery(), throttled.scalar_subquery() > 0, providers.scalar_subquery())
    ).one()
    return {
        "id": user.id,
        "uuid": user.uuid,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "full_name": user.full_name,
        "phone_number": user.phone_number,
        "timezone": user.timezone,
        "account_status": user.account_status,
        "status_reason": user.status_reason,
        "roles": user.roles,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "practitioner_id": user.practitioner_id,
        "tier": user.tier,
        "email_verified": user.email_verified,
        "mfa_enabled": user.mfa_enabled,
        "has_password": user.password_hash is not None,
        "password_scheme": password_hashes.scheme(user.password_hash),
        "identities": linked or [],
        "sessions_count": sessions_count,
        "is_throttled": is_throttled,
        "imported_from": user.imported_from,
        "deletion_due_at": user.deletion_due_at,
        "date_joined": user.date_joined,
        "last_login": user.last_login,
        "version": user.version,
    }
