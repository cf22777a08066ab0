"""The web process of catalog."""

from flask import Flask

from services.catalog.api.categories import categories
from services.catalog.api.people import people
from services.catalog.api.search import searching
from services.catalog.api.services import services
from services.catalog.api.sessions import dated
from services.catalog.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app("catalog", "Catalog", settings(), [searching, services, dated, categories, people])
