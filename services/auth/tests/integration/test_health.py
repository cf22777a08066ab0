"""The service answers operations' questions, and nobody else without the gateway's signature."""

from flask import Flask

from shared.testing.http import Caller


def test_ready_with_a_migrated_database(app: Flask) -> None:
    answer = app.test_client().get("/health/ready")

    assert answer.status_code == 200
    assert answer.get_json()["failing"] == {}


def test_unsigned_requests_are_refused(app: Flask) -> None:
    assert app.test_client().get("/openapi.json").status_code == 401


def test_the_document_is_served_to_the_gateway(http: Caller, service: str) -> None:
    assert http.get("/openapi.json").json["info"]["title"].lower() == service
