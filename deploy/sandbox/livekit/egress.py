"""Recordings: starting, active after a second, ending, complete, with a small film as their file."""

import asyncio
import time
from pathlib import Path
from typing import Any

from livekit.protocol.egress import (
    EgressInfo,
    EgressStatus,
    FileInfo,
    ListEgressRequest,
    RoomCompositeEgressRequest,
    S3Upload,
)

from .errors import TwirpError
from .film import film
from .hall import Hall, new_id
from .settings import Settings

NANOSECONDS = 1_000_000_000
STARTS_AFTER_SECONDS = 1.0
OVER = (
    *(EgressStatus.EGRESS_COMPLETE, EgressStatus.EGRESS_FAILED, EgressStatus.EGRESS_ABORTED),
    EgressStatus.EGRESS_LIMIT_REACHED,
)


def _now() -> int:
    return int(time.time() * NANOSECONDS)


class Recorder:
    """All recordings, by their ids."""

    def __init__(self, settings: Settings, hall: Hall) -> None:
        self.settings = settings
        self.hall = hall
        self.running: dict[str, EgressInfo] = {}

    def start(self, wish: RoomCompositeEgressRequest) -> EgressInfo:
        """Begin to record a room. Raises TwirpError."""
        space = self.hall.space(wish.room_name)
        if not wish.file_outputs:
            raise TwirpError("invalid_argument", "request has no output")
        info = EgressInfo(
            egress_id=new_id("EG"),
            room_id=space.room.sid,
            room_name=wish.room_name,
            status=EgressStatus.EGRESS_STARTING,
            started_at=_now(),
            updated_at=_now(),
            room_composite=wish,
        )
        self.running[info.egress_id] = info
        self.hall.news("egress_started", space, egress=info)
        return info

    def stop(self, egress_id: str) -> EgressInfo:
        """End a recording. Raises TwirpError."""
        info = self.running.get(egress_id)
        if info is None:
            raise TwirpError("not_found", "egress does not exist")
        if info.status in OVER:
            raise TwirpError("failed_precondition", "egress has ended already")
        self._turn(info, EgressStatus.EGRESS_ENDING)
        return info

    def listed(self, wish: ListEgressRequest) -> list[EgressInfo]:
        """Return recordings by id, room, or whether they run."""
        return [
            info
            for info in self.running.values()
            if (not wish.egress_id or info.egress_id == wish.egress_id)
            and (not wish.room_name or info.room_name == wish.room_name)
            and (not wish.active or info.status not in OVER)
        ]

    async def tick(self) -> None:
        """Move every recording on."""
        for info in list(self.running.values()):
            space = self.hall.rooms.get(info.room_name)
            old = (_now() - info.started_at) / NANOSECONDS >= STARTS_AFTER_SECONDS
            if info.status == EgressStatus.EGRESS_STARTING and old:
                if self.hall.trouble.egress_fails:
                    self._end(info, EgressStatus.EGRESS_FAILED, "made to fail")
                elif space is None or not any(person.info.tracks for person in space.people.values()):
                    self._end(info, EgressStatus.EGRESS_ABORTED, "Start signal not received")
                else:
                    self._turn(info, EgressStatus.EGRESS_ACTIVE)
            elif info.status == EgressStatus.EGRESS_ACTIVE and space is None:
                self._turn(info, EgressStatus.EGRESS_ENDING)
            elif info.status == EgressStatus.EGRESS_ENDING:
                await self._write(info)

    def _turn(self, info: EgressInfo, status: Any) -> None:
        info.status, info.updated_at = status, _now()
        self.hall.news("egress_updated", egress=info)

    def _end(self, info: EgressInfo, status: Any, error: str = "") -> None:
        info.status, info.ended_at, info.updated_at, info.error = status, _now(), _now(), error
        self.hall.news("egress_ended", egress=info)

    async def _write(self, info: EgressInfo) -> None:
        wish = info.room_composite
        output = wish.file_outputs[0]
        seconds = max((_now() - info.started_at) / NANOSECONDS, 1.0)
        data = film(f"Recording of {info.room_name}", seconds)
        path = output.filepath or f"{info.egress_id}.mp4"
        if output.HasField("s3"):
            await asyncio.to_thread(_put, output.s3, path, data)
            location = f"{output.s3.endpoint}/{output.s3.bucket}/{path}"
        else:
            file = self.file_of(info.egress_id)
            file.parent.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(file.write_bytes, data)
            location = f"{self.settings.url}/_sandbox/recordings/{info.egress_id}.mp4"
        info.file_results.append(
            FileInfo(
                filename=path,
                started_at=info.started_at,
                ended_at=_now(),
                duration=int(seconds * NANOSECONDS),
                size=len(data),
                location=location,
            )
        )
        self._end(info, EgressStatus.EGRESS_COMPLETE)

    def file_of(self, egress_id: str) -> Path:
        """Return where a recording lies that goes to no S3."""
        return self.settings.folder / f"{egress_id}.mp4"


def _put(target: S3Upload, path: str, data: bytes) -> None:
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=target.endpoint or None,
        region_name=target.region or "auto",
        aws_access_key_id=target.access_key,
        aws_secret_access_key=target.secret,
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )
    client.put_object(Bucket=target.bucket, Key=path, Body=data, ContentType="video/mp4")
