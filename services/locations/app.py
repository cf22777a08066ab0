"""The web process of locations."""

from flask import Flask

from services.locations.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app("locations", "Locations", settings(), [])
