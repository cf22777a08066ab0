"""What ffprobe and ffmpeg can tell and do, where they are installed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from shutil import which
from typing import Any

from services.media.clients import sandbox
from services.media.domain.errors import Broken
from services.media.settings import Settings

PROBE_SECONDS = 20.0
WORK_SECONDS = 600.0
# A film names other files and addresses if it is let: it may read itself only.
_ITSELF_ONLY = ("-protocol_whitelist", "file")


@dataclass(frozen=True, slots=True)
class Film:
    """What a recording says of itself; width and height after rotation."""

    duration: Decimal | None
    width: int | None
    height: int | None
    video: dict[str, Any] | None
    audio: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class FilmTools:
    """The programs; empty where there is none."""

    ffprobe: str
    ffmpeg: str

    def probe(self, path: Path, *, beat: sandbox.Beat = lambda: None) -> Film | None:
        """Return what the file says of itself, None without ffprobe. Raises Broken."""
        if not self.ffprobe:
            return None
        asked = (self.ffprobe, "-v", "error", *_ITSELF_ONLY, "-print_format", "json", "-show_format", "-show_streams")
        outcome = sandbox.run([*asked, f"file:{path}"], cpu_seconds=20, deadline_seconds=PROBE_SECONDS, beat=beat)
        try:
            told = json.loads(outcome.output)
        except ValueError:
            told = None
        if outcome.status != 0 or not isinstance(told, dict):
            raise Broken("broken_file", "The recording is damaged.")
        return _read(told)

    def poster(self, path: Path, to: Path, *, film: Film, beat: sandbox.Beat = lambda: None) -> bool:
        """Write a still of the film; returns whether there is one now."""
        at = min(1.0, float(film.duration or 0) / 10)
        # A film may show nothing new after its first picture.
        return self._still(path, to, at, beat) or (at > 0 and self._still(path, to, 0.0, beat))

    def _still(self, path: Path, to: Path, at: float, beat: sandbox.Beat) -> bool:
        wanted = ("-ss", f"{at:.3f}", "-i", f"file:{path}", "-frames:v", "1", "-map_metadata", "-1")
        return self._make([*wanted, f"file:{to}"], to, beat)

    def cleaned(self, path: Path, to: Path, *, beat: sandbox.Beat = lambda: None) -> bool:
        """Write the film without its metadata and ready to be streamed; returns whether that worked."""
        wanted = ("-i", f"file:{path}", "-map", "0:v?", "-map", "0:a?", "-c", "copy", "-map_metadata", "-1")
        faster = ("-movflags", "+faststart") if to.suffix in (".mp4", ".mov") else ()
        # Copied streams need as much room as they have, and a little for another container's tables.
        room = path.stat().st_size * 11 // 10 + sandbox.OUTPUT_BYTES
        return self._make([*wanted, *faster, f"file:{to}"], to, beat, output_bytes=room)

    def transcoded(self, path: Path, to: Path, *, beat: sandbox.Beat = lambda: None) -> bool:
        """Write the film in the format of `to`'s ending; returns whether that worked."""
        wanted = ("-i", f"file:{path}", "-map", "0:v:0", "-map", "0:a:0?", "-map_metadata", "-1")
        return self._make([*wanted, f"file:{to}"], to, beat)

    def _make(
        self, arguments: Sequence[str], to: Path, beat: sandbox.Beat, *, output_bytes: int = sandbox.OUTPUT_BYTES
    ) -> bool:
        if not self.ffmpeg:
            return False
        command = [self.ffmpeg, "-nostdin", "-v", "error", "-y", *_ITSELF_ONLY, *arguments]
        outcome = sandbox.run(
            command,
            cpu_seconds=int(WORK_SECONDS),
            deadline_seconds=WORK_SECONDS,
            output_bytes=output_bytes,
            beat=beat,
        )
        return outcome.status == 0 and to.exists() and to.stat().st_size > 0


@cache
def film_tools(told: Settings) -> FilmTools:
    """Return the programs that are named, or found on this machine."""
    return FilmTools(ffprobe=told.ffprobe or which("ffprobe") or "", ffmpeg=told.ffmpeg or which("ffmpeg") or "")


def _read(told: dict[str, Any]) -> Film:
    streams = [one for one in told.get("streams", ()) if isinstance(one, dict)]
    pictures = [one for one in streams if one.get("codec_type") == "video" and not _is_cover(one)]
    sounds = [one for one in streams if one.get("codec_type") == "audio"]
    video = audio = None
    width = height = None
    if pictures:
        one = pictures[0]
        rotation = _rotation(one)
        width, height = one.get("width"), one.get("height")
        if rotation % 180 == 90:
            width, height = height, width
        video = {
            "codec": one.get("codec_name"),
            "fps": _ratio(one.get("avg_frame_rate")),
            "bitrate": _whole(one.get("bit_rate")),
            "rotation": rotation,
        }
    if sounds:
        one = sounds[0]
        audio = {
            "codec": one.get("codec_name"),
            "channels": one.get("channels"),
            "sample_rate": _whole(one.get("sample_rate")),
        }
    return Film(_seconds(told.get("format", {}).get("duration")), width, height, video, audio)


def _is_cover(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic"))


def _rotation(stream: dict[str, Any]) -> int:
    for side in stream.get("side_data_list", ()):
        if "rotation" in side:
            return int(side["rotation"]) % 360
    return (_whole(stream.get("tags", {}).get("rotate")) or 0) % 360


def _seconds(value: Any) -> Decimal | None:
    try:
        seconds = Decimal(str(value)).quantize(Decimal("0.001"))
    except ArithmeticError:
        return None
    return seconds if 0 <= seconds < 1_000_000 else None


def _ratio(value: Any) -> float | None:
    above, _, below = str(value).partition("/")
    if not above.isdigit() or not below.isdigit() or int(below) == 0:
        return None
    return round(int(above) / int(below), 3)


def _whole(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.lstrip("-").isdigit() else None
