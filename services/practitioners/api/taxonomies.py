"""The words that practitioners describe themselves with, over HTTP."""

from typing import Any

from services.practitioners.api.schemas.profiles import Specialization, Style, Topic
from services.practitioners.api.schemas.taxonomies import (
    SpecializationPage,
    SpecializationsQuery,
    StylePage,
    StylesQuery,
    TopicPage,
    TopicsQuery,
)
from services.practitioners.api.schemas.writing import SpecializationRequest, StyleRequest, TopicRequest
from services.practitioners.domain.errors import InUse, NameTaken
from services.practitioners.domain.words import SPECIALIZATION, STYLE, TOPIC
from services.practitioners.operations.taxonomies import add_item, change_item, find_item, remove_item
from services.practitioners.queries.taxonomies import items_page
from shared.database import reading, transaction
from shared.errors import NotFound
from shared.http import ANYONE, STAFF, Blueprint, MethodView
from shared.http.pages import page_body

Body = dict[str, Any]

specializations = Blueprint("specializations", "What practitioners are good at.")
styles = Blueprint("styles", "How practitioners work.")
topics = Blueprint("topics", "What practitioners help with.")


def _list(kind: str, query: Body) -> Body:
    with reading() as connection:
        return page_body(items_page(connection, kind, query))


def _find(kind: str, item_id: int) -> Any:
    with transaction() as session:
        return find_item(session, kind, item_id)


def _add(kind: str, body: Body) -> Any:
    with transaction() as session:
        return add_item(session, kind, body)


def _change(kind: str, item_id: int, body: Body) -> Any:
    with transaction() as session:
        return change_item(session, kind, item_id, body)


def _remove(kind: str, item_id: int) -> None:
    with transaction() as session:
        remove_item(session, kind, item_id)


@specializations.route("/specializations/")
class Specializations(MethodView):
    """All of them."""

    @specializations.operation("specializations_list", ANYONE)
    @specializations.arguments(SpecializationsQuery, location="query")
    @specializations.response(200, SpecializationPage)
    def get(self, query: Body) -> Body:
        """List specializations, by name."""
        return _list(SPECIALIZATION, query)

    @specializations.operation("specializations_create", STAFF, refuses=[NameTaken])
    @specializations.arguments(SpecializationRequest)
    @specializations.response(201, Specialization)
    def post(self, body: Body) -> Any:
        """Add a specialization."""
        return _add(SPECIALIZATION, body)


@specializations.route("/specializations/<id:item_id>/")
class OneSpecialization(MethodView):
    """One of them."""

    @specializations.operation("specializations_retrieve", ANYONE, refuses=[NotFound])
    @specializations.response(200, Specialization)
    def get(self, item_id: int) -> Any:
        """Return a specialization."""
        return _find(SPECIALIZATION, item_id)

    @specializations.operation("specializations_partial_update", STAFF, refuses=[NotFound, NameTaken])
    @specializations.arguments(SpecializationRequest(partial=True))
    @specializations.response(200, Specialization)
    def patch(self, body: Body, item_id: int) -> Any:
        """Change a specialization; its slug stays."""
        return _change(SPECIALIZATION, item_id, body)

    @specializations.operation("specializations_destroy", STAFF, refuses=[NotFound, InUse])
    @specializations.response(204)
    def delete(self, item_id: int) -> None:
        """Delete a specialization that nobody uses."""
        _remove(SPECIALIZATION, item_id)


@styles.route("/styles/")
class Styles(MethodView):
    """All of them."""

    @styles.operation("styles_list", ANYONE)
    @styles.arguments(StylesQuery, location="query")
    @styles.response(200, StylePage)
    def get(self, query: Body) -> Body:
        """List styles, by name."""
        return _list(STYLE, query)

    @styles.operation("styles_create", STAFF, refuses=[NameTaken])
    @styles.arguments(StyleRequest)
    @styles.response(201, Style)
    def post(self, body: Body) -> Any:
        """Add a style."""
        return _add(STYLE, body)


@styles.route("/styles/<id:item_id>/")
class OneStyle(MethodView):
    """One of them."""

    @styles.operation("styles_retrieve", ANYONE, refuses=[NotFound])
    @styles.response(200, Style)
    def get(self, item_id: int) -> Any:
        """Return a style."""
        return _find(STYLE, item_id)

    @styles.operation("styles_partial_update", STAFF, refuses=[NotFound, NameTaken])
    @styles.arguments(StyleRequest(partial=True))
    @styles.response(200, Style)
    def patch(self, body: Body, item_id: int) -> Any:
        """Change a style; its slug stays."""
        return _change(STYLE, item_id, body)

    @styles.operation("styles_destroy", STAFF, refuses=[NotFound, InUse])
    @styles.response(204)
    def delete(self, item_id: int) -> None:
        """Delete a style that nobody uses."""
        _remove(STYLE, item_id)


@topics.route("/topics/")
class Topics(MethodView):
    """All of them."""

    @topics.operation("topics_list", ANYONE)
    @topics.arguments(TopicsQuery, location="query")
    @topics.response(200, TopicPage)
    def get(self, query: Body) -> Body:
        """List topics, by name."""
        return _list(TOPIC, query)

    @topics.operation("topics_create", STAFF, refuses=[NameTaken])
    @topics.arguments(TopicRequest)
    @topics.response(201, Topic)
    def post(self, body: Body) -> Any:
        """Add a topic."""
        return _add(TOPIC, body)


@topics.route("/topics/<id:item_id>/")
class OneTopic(MethodView):
    """One of them."""

    @topics.operation("topics_retrieve", ANYONE, refuses=[NotFound])
    @topics.response(200, Topic)
    def get(self, item_id: int) -> Any:
        """Return a topic."""
        return _find(TOPIC, item_id)

    @topics.operation("topics_partial_update", STAFF, refuses=[NotFound, NameTaken])
    @topics.arguments(TopicRequest(partial=True))
    @topics.response(200, Topic)
    def patch(self, body: Body, item_id: int) -> Any:
        """Change a topic; its slug stays."""
        return _change(TOPIC, item_id, body)

    @topics.operation("topics_destroy", STAFF, refuses=[NotFound, InUse])
    @topics.response(204)
    def delete(self, item_id: int) -> None:
        """Delete a topic that nobody uses."""
        _remove(TOPIC, item_id)
