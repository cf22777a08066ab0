"""The web process of media."""

from flask import Flask

from services.media.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app("media", "Media", settings(), [])
