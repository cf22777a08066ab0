"""People come and go by auth's events, in any order and however often."""

import pytest
from sqlalchemy import select

from services.media.handlers import auth
from services.media.models import User
from shared.database import Database
from shared.messaging.testing import announced, apply, message


def person(sequence: int, name: str, **more: object) -> object:
    data = {"id": 7, "uuid": "01900000-0000-7000-8000-000000000007", "display_name": name, "is_active": True, **more}
    return message("user.changed", data, subject=("user", 7), sequence=sequence)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 3)])
def test_the_newest_state_wins_in_any_order(database: Database, order: tuple[int, ...]) -> None:
    apply(database, "media", [auth], *(person(sequence, f"v{sequence}") for sequence in order))

    with database.transaction() as session:
        assert session.scalar(select(User.display_name)) == "v3"


def test_a_deleted_person_is_blanked_and_auth_is_told_once(database: Database) -> None:
    gone = message("user.deleted", {"user_id": 7, "uuid": "x", "email": "a@b.c"}, subject=("user", 7), sequence=2)
    apply(database, "media", [auth], person(1, "Ana"), gone, gone, person(1, "late"))

    with database.transaction() as session:
        assert session.scalar(select(User.display_name)) == "Member"
        assert [told.data for told in announced(session, "user.erased")] == [{"user_id": 7, "source": "media"}]


def test_a_person_is_told_what_is_held(database: Database) -> None:
    wish = message("user.export_requested", {"export_id": "e1", "user_id": 7, "uuid": "x"}, subject=("user", 7))
    apply(database, "media", [auth], person(1, "Ana"), wish)

    with database.transaction() as session:
        [part] = announced(session, "user.export_part")
    assert part.data["data"][0]["display_name"] == "Ana"
    assert (part.data["part"], part.data["last"], part.data["source"]) == (1, True, "media")
