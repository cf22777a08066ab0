"""Films and sounds: as they are without ffmpeg, and looked at, cleaned and converted with it."""

import json
import stat
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from services.media.tests.conftest import Configure, Sender, Work, body_of
from services.media.tests.pictures import mp4, picture, wav
from shared.testing.http import Caller

UPRIGHT = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
TURNED = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 120 << 16, 0, 0x40000000)
"""The matrix of a film's track. Source: ISO/IEC 14496-12, section 8.3.2."""


def test_what_is_not_installed_is_said(ana: Sender, work: Work) -> None:
    film = ana.stored(mp4(), "a.mp4", "video/mp4")
    work()

    refused = ana.http.post(
        f"/media/{film['id']}/process/", {"operations": ["transcode"], "options": {"format": "webm"}}
    )

    assert (refused.status, refused.code) == (400, "operation_unavailable")


@pytest.fixture
def tools(tmp_path: Path, configure: Configure) -> None:
    """Programs that answer as ffprobe and ffmpeg do."""
    streams = (
        '{"format": {"duration": "12.3456"}, "streams": [{"codec_type": "video", "codec_name": "h264", "width": 1920,'
        ' "height": 1080, "avg_frame_rate": "30000/1001", "side_data_list": [{"rotation": -90}]},'
        ' {"codec_type": "audio", "codec_name": "aac", "channels": 2, "sample_rate": "48000"}]}'
    )
    (tmp_path / "still.png").write_bytes(picture(160, 90, kind="PNG"))
    probe, maker = tmp_path / "ffprobe", tmp_path / "ffmpeg"
    probe.write_text(f"#!/bin/sh\ncat <<'E'\n{streams}\nE\n")
    maker.write_text(
        "#!/bin/sh\nfor last; do :; done\nto=${last#file:}\n"
        f'case "$to" in *.png) cp {tmp_path}/still.png "$to";; *) printf cleaned > "$to";; esac\n'
    )
    for one in (probe, maker):
        one.chmod(one.stat().st_mode | stat.S_IXUSR)
    configure(ffprobe=probe, ffmpeg=maker)


@pytest.mark.usefixtures("tools")
def test_films_are_looked_at_and_cleaned(http: Caller, ana: Sender, work: Work) -> None:
    made = ana.stored(mp4(), "a.mp4", "video/mp4", visibility="public", entity_type="user", entity_id="7")
    work()

    ready = ana.get(made["id"])
    assert (ready["width"], ready["height"], ready["duration"]) == (1080, 1920, 12.346)
    assert ready["processing_metadata"]["video"] == {"codec": "h264", "fps": 29.97, "bitrate": None, "rotation": 270}
    assert [one["version_type"] for one in ready["versions"]] == ["thumbnail", "poster"]
    assert body_of(http, ready["url"]).raw.data == b"cleaned"
    assert body_of(http, ready["thumbnail_url"]).headers["Content-Type"] == "image/webp"


@pytest.mark.usefixtures("tools")
def test_sounds_tell_how_long_they_are(ana: Sender, work: Work) -> None:
    made = ana.upload(wav(), "a.wav", "audio/wav").json
    assert made["status"] == "processing"
    work()

    assert ana.get(made["id"])["duration"] == 12.346


def filmed(folder: Path) -> bytes:
    """Return a second of a test picture, 160 wide and 120 high, filmed with the telephone on its side."""
    path = folder / "filmed.mp4"
    sources = ("testsrc=duration=1:size=160x120:rate=10", "sine=duration=1")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    for source in sources:
        command += ["-f", "lavfi", "-i", source]
    told = ("-metadata", "title=At home", "-metadata", "location=+52.5200+013.4050/")
    subprocess.run([*command, "-c:v", "mpeg4", "-c:a", "aac", *told, str(path)], check=True, timeout=60)
    film = path.read_bytes()
    track = film.index(b"tkhd")
    place = film.index(UPRIGHT, track)
    return film[:place] + TURNED + film[place + len(TURNED) :]


def told_by(folder: Path, film: bytes) -> dict[str, Any]:
    """Return what ffprobe says of a film."""
    path = folder / "told.mp4"
    path.write_bytes(film)
    command = ["ffprobe", "-v", "error", "-print_format", "json", "-show_format", "-show_streams", str(path)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    return found


@pytest.mark.usefixtures("real_tools")
class TestWithFfmpeg:
    def test_a_film_is_looked_at_and_loses_what_its_camera_told(
        self, http: Caller, ana: Sender, work: Work, tmp_path: Path
    ) -> None:
        film = filmed(tmp_path)
        assert "location" in told_by(tmp_path, film)["format"]["tags"]
        made = ana.stored(film, "a.mp4", "video/mp4", visibility="public", entity_type="user", entity_id="7")
        work()

        ready = ana.get(made["id"])
        assert (ready["status"], ready["width"], ready["height"]) == ("ready", 120, 160), ready["error_message"]
        assert ready["duration"] == pytest.approx(1.0, abs=0.2)
        assert ready["processing_metadata"]["video"]["codec"] == "mpeg4"
        assert ready["processing_metadata"]["audio"]["codec"] == "aac"
        poster = next(one for one in ready["versions"] if one["version_type"] == "poster")
        assert (poster["width"], poster["height"]) == (120, 160)
        cleaned = body_of(http, ready["url"]).raw.data
        assert b"At home" not in cleaned
        assert b"+52.5200" not in cleaned
        # It can be played before it is there as a whole.
        assert cleaned.index(b"moov") < cleaned.index(b"mdat")
        assert [one["codec_type"] for one in told_by(tmp_path, cleaned)["streams"]] == ["video", "audio"]

    def test_a_film_is_converted(self, http: Caller, ana: Sender, work: Work, tmp_path: Path) -> None:
        made = ana.stored(
            filmed(tmp_path), "a.mp4", "video/mp4", visibility="public", entity_type="user", entity_id="7"
        )
        work()
        body = {"operations": ["transcode", "thumbnail"], "options": {"format": "mp4"}}
        assert ana.http.post(f"/media/{made['id']}/process/", body).status == 202
        work()

        preview = next(one for one in ana.get(made["id"])["versions"] if one["version_type"] == "preview")
        assert preview["format"] == "mp4"
        assert told_by(tmp_path, body_of(http, preview["url"]).raw.data)["streams"][0]["width"] == 120

    def test_a_sound_tells_how_long_it_is_and_stays_as_it_is(self, ana: Sender, work: Work) -> None:
        made = ana.upload(wav(), "a.wav", "audio/wav").json
        work()

        ready = ana.get(made["id"])
        assert (ready["status"], ready["duration"], ready["file_size"]) == ("ready", 0.1, len(wav()))

    @pytest.mark.parametrize(
        ("body", "name", "kind", "code"),
        [
            pytest.param(mp4(), "a.mp4", "video/mp4", "broken_file", id="a film without pictures or an index"),
            pytest.param(b"ID3" + bytes(500), "a.mp3", "audio/mpeg", "broken_file", id="no sound at all"),
        ],
    )
    def test_what_can_not_be_played_fails(
        self, ana: Sender, work: Work, body: bytes, name: str, kind: str, code: str
    ) -> None:
        made = ana.stored(body, name, kind)
        work()

        failed = ana.get(made["id"])
        assert (failed["status"], failed["error_code"]) == ("failed", code)

    def test_a_film_of_one_picture_has_a_poster(self, ana: Sender, work: Work, tmp_path: Path) -> None:
        """Nothing new is shown a tenth into it."""
        path = tmp_path / "one.mp4"
        source = ("-f", "lavfi", "-i", "testsrc=duration=3:size=64x64:rate=1/3")
        subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-y", *source, "-c:v", "mpeg4", str(path)], check=True, timeout=60
        )
        made = ana.stored(path.read_bytes(), "one.mp4", "video/mp4")
        work()

        assert "poster" in {one["version_type"] for one in ana.get(made["id"])["versions"]}
