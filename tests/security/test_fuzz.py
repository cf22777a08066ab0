"""S21: whatever the document allows, the answer is one that the document promises."""

import json

import pytest

from deploy.local.stack import Stack
from tests.e2e.people import Person, make_staff, open_practice
from tests.security import FULL
from tests.security.operations import document, listed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600 if FULL else 240)]


def test_a_practitioner_s_requests(stack: Stack, staff: Person) -> None:
    """A practitioner is a client, too: every operation that is not for staff does something for them."""
    assert _failures(stack, open_practice(stack, staff), examples=25 if FULL else 1) == ""


@pytest.mark.skipif(not FULL, reason="part of make attack")
def test_a_visitor_s_requests(stack: Stack) -> None:
    assert _failures(stack, None, examples=10) == ""


@pytest.mark.skipif(not FULL, reason="part of make attack")
def test_staff_s_requests(stack: Stack) -> None:
    assert _failures(stack, make_staff(stack, "fuzzing@e2e.estuary.local"), examples=12, people_too=False) == ""


def _failures(stack: Stack, person: Person | None, *, examples: int, people_too: bool = True) -> str:
    """Return which operations answered what they must not, to so many requests of one person each."""
    # Takes seconds to import, which every run of other tests would wait for.
    from tests.security.fuzzing import Fuzzer

    token = person and str(person.api.token)
    things = {path: shown.ids for path, shown in listed(stack, token).items()} if token else {}
    fuzzer = Fuzzer(stack.base_url, document(stack.base_url), token=token, things=things)
    failures = fuzzer.failures(examples=examples, people_too=people_too)
    return json.dumps(failures, indent=1, ensure_ascii=False) if failures else ""
