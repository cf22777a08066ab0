"""The pages that several lists answer."""

from services.streams.api.live_schemas import LiveStream
from services.streams.api.stream_schemas import Stream
from shared.http.pages import page_schema

StreamPage = page_schema(Stream)
LiveStreamPage = page_schema(LiveStream)
