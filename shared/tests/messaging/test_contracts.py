"""What the services of this checkout tell each other, held against what is written down."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.messaging import docs, event, handles, samples
from shared.messaging.handlers import Handlers
from shared.messaging.topology import DEFINITIONS, Participant, participants, render


def test_the_brokers_definitions_are_up_to_date() -> None:
    assert DEFINITIONS.read_text() == render(), "run python -m shared.messaging.topology"


def test_the_page_of_events_is_up_to_date_and_nobody_listens_in_vain() -> None:
    members = participants()

    assert docs.problems(members) == []
    assert docs.PAGE.read_text() == docs.page(members), "run python -m shared.messaging.docs"


def test_every_event_has_a_sample_that_every_reader_understands() -> None:
    assert samples.problems(participants()) == []


@event("thing.made")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingMade:
    id: int
    name: str | None


@event("thing.made")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingMadeWithColour:
    id: int
    name: str | None
    colour: str = "red"


@event("thing.made")
@dataclass(frozen=True, slots=True, kw_only=True)
class ThingMadeWithoutName:
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsName:
    name: str


def maker(payload: type) -> Participant:
    return Participant(name="maker", publishes=(payload,), handlers=Handlers([]))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(samples, "folder_of", lambda service: tmp_path / service)
    return tmp_path / "maker"


def test_an_added_field_gets_a_further_sample_and_the_old_one_still_counts(folder: Path) -> None:
    samples.write_missing([maker(ThingMade)])
    assert "no sample of its present form" in samples.problems([maker(ThingMadeWithColour)])[0]

    samples.write_missing([maker(ThingMadeWithColour)])

    assert sorted(path.name for path in folder.iterdir()) == ["thing.made.json", "thing.made@2.json"]
    assert samples.problems([maker(ThingMadeWithColour)]) == []


def test_a_lost_or_retyped_field_is_told(folder: Path) -> None:
    samples.write_missing([maker(ThingMade)])

    told = " ".join(samples.problems([maker(ThingMadeWithoutName)]))

    assert "lost name" in told
    assert "no longer fits" in told


def test_a_reader_that_cannot_take_null_is_told(folder: Path) -> None:
    @handles("thing.made", ReadsName)
    def read(_session: object, _event: ReadsName, _message: object) -> None: ...

    reader = Participant(name="reader", handlers=Handlers(read.__handles__))  # type: ignore[attr-defined]
    samples.write_missing([maker(ThingMade)])

    (told,) = samples.problems([maker(ThingMade), reader])

    assert "reader" in told
    assert "without optional values" in told
