"""The web process of streams."""

from flask import Flask

from services.streams.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app("streams", "Streams", settings(), [])
