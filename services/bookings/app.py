"""The web process of bookings."""

from flask import Flask

from services.bookings.api.availability import availability
from services.bookings.api.bookings import bookings
from services.bookings.api.lifecycle import lifecycle
from services.bookings.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app("bookings", "Bookings", settings(), [bookings, lifecycle, availability])
