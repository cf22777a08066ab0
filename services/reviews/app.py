"""The web process of reviews."""

from flask import Flask

from services.reviews.api.moderation import moderation
from services.reviews.api.own import own
from services.reviews.api.questions import questions
from services.reviews.api.reactions import reactions
from services.reviews.api.reviews import reviews
from services.reviews.settings import settings
from shared.http import create_service_app


def create_app() -> Flask:
    """Return the WSGI application."""
    blueprints = [reviews, own, reactions, moderation, questions]
    return create_service_app("reviews", "Reviews", settings(), blueprints)
