"""Every fact that locations announces."""

from shared.messaging import Snapshot
from shared.privacy import PRIVACY_EVENTS

PUBLISHES = [*PRIVACY_EVENTS]
SNAPSHOTS: list[Snapshot] = []
