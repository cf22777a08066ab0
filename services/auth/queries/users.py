"""How people are shown."""

from typing import Any

from services.auth.models import User


def profile(user: User) -> dict[str, Any]:
    """Return what somebody sees of their own account."""
    return {
        "id": user.id,
        "uuid": user.uuid,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "full_name": user.full_name,
        "display_name": user.display_name,
        "preferred_name": user.preferred_name,
        "phone_number": user.phone_number,
        "phone_number_verified": user.phone_number_verified,
        "timezone": user.timezone,
        "locale": user.locale,
        "is_practitioner": user.is_practitioner,
        "practitioner_public_id": user.practitioner_uuid,
        "practitioner_id": user.practitioner_id,
        "practitioner_slug": user.practitioner_slug,
        "account_status": user.account_status,
        "last_login": user.last_login,
        "date_joined": user.date_joined,
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "has_password": user.password_hash is not None,
        "email_verified": user.email_verified,
        "pending_email": user.pending_email,
        "avatar_url": user.avatar_url,
        "roles": user.roles,
        "tier": user.tier,
        "mfa_enabled": user.mfa_enabled,
        "deletion_due_at": user.deletion_due_at,
    }
