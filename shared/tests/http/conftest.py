"""A toy service, so that the edges are tested for themselves."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response, jsonify, request
from sqlalchemy import ForeignKey, bindparam, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import (
    Database,
    Key,
    ModelBase,
    Money,
    Timestamps,
    Versioned,
    reading,
    service_metadata,
    transaction,
)
from shared.errors import Conflict, NotFound
from shared.http import (
    ANYONE,
    SIGNED_IN,
    STAFF,
    Blueprint,
    Idempotency,
    MethodView,
    Schema,
    create_service_app,
    fields,
    identity,
    kept_while_unchanged,
    require_match,
    say,
    set_version,
)
from shared.http.kept import good_until
from shared.http.pages import page_body, page_schema, query_schema
from shared.listing import Filter, Listing
from shared.settings import ServiceSettings
from shared.testing.http import trust_test_key


class Base(ModelBase):
    __abstract__ = True
    metadata = service_metadata()


class Shelf(Base):
    __tablename__ = "toy_shelves"
    id: Mapped[Key]
    name: Mapped[str]


class Book(Versioned, Timestamps, Base):
    __tablename__ = "toy_books"
    aggregate_type = "book"
    id: Mapped[Key]
    owner_id: Mapped[int]
    title: Mapped[str]
    price_cents: Mapped[Money]
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("toy_shelves.id"))


class TitleTaken(Conflict):
    code = "title_taken"
    message = "There is a book of that title."


class BookBody(Schema):
    title = fields.String(required=True)
    price = fields.Money(attribute="price_cents", required=True)


class BookAnswer(Schema):
    id = fields.Integer()
    title = fields.String()
    price = fields.Money(attribute="price_cents")
    shelf = fields.String(allow_none=True)


LISTING = Listing(
    columns=select(Book.id, Book.title, Book.price_cents, Shelf.name.label("shelf")).outerjoin(
        Shelf, Shelf.id == Book.shelf_id
    ),
    key=Book.id,
    filters={
        "title": Filter(fields.String(), lambda value: Book.title == value),
        "owner": Filter(fields.Integer(), lambda value: Book.owner_id == value),
        "titles": Filter(fields.Names(("a", "b", "c")), lambda value: Book.title == func.any(value)),
        "shelved": Filter(
            fields.Boolean(),
            lambda yes: Book.shelf_id.is_not(None) if yes else Book.shelf_id.is_(None),
            by_value=True,
        ),
    },
    orderings={"price": Book.price_cents, "title": Book.title, "shelf": Shelf.name},
    default_ordering="-price",
    nullable=frozenset({"shelf"}),
    search=lambda value: Book.title.ilike(func.concat("%", value, "%")),
)
books = Blueprint("books", "Toys.")


@books.route("/books/", twins=["/the-books/"])
class Books(MethodView):
    @books.operation("books_list", SIGNED_IN)
    @books.arguments(query_schema(LISTING, "BooksQuery"), location="query")
    @books.response(200, page_schema(BookAnswer))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List one's books."""
        with reading() as connection:
            page = LISTING.page(
                connection,
                query,
                where=[Book.owner_id == bindparam("me")],
                variant="own",
                parameters={"me": identity().user_id},
            )
        return page_body(page)

    @books.operation("books_create", SIGNED_IN, refuses=[TitleTaken], idempotency=Idempotency.IN_TRANSACTION)
    @books.arguments(BookBody)
    @books.response(201, BookAnswer)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a book."""
        with transaction() as session:
            if body["title"] == "taken":
                raise TitleTaken(errors={"title": ["Choose another."]})
            book = Book(owner_id=identity().user_id, **body)
            session.add(book)
            session.flush()
            say("Ein Büchlein „neu“")
            return {"id": book.id, "title": book.title, "price_cents": book.price_cents, "shelf": None}


class Shown:
    """How often the window was looked at."""

    times = 0


@books.route("/window/")
class Window(MethodView):
    @books.operation("books_window", ANYONE)
    @kept_while_unchanged(lambda: 600.0, never_with="now")
    @books.response(200)
    def get(self) -> Response:
        """Show what everybody sees."""
        Shown.times += 1
        with reading() as connection:
            titles = list(connection.scalars(select(Book.title).order_by(Book.id)))
        if "old" in request.args:
            good_until(time.monotonic())
        set_version("-".join(titles) or "none")
        say("Look")
        answer = jsonify({"titles": titles, "for": identity().user_id, "asked": request.args.get("q")})
        answer.headers["Cache-Control"] = "public"
        return answer


@books.route("/books/<id:book_id>/")
class OneBook(MethodView):
    @books.operation("books_retrieve", ANYONE, refuses=[NotFound])
    @books.response(200, BookAnswer)
    def get(self, book_id: int) -> dict[str, Any]:
        """Read a book."""
        with transaction() as session:
            book = session.get(Book, book_id)
            if book is None:
                raise NotFound
            set_version(book.version)
            return {"id": book.id, "title": book.title, "price_cents": book.price_cents, "shelf": None}

    @books.operation("books_update", SIGNED_IN, matches=True)
    @books.arguments(BookBody(partial=True))
    @books.response(200, BookAnswer)
    def patch(self, body: dict[str, Any], book_id: int) -> dict[str, Any]:
        """Change a book."""
        with transaction() as session:
            book = session.get_one(Book, book_id, with_for_update=True)
            require_match(book.version)
            for name, value in body.items():
                setattr(book, name, value)
            session.flush()
            set_version(book.version)
            return {"id": book.id, "title": book.title, "price_cents": book.price_cents, "shelf": None}


@books.route("/failures/<kind>/")
class Failures(MethodView):
    @books.operation("books_fail", ANYONE)
    @books.response(200)
    def get(self, kind: str) -> None:
        """Fail in a chosen way."""
        statements = {
            "range": "SELECT 2147483648::int",
            "cancelled": "SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)",
            "deadlock": "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$",
            "bug": "SELECT nonsense",
        }
        with transaction() as session:
            session.execute(text(statements[kind]))


class Deadlocks:
    """How many of the next transactions are given up for another's sake."""

    left = 0


@books.route("/crowded/<when>/")
class Crowded(MethodView):
    @books.operation("books_crowded", SIGNED_IN, idempotency=Idempotency.IN_TRANSACTION)
    @books.response(201)
    def post(self, when: str) -> dict[str, Any]:
        """Make two books where others make theirs."""
        for moment in ("first", "second"):
            with transaction() as session:
                session.add(Book(owner_id=identity().user_id, title=moment, price_cents=100))
                session.flush()
                if moment == when and Deadlocks.left:
                    Deadlocks.left -= 1
                    session.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"))
        return {"left": Deadlocks.left}


@books.route("/desk/")
class Desk(MethodView):
    @books.operation("books_desk", STAFF)
    @books.response(200)
    def get(self) -> dict[str, Any]:
        """Only for staff."""
        return {"welcome": True}


@pytest.fixture
def service() -> str:
    return "reviews"


@pytest.fixture
def app(database: Database) -> Iterator[Flask]:
    Base.metadata.create_all(database.engine)
    made = create_service_app("toys", "Toys", ServiceSettings.from_environ(), [books])
    trust_test_key(database)
    yield made
    Base.metadata.drop_all(database.engine)


def add_books(database: Database, owner: int, *titles: str, price_cents: int = 100) -> None:
    with database.transaction() as session:
        session.add_all(Book(owner_id=owner, title=title, price_cents=price_cents) for title in titles)
