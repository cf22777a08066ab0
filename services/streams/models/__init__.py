"""Tables of streams."""

from services.streams.models.audience import (
    ChatKey,
    ChatMessage,
    JoinHint,
    Moderation,
    NoticeSent,
    ReactionBucket,
    Reminder,
    ViewerEngagement,
)
from services.streams.models.base import Base
from services.streams.models.figures import LiveAnalytics, StreamDay
from services.streams.models.live import LiveCounters, LiveStream, ParticipantSeen, Room, ViewerSession
from services.streams.models.livekit import LiveKitEvent, LiveKitOperation
from services.streams.models.people import Booking, MediaFile, Membership, Practitioner, Service, ServiceSession, User
from services.streams.models.recording import Recording
from services.streams.models.schedule import Schedule
from services.streams.models.stream import Stream, StreamCategory, StreamCategoryLink

__all__ = [
    "Base",
    "Booking",
    "ChatKey",
    "ChatMessage",
    "JoinHint",
    "LiveAnalytics",
    "LiveCounters",
    "LiveKitEvent",
    "LiveKitOperation",
    "LiveStream",
    "MediaFile",
    "Membership",
    "Moderation",
    "NoticeSent",
    "ParticipantSeen",
    "Practitioner",
    "ReactionBucket",
    "Recording",
    "Reminder",
    "Room",
    "Schedule",
    "Service",
    "ServiceSession",
    "Stream",
    "StreamCategory",
    "StreamCategoryLink",
    "StreamDay",
    "User",
    "ViewerEngagement",
    "ViewerSession",
]
