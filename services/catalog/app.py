"""The web process of catalog."""

from flask import Flask

from services.catalog.api.answers import let_caches_keep
from services.catalog.api.categories import categories
from services.catalog.api.composed import bundles, packages
from services.catalog.api.modalities import modalities
from services.catalog.api.own_categories import own_categories
from services.catalog.api.parts import parts
from services.catalog.api.people import people
from services.catalog.api.resources import resources
from services.catalog.api.search import searching
from services.catalog.api.services import services
from services.catalog.api.sessions import dated
from services.catalog.api.shelves import shelves
from services.catalog.settings import settings
from shared.http import create_service_app

BLUEPRINTS = (
    *(services, searching, shelves, parts, packages, bundles, dated, resources, categories, own_categories),
    *(modalities, people),
)


def create_app() -> Flask:
    """Return the WSGI application."""
    told = settings()
    app = create_service_app("catalog", "Catalog", told, BLUEPRINTS, replica_url=told.database_replica_url)
    app.after_request(let_caches_keep)
    return app
