"""The web process of notifications."""

from flask import Flask

from services.notifications.api.inbox import notifications
from services.notifications.api.live import live
from services.notifications.api.notes import notes
from services.notifications.api.schedule import schedule
from services.notifications.api.settings import notification_settings
from services.notifications.api.staff import staff
from services.notifications.api.templates import templates
from services.notifications.api.tickets import tickets
from services.notifications.api.unsubscribing import unsubscribing
from services.notifications.settings import settings
from shared.http import create_service_app

BLUEPRINTS = [
    notifications, notes, notification_settings, schedule, unsubscribing, templates, staff, tickets, live,
]  # fmt: skip


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app("notifications", "Notifications", settings(), BLUEPRINTS)
