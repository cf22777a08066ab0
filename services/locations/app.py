"""The web process of locations."""

from flask import Flask

from services.locations.api.addresses import addresses
from services.locations.api.cities import cities
from services.locations.api.countries import countries
from services.locations.api.finding import finding
from services.locations.api.locations import locations
from services.locations.api.searching import searching
from services.locations.api.states import states
from services.locations.api.timezones import timezones
from services.locations.api.zipcodes import zipcodes
from services.locations.operations.geocoding import Geocoding, use_geocoding
from services.locations.settings import settings
from shared.http import create_service_app

BLUEPRINTS = [countries, states, cities, zipcodes, timezones, locations, searching, addresses, finding]


def create_app() -> Flask:
    """Return the WSGI application."""
    use_geocoding(Geocoding.of(settings()))
    return create_service_app("locations", "Locations", settings(), BLUEPRINTS)
