"""S21: whatever the document allows, the answer is one that the document promises."""

import json

import pytest

from deploy.local.stack import Stack
from tests.e2e.people import Person, make_staff, open_practice
from tests.security import FULL
from tests.security.fuzzing import Fuzzer
from tests.security.operations import document, listed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600 if FULL else 240)]

EXAMPLES = 25 if FULL else 1


def test_a_practitioner_s_requests(stack: Stack, staff: Person) -> None:
    """A practitioner is a client, too: every operation that is not for staff does something for them."""
    person = open_practice(stack, staff)
    fuzzer = Fuzzer(
        stack.base_url, document(stack.base_url), token=person.api.token, things=listed(stack, str(person.api.token))
    )

    assert _shown(fuzzer.failures(examples=EXAMPLES)) == ""


@pytest.mark.skipif(not FULL, reason="part of make attack")
def test_a_visitor_s_requests(stack: Stack) -> None:
    fuzzer = Fuzzer(stack.base_url, document(stack.base_url), token=None, things={})

    assert _shown(fuzzer.failures(examples=10)) == ""


@pytest.mark.skipif(not FULL, reason="part of make attack")
def test_staff_s_requests(stack: Stack) -> None:
    person = make_staff(stack, "fuzzing@e2e.estuary.local")
    fuzzer = Fuzzer(
        stack.base_url, document(stack.base_url), token=person.api.token, things=listed(stack, str(person.api.token))
    )

    assert _shown(fuzzer.failures(examples=12, people_too=False)) == ""


def _shown(failures: dict[str, str]) -> str:
    return json.dumps(failures, indent=1, ensure_ascii=False) if failures else ""
