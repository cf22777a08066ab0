"""Every fact that locations announces."""

from shared.messaging import Snapshot
from shared.privacy import PRIVACY_EVENTS

PUBLISHES = [*PRIVACY_EVENTS]
SNAPSHOTS: list[Snapshot] = []

# State events that are this service's to announce. It holds none of them yet, and says so to readers that ask.
NOTHING_TO_TELL = ["location.changed"]
