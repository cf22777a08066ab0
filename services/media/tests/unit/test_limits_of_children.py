"""Programs that read what strangers sent are ended by their limits, and nobody else is."""

import sys
from pathlib import Path

import pytest

from services.media.clients import sandbox
from services.media.domain.errors import Broken
from services.media.tests.pictures import picture


def test_a_program_that_takes_too_much_memory_ends_alone() -> None:
    outcome = sandbox.run(
        [sys.executable, "-I", "-S", "-c", "x = bytearray(1 << 30); print(len(x))"],
        memory_bytes=200 << 20,
        cpu_seconds=5,
        deadline_seconds=10,
    )

    assert outcome.status != 0
    assert "MemoryError" in outcome.complaint


def test_a_program_that_takes_too_long_ends_alone() -> None:
    beats: list[int] = []
    outcome = sandbox.run(
        [sys.executable, "-I", "-S", "-c", "while True: pass"],
        cpu_seconds=30,
        deadline_seconds=0.2,
        beat=lambda: beats.append(1),
    )

    assert outcome.status == -9
    assert beats


def test_a_program_sees_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_SIGNING_KEYS", "k:secret")
    shown = sandbox.run(
        [sys.executable, "-I", "-S", "-c", "import os; print(dict(os.environ))"], cpu_seconds=5, deadline_seconds=10
    )

    assert b"secret" not in shown.output


@pytest.mark.usefixtures("real_child")
def test_a_child_that_dies_is_the_picture_s_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MEMORY_BYTES", 60 << 20)
    (tmp_path / "a.png").write_bytes(picture(3000, 3000, kind="PNG"))
    order = {"task": "first", "source": str(tmp_path / "a.png"), "folder": str(tmp_path), "content_type": "image/png"}

    with pytest.raises(Broken) as refused:
        sandbox.paint({**order, "pixels_max": 50_000_000})

    assert refused.value.code == "image_too_complex"
