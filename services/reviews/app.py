"""The web process of reviews."""

from flask import Flask

from services.reviews.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app("reviews", "Reviews", settings(), [])
