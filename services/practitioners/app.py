"""The web process of practitioners."""

from flask import Flask

from services.practitioners.api.applications import applications
from services.practitioners.api.availability import availability
from services.practitioners.api.certifications import certifications
from services.practitioners.api.desk import desk
from services.practitioners.api.documents import documents
from services.practitioners.api.education import education
from services.practitioners.api.favorites import favorites
from services.practitioners.api.free_times import free_times
from services.practitioners.api.practitioners import practitioners, public
from services.practitioners.api.questions import questions
from services.practitioners.api.reviewing import reviewing
from services.practitioners.api.schedules import schedules
from services.practitioners.api.search import search
from services.practitioners.api.taxonomies import specializations, styles, topics
from services.practitioners.api.viewing import flush_last
from services.practitioners.api.workload import workload
from services.practitioners.settings import settings
from shared.http import FINISHING, create_service_app

BLUEPRINTS = [
    practitioners,
    public,
    applications,
    reviewing,
    documents,
    certifications,
    education,
    questions,
    schedules,
    availability,
    free_times,
    specializations,
    styles,
    topics,
    favorites,
    desk,
    search,
    workload,
]


def create_app() -> Flask:
    """Return the WSGI application."""
    told = settings()
    app = create_service_app("practitioners", "Practitioners", told, BLUEPRINTS, replica_url=told.database_replica_url)
    app.extensions[FINISHING] = [flush_last]
    return app
