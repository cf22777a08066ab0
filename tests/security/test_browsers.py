"""S12: other pages get nothing out of a visitor's browser (the origins themselves: gateway/tests/test_browsers.py)."""

import pytest
import requests

from deploy.local.stack import Stack
from tests.e2e.people import PASSWORD, Person, register

pytestmark = pytest.mark.e2e

EVIL = ("null", "https://evil.example", "http://localhost:3000.evil.example", "http://localhost:30001", "file://")


@pytest.fixture(scope="module")
def person(stack: Stack) -> Person:
    return register(stack, "browser")


@pytest.mark.parametrize("origin", EVIL)
def test_another_page_may_not_read_answers(stack: Stack, person: Person, origin: str) -> None:
    headers = {"Origin": origin, "Authorization": f"Bearer {person.api.token}"}
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    read = requests.get(stack.url("auth/me/"), headers=headers, timeout=10)
    preflight = requests.options(stack.url("bookings/"), headers=asked, timeout=10)

    for answer in (read, preflight):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-allow")]
    assert preflight.status_code == 403


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""])
def test_a_form_of_another_page_changes_nothing(stack: Stack, person: Person, content_type: str) -> None:
    """What a page can send without asking first is no JSON, and JSON is all that is read."""
    body = f'{{"email": "{person.email}", "password": "{PASSWORD}"}}'
    headers = {"Origin": "https://evil.example"} | ({"Content-Type": content_type} if content_type else {})

    answer = requests.post(stack.url("auth/login/"), data=body.encode(), headers=headers, timeout=10)

    assert answer.status_code == 415
    assert "Set-Cookie" not in answer.headers


def test_nothing_is_known_by_a_cookie(stack: Stack, person: Person) -> None:
    """So there is nothing that a browser would send along by itself."""
    signed_in = requests.post(stack.url("auth/login/"), json={"email": person.email, "password": PASSWORD}, timeout=10)
    cookies = {"access_token": str(person.api.token), "sessionid": str(person.api.token), "Authorization": "x"}

    by_cookie = requests.get(stack.url("auth/me/"), cookies=cookies, timeout=10)

    assert "Set-Cookie" not in signed_in.headers
    assert by_cookie.status_code == 401


def test_answers_with_a_token_stay_in_no_cache(stack: Stack, person: Person) -> None:
    for path in ("/auth/me/", "/bookings/", "/notifications/"):
        answer = person.api.raw("GET", path)
        assert "no-store" in answer.headers["Cache-Control"] or "private" in answer.headers["Cache-Control"], path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
