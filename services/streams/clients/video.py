"""What streams asks of a service for video, and how that fails.

VideoFailed
├── VideoUnanswered   no answer in time, or LiveKit is down: the same call may be made again
└── VideoDeclined     LiveKit says no; `code` is its word (`not_found`, `failed_precondition`, …)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class VideoFailed(Exception):
    """A call that did not do what it should."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class VideoUnanswered(VideoFailed):
    """Nobody knows whether it took effect."""


class VideoDeclined(VideoFailed):
    """LiveKit said no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Somebody who is in a room now."""

    sid: str
    identity: str
    joined_at: datetime
    is_standard: bool
    publishes: bool
    attributes: Mapping[str, str]


class Video(Protocol):
    """What streams asks of LiveKit. Every call raises VideoUnanswered, VideoDeclined."""

    def create_room(self, name: str, *, max_participants: int, metadata: Mapping[str, Any]) -> str:
        """Make a room, or find it if it is there; return its sid."""

    def delete_room(self, name: str) -> None:
        """Close a room and put everybody out; one that is not there is closed."""

    def remove(self, room: str, identity: str) -> None:
        """Put somebody out; somebody who is not there is out."""

    def inside(self, room: str) -> list[Inside] | None:
        """Return who is inside; None when there is no such room."""

    def open_rooms(self, names: Sequence[str]) -> dict[str, str]:
        """Return the sids of those of the rooms that exist, by name."""

    def send(self, room: str, *, topic: str, message: Mapping[str, Any]) -> None:
        """Send data to everybody in a room."""

    def start_recording(self, room: str, *, path: str, layout: str, audio_only: bool) -> dict[str, Any]:
        """Begin to record a room; return LiveKit's EgressInfo."""

    def stop_recording(self, egress_id: str) -> dict[str, Any]:
        """End a recording; return its EgressInfo."""

    def recording(self, egress_id: str) -> dict[str, Any] | None:
        """Return the EgressInfo of a recording."""
