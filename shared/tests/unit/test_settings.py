"""All that is wrong with an environment is told at once, before anything starts."""

from dataclasses import dataclass
from typing import Literal

import pytest

from shared.settings import BadSettings, ServiceSettings, Settings, secret


@dataclass(frozen=True, kw_only=True)
class Toy(Settings):
    name: str
    size: int = 3
    colours: tuple[str, ...] = ("red",)
    mode: Literal["slow", "fast"] = "slow"
    is_loud: bool = False
    limit: int | None = None
    toy_key: str = secret("hidden")


def test_values_are_read_as_their_types(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "NAME": "ball",
        "SIZE": "7",
        "COLOURS": "red, blue,",
        "MODE": "fast",
        "IS_LOUD": "true",
        "LIMIT": "5",
    }.items():
        monkeypatch.setenv(name, value)

    assert Toy.from_environ() == Toy(
        name="ball", size=7, colours=("red", "blue"), mode="fast", is_loud=True, limit=5, toy_key="hidden"
    )


def test_an_empty_variable_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "ball")
    monkeypatch.setenv("SIZE", "")

    assert Toy.from_environ().size == 3


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIZE", "many")
    monkeypatch.setenv("MODE", "never")
    monkeypatch.delenv("NAME", raising=False)

    with pytest.raises(BadSettings) as told:
        Toy.from_environ()
    assert [problem.partition(":")[0] for problem in told.value.problems] == ["NAME", "SIZE", "MODE"]


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr(Toy(name="ball"))


@pytest.mark.parametrize("legacy", ["short", "django-insecure-" + "x" * 40])
def test_production_refuses_weak_keys(legacy: str) -> None:
    settings = ServiceSettings(estuary_env="production", database_url="x", edge_key="short", jwt_legacy_secret=legacy)

    assert {problem.partition(":")[0] for problem in settings.problems()} == {"EDGE_KEY", "JWT_LEGACY_SECRET"}
