"""Every command on the page of examples, sent as it stands there."""

import asyncio
import json
import shlex
import shutil
import subprocess
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from deploy.local.stack import Stack
from tests.e2e.api import Api
from tests.e2e.people import PASSWORD, Person, Practitioner, book, free_slots, register

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which is not installed"),
]


@pytest.fixture(scope="module")
def examples(stack: Stack) -> dict[str, Any]:
    """The page, its groups opened."""
    page = Api(stack.base_url).get("/examples/")["examples"]
    return {**page.pop("authentication"), **page}


@pytest.fixture(scope="module")
def person(stack: Stack) -> Person:
    return register(stack, "example")


def _send(example: dict[str, Any], person: Person, **body: Any) -> dict[str, Any]:
    """Run the command as a reader would: with the own token and ids in the places of those that the page names."""
    command = example["curl"].replace("<access token>", str(person.api.token))
    command = command.replace("<any unique word>", uuid4().hex)
    words = shlex.split(command)
    if body:
        place = words.index("-d") + 1
        words[place] = json.dumps({**json.loads(words[place]), **body})
    done = subprocess.run([*words, "--silent", "--max-time", "40"], capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["status"] == "success", answer
    assert set(answer) >= set(example["response"])
    return answer


def test_signing_in_and_using_the_token(examples: dict[str, Any], person: Person) -> None:
    signed_in = _send(examples["login"], person, email=person.email, password=PASSWORD)
    me = _send(examples["using_token"], person)

    assert signed_in["access_token"] == signed_in["data"]["access_token"]
    assert me["data"]["email"] == person.email


def test_searching(examples: dict[str, Any], person: Person) -> None:
    found = _send(examples["searching_practitioners"], person)

    assert found["data"]["page_size"] == 10


def test_booking_and_paying(examples: dict[str, Any], person: Person, practitioner: Practitioner) -> None:
    first, *_, second = free_slots(person, practitioner, days_ahead=17)
    service = {"service_id": practitioner.service_id}

    booked = _send(examples["creating_booking"], person, **service, start_time=first["start_time"])
    unpaid = book(person, practitioner, second["start_time"], wait=10, apply_credits=False)
    paying = _send(examples["paying"], person, booking_id=unpaid["id"])

    assert booked["data"]["id"] != unpaid["id"]
    assert paying["data"]


def test_uploading(examples: dict[str, Any], person: Person) -> None:
    if "uploading_media" not in examples:
        pytest.skip("the document has no such operation, so the page has no such example")

    assert _send(examples["uploading_media"], person, entity_id=str(person.user_id))["data"]


def test_the_socket(examples: dict[str, Any], person: Person) -> None:
    example = examples["websocket"]
    ticket = person.api.post("/notifications/ws-ticket/")["ticket"]

    async def first_message() -> dict[str, Any]:
        url = example["url"].replace("<from ws-ticket>", ticket)
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            told: dict[str, Any] = await socket.receive_json(timeout=30)
            return told

    told = asyncio.run(first_message())
    assert told["type"] == example["response"]["type"]
    assert set(told) >= set(example["response"])
