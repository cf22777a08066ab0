"""Connections keep the plans of lists; nobody notices."""

from sqlalchemy import Connection, text

from shared.database import Database, reading
from shared.testing.http import Caller
from shared.tests.http.conftest import LISTING, add_books


def kept(connection: Connection, part: str) -> list[str]:
    """Return the statements with `part` in them whose plans the connection keeps."""
    found = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars()
    return [statement for statement in found if part in statement]


def test_a_list_is_planned_once_on_a_connection(http: Caller, database: Database) -> None:
    add_books(database, 7, "a", "b", "c")
    with reading() as connection:
        for title in ("a", "b", "c", "a", "b", "c", "none"):
            page = LISTING.page(connection, {"title": title})
            assert [row["title"] for row in page.rows] == ([] if title == "none" else [title])
        assert len(kept(connection, "toy_books.title = $1")) == 1


def test_a_text_is_planned_for_its_words_and_a_transaction_keeps_nothing(http: Caller, database: Database) -> None:
    add_books(database, 7, "a", "bee")
    with reading() as connection:
        assert len(LISTING.page(connection, {"search": "be"}).rows) == 1
        assert not kept(connection, "concat")
    with database.transaction() as session:
        before = kept(session.connection(), "")
        assert len(LISTING.page(session.connection(), {"title": "a", "ordering": ("-title",)}).rows) == 1
        assert kept(session.connection(), "") == before


def test_a_number_that_no_row_can_hold_finds_nothing(http: Caller, database: Database) -> None:
    add_books(database, 7, "a")
    with reading() as connection:
        for owner, found in ((7, 1), (2**62, 0), (7, 1)):
            assert len(LISTING.page(connection, {"owner": owner}).rows) == found


def test_a_migration_meanwhile_is_no_failure(http: Caller, database: Database) -> None:
    add_books(database, 7, "a")
    with reading() as connection:
        assert len(LISTING.page(connection, {"title": "a"}).rows) == 1
        try:
            with database.transaction() as session:
                session.execute(text("ALTER TABLE toy_books ALTER title TYPE text"))
                session.execute(text("ALTER TABLE toy_books ALTER owner_id TYPE bigint"))
            assert len(LISTING.page(connection, {"title": "a"}).rows) == 1
        finally:
            with database.transaction() as session:
                session.execute(text("ALTER TABLE toy_books ALTER title TYPE varchar, ALTER owner_id TYPE integer"))
