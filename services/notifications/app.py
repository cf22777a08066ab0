"""The web process of notifications."""

from flask import Flask

from services.notifications.api.inbox import notifications
from services.notifications.api.notes import notes
from services.notifications.api.settings import notification_settings
from services.notifications.api.tickets import tickets
from services.notifications.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app(
        "notifications", "Notifications", settings(), [notifications, notes, notification_settings, tickets]
    )
