"""The web process of auth."""

from flask import Flask, Response

from services.auth.api.activity import activity
from services.auth.api.avatars import avatars
from services.auth.api.emails import emails
from services.auth.api.identities import identities
from services.auth.api.keys import keys
from services.auth.api.leaving import leaving
from services.auth.api.me import me
from services.auth.api.passwords import passwords
from services.auth.api.second_factor import second_factors
from services.auth.api.sessions import sessions
from services.auth.api.sign_in import signing_in
from services.auth.api.social import socials
from services.auth.api.users import users
from services.auth.settings import settings
from shared.http import create_service_app

# Signing out works with an expired access token when a refresh token is sent.
LENIENT_PATHS = ("/auth/logout/", "/auth/logout")


def create_app() -> Flask:
    """Return the WSGI application."""
    app = create_service_app(
        "auth",
        "Auth",
        settings(),
        [
            signing_in,
            me,
            avatars,
            passwords,
            emails,
            sessions,
            second_factors,
            socials,
            identities,
            leaving,
            activity,
            users,
            keys,
        ],
        lenient_paths=LENIENT_PATHS,
    )
    app.after_request(_never_store)
    return app


def _never_store(response: Response) -> Response:
    """Keep tokens and people out of caches."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response
