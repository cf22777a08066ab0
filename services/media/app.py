"""The web process of media."""

from flask import Flask

from services.media.api.collections import together
from services.media.api.content import content
from services.media.api.forms import MediaRequest
from services.media.api.managing import managing
from services.media.api.media import files
from services.media.api.uploads import uploads
from services.media.clients.storage import configured
from services.media.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    told = settings()
    app = create_service_app(
        "media",
        "Media",
        told,
        [files, uploads, managing, together, content],
        notices={"storage": lambda: configured(told).trouble()},
    )
    app.request_class = MediaRequest
    return app
