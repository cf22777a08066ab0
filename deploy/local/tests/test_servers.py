"""A server that somebody else is starting is waited for, and never started twice."""

import os
from pathlib import Path

import pytest

from deploy.local import postgresql
from deploy.local.credentials import Credentials
from deploy.local.postgresql import PostgreSQL
from deploy.local.problems import Problem
from deploy.local.profiles import PROFILES


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PostgreSQL:
    """A server whose process lives (this one stands for it) and whose port nobody answers yet."""
    server = PostgreSQL(PROFILES["test"], Credentials(tmp_path / "credentials.json"))
    monkeypatch.setattr(PostgreSQL, "folder", tmp_path)
    monkeypatch.setattr(postgresql, "find_postgresql", lambda: pytest.fail("a second server would be started"))
    monkeypatch.setattr(postgresql, "_is_postgresql", lambda _pid: True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    return server


def test_a_server_that_is_starting_is_waited_for(begun: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, False, True])
    monkeypatch.setattr(postgresql, "listens", lambda _port: next(answers))

    begun.start()

    assert list(answers) == []


def test_a_server_on_other_ports_is_named(begun: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "listens", lambda _port: False)
    monkeypatch.setattr(postgresql, "START_SECONDS", 0.2)

    with pytest.raises(Problem, match="not on port"):
        begun.start()


def test_a_number_that_another_program_has_now_is_no_server(begun: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    assert not postgresql._is_postgresql(os.getpid())
