"""What clients and other services build on: operations, the fields of sign-in answers, the events."""

from typing import Any

import pytest

from services.auth.events import PUBLISHES
from shared.messaging import schema_of
from shared.testing.http import Caller

OPERATIONS = {
    "auth_register_create": "POST /auth/register/",
    "auth_login": "POST /auth/login/",
    "auth_logout": "POST /auth/logout/",
    "auth_logout_simple": "POST /auth/logout/simple/",
    "auth_refresh": "POST /auth/token/refresh/",
    "auth_me": "GET /auth/me/",
    "auth_me_update": "PUT /auth/me/",
    "auth_update_profile": "PATCH /auth/me/",
    "auth_delete_me": "DELETE /auth/me/",
    "auth_restore_me": "POST /auth/me/restore/",
    "auth_avatar_set": "PUT /auth/me/avatar/",
    "auth_avatar_delete": "DELETE /auth/me/avatar/",
    "auth_export_create": "POST /auth/me/export/",
    "auth_export_list": "GET /auth/me/export/",
    "auth_export_download": "GET /auth/me/export/{export_id}/download/",
    "auth_change_password": "POST /auth/change-password/",
    "auth_password_reset_request": "POST /auth/password/reset/",
    "auth_password_reset_confirm": "POST /auth/password/reset/confirm/",
    "auth_google": "POST /auth/google/",
    "auth_reauthenticate": "POST /auth/reauthenticate/",
    "auth_email_verify": "POST /auth/email/verify/",
    "auth_email_verify_resend": "POST /auth/email/verify/resend/",
    "auth_email_change": "POST /auth/email/change/",
    "auth_email_change_confirm": "POST /auth/email/change/confirm/",
    "auth_sessions_list": "GET /auth/sessions/",
    "auth_sessions_revoke": "DELETE /auth/sessions/{session_id}/",
    "auth_sessions_revoke_others": "POST /auth/sessions/revoke_others/",
    "auth_mfa_retrieve": "GET /auth/mfa/",
    "auth_mfa_totp_start": "POST /auth/mfa/totp/",
    "auth_mfa_totp_disable": "DELETE /auth/mfa/totp/",
    "auth_mfa_totp_confirm": "POST /auth/mfa/totp/confirm/",
    "auth_mfa_recovery_codes": "POST /auth/mfa/recovery-codes/",
    "auth_mfa_verify": "POST /auth/mfa/verify/",
    "auth_social_providers": "GET /auth/social/",
    "auth_social_start": "GET /auth/social/{provider}/start/",
    "auth_social_callback": "GET /auth/social/{provider}/callback/",
    "auth_social_exchange": "POST /auth/social/exchange/",
    "auth_identities_list": "GET /auth/identities/",
    "auth_identities_link": "POST /auth/identities/link/",
    "auth_identities_unlink": "DELETE /auth/identities/{identity_id}/",
    "auth_activity_list": "GET /auth/activity/",
    "auth_jwks": "GET /auth/jwks/",
    "users_list": "GET /users/",
    "users_retrieve": "GET /users/{user_id}/",
    "users_partial_update": "PATCH /users/{user_id}/",
    "users_delete": "DELETE /users/{user_id}/",
    "users_suspend": "POST /users/{user_id}/suspend/",
    "users_require_verification": "POST /users/{user_id}/require_verification/",
    "users_reactivate": "POST /users/{user_id}/reactivate/",
    "users_sessions_revoke": "POST /users/{user_id}/sessions/revoke/",
    "users_send_password_reset": "POST /users/{user_id}/send_password_reset/",
    "users_mfa_reset": "POST /users/{user_id}/mfa/reset/",
    "users_impersonate": "POST /users/{user_id}/impersonate/",
    "users_audit_list": "GET /users/audit/",
}
# The gateway repeats these answers at the top of its envelope, beside names of its own.
FLAT = ["auth_register_create", "auth_login", "auth_refresh", "auth_google", "auth_mfa_verify", "auth_social_exchange"]
ENVELOPE = {"status", "message", "data", "errors", "code"}

EVENTS = {
    "user.registered": {"user_id", "uuid", "email", "first_name", "last_name", "locale", "timezone", "via"},
    "user.changed": {
        *("id", "uuid", "email", "first_name", "last_name", "full_name", "display_name", "phone_number"),
        *("phone_number_verified", "timezone", "locale", "avatar_url", "account_status", "is_active", "is_staff"),
        *("roles", "practitioner_id", "email_verified", "date_joined"),
    },
    "user.deleted": {"user_id", "uuid", "email", "requested_by"},
    "session.revoked": {"kind", "session_ids", "user_id", "not_before", "reason", "expires_at"},
    "email.verification_requested": {"action_token_id", "user_id", "email", "expires_at"},
    "password.reset_requested": {"action_token_id", "user_id", "email", "expires_at", "has_password"},
    "email.change_requested": {"action_token_id", "user_id", "email", "expires_at", "old_email"},
    "password.changed": {"user_id", "how", "device", "at"},
    "signing_keys.changed": {"keys"},
    "account.security_alert": {
        *("user_id", "kind", "at", "device", "ip_hint", "email", "action_token_id", "expires_at"),
    },
    "user.export_requested": {"export_id", "user_id", "uuid"},
    "user.export_ready": {"export_id", "user_id", "expires_at"},
    "media.claimed": {"media_id", "service", "entity_type", "entity_id"},
    "media.released": {"media_id", "service", "entity_type", "entity_id"},
}


@pytest.fixture
def document(http: Caller) -> dict[str, Any]:
    """The OpenAPI document."""
    told: dict[str, Any] = http.get("/openapi.json").json
    return told


def test_every_operation_is_documented(document: dict[str, Any]) -> None:
    found = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict)
    }

    assert found == OPERATIONS


def test_every_operation_says_who_may_and_what_is_refused(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for operation in (one for one in methods.values() if isinstance(one, dict)):
            assert operation["summary"]
            assert operation["x-permissions"]
            assert "400" in operation["responses"], operation["operationId"]


@pytest.mark.parametrize("name", FLAT)
def test_sign_in_answers_leave_the_envelope_s_names_alone(document: dict[str, Any], name: str) -> None:
    method, path = OPERATIONS[name].split()
    responses = document["paths"][path][method.lower()]["responses"]
    schema = responses.get("200", responses.get("201"))["content"]["application/json"]["schema"]["$ref"]
    properties = document["components"]["schemas"][schema.rpartition("/")[2]]["properties"]

    assert not ENVELOPE & properties.keys()


def test_events_have_the_fields_that_others_read() -> None:
    published = {event.__event__.name: set(schema_of(event)._declared_fields) for event in PUBLISHES}

    assert published == EVENTS
