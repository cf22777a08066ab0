"""The web process of streams."""

from flask import Flask

from services.streams.api.audience import audience
from services.streams.api.categories import categories
from services.streams.api.entering import entering
from services.streams.api.live import live_streams
from services.streams.api.recordings import recordings
from services.streams.api.rooms import rooms
from services.streams.api.schedules import schedules
from services.streams.api.streams import streams
from services.streams.api.webhooks import webhooks
from services.streams.settings import settings
from shared.http import create_service_app

BLUEPRINTS = (streams, live_streams, entering, audience, recordings, schedules, categories, rooms, webhooks)

# LiveKit's own token stands where ours would: it is never tried as one.
LENIENT = ("/streams/webhooks/livekit/", "/webhooks/livekit/", "/rooms/webhooks/livekit/")


def create_app() -> Flask:
    """Return the WSGI application."""
    return create_service_app("streams", "Streams", settings(), BLUEPRINTS, lenient_paths=LENIENT)
