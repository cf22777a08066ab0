"""The web process of bookings."""

from flask import Flask

from services.bookings.api.availability import availability
from services.bookings.api.bookings import bookings
from services.bookings.api.calendars import calendars
from services.bookings.api.lifecycle import lifecycle
from services.bookings.api.notes import notes
from services.bookings.api.series import series
from services.bookings.api.stories import stories
from services.bookings.api.waitlists import waitlists
from services.bookings.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    blueprints = [bookings, lifecycle, availability, notes, stories, waitlists, series, calendars]
    return create_service_app("bookings", "Bookings", settings(), blueprints)
