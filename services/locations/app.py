"""The web process of locations."""

from flask import Flask

from services.locations.api.cities import cities
from services.locations.api.countries import countries
from services.locations.api.states import states
from services.locations.api.zipcodes import zipcodes
from services.locations.settings import settings
from shared.http import create_service_app

BLUEPRINTS = [countries, states, cities, zipcodes]


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app("locations", "Locations", settings(), BLUEPRINTS)
