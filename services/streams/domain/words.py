"""The words of streams, as they stand in the API, in tables and in events."""

SCHEDULED, LIVE, ENDED, CANCELLED = "scheduled", "live", "ended", "cancelled"
STATUSES = (SCHEDULED, LIVE, ENDED, CANCELLED)

FREE, ENTRY, PREMIUM = "free", "entry", "premium"
TIERS = (FREE, ENTRY, PREMIUM)
"""By rank: what a tier opens, the later ones open too."""

HOST, VIEWER, PARTICIPANT = "host", "viewer", "participant"

BY_HOST, BY_STAFF, TIMEOUT, HOST_LEFT, ROOM_CLOSED, ERROR = (
    *("host", "staff", "timeout", "host_left", "room_closed", "error"),
)
END_REASONS = (BY_HOST, BY_STAFF, TIMEOUT, HOST_LEFT, ROOM_CLOSED, ERROR)

UPCOMING, WAITING, RECONNECTING, MISSED = "upcoming", "waiting", "reconnecting", "missed"
PHASES = (UPCOMING, WAITING, LIVE, RECONNECTING, ENDED, CANCELLED, MISSED)

ROOM_LIVE, ROOM_BOOKING, ROOM_SESSION = "live", "booking", "session"
ROOM_KINDS = (ROOM_BOOKING, ROOM_SESSION, ROOM_LIVE)
PENDING, ACTIVE, IN_USE = "pending", "active", "in_use"
ROOM_STATUSES = (PENDING, ACTIVE, IN_USE, ENDED, ERROR)

STARTING, STOPPING, PROCESSING, READY, FAILED, DELETED = (
    *("starting", "stopping", "processing", "ready", "failed", "deleted"),
)
RECORDING_STATUSES = (STARTING, ACTIVE, STOPPING, PROCESSING, READY, FAILED, DELETED)
RUNNING = (STARTING, ACTIVE, STOPPING)

DEVICES = ("desktop", "mobile", "tablet", "other")
EMOJIS = ("❤", "👏", "🙏", "🔥", "😂", "😮", "🎉")

MUTE, BAN = "mute", "ban"


def rank(tier: str) -> int:
    """Return a tier's place: free 0, entry 1, premium 2."""
    return TIERS.index(tier)
