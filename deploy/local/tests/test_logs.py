"""Logs are cut while their writers go on."""

import threading
from pathlib import Path

import pytest

from deploy.local import logs


def test_a_large_log_is_moved_and_its_writer_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SIZE_BYTES", 10)
    file = tmp_path / "auth.log"
    with file.open("a") as writer:
        writer.write("a long first line\n")
        writer.flush()

        logs.rotate(tmp_path)
        writer.write("next\n")

    assert file.read_text() == "next\n"
    assert (tmp_path / "auth.log.1").read_text() == "a long first line\n"


def test_a_small_log_stays(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text("little\n")

    logs.rotate(tmp_path)

    assert (tmp_path / "auth.log").read_text() == "little\n"


def test_the_end_of_a_log(tmp_path: Path) -> None:
    file = tmp_path / "auth.log"
    file.write_text("one\ntwo\nthree\n")

    assert logs.tail(file, 2) == ["two", "three"]
    assert logs.tail(tmp_path / "none.log", 2) == []


def test_following_begins_at_the_end_and_shows_whole_lines_only(tmp_path: Path) -> None:
    file = tmp_path / "auth.log"
    file.write_text("before\n")
    lines = logs.follow([file])
    writer = threading.Timer(0.3, _append, (file, "half"))
    finisher = threading.Timer(0.6, _append, (file, " and half\nnot yet"))
    for thread in (writer, finisher):
        thread.start()

    assert next(lines) == ("auth", "half and half")


def _append(file: Path, text: str) -> None:
    with file.open("a") as log:
        log.write(text)
