"""S6, S8: every operation of the merged document, called by everybody.

A new operation is in here by being documented; one without a declared policy fails its service's start
(shared/http/blueprint.py).
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.e2e.api import eventually
from tests.e2e.people import Person, Practitioner, book, free_slots, give_credits, make_staff, open_practice, register
from tests.security.operations import (
    ENDS_THE_CALLER,
    NOBODYS_UUID,
    Operation,
    Shown,
    call_all,
    listed,
    operations,
    told,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

# Rights are judged before what a request says: a fault in its body is no refusal.
REFUSED = frozenset({401, 403, 404})
PICTURE = {
    "filename": "room.jpg",
    "content_type": "image/jpeg",
    "file_size": 1_000,
    "entity_type": "review",
    "entity_id": NOBODYS_UUID,
    "visibility": "private",
}
NOTE = {"title": "Note", "message": "for myself", "notification_type": "message", "delivery_channel": "in_app"}
# What everybody who is signed in may do to something that everybody sees.
MEANT_FOR_ALL = frozenset({"services_waitlist_create"})
# An address that takes a signature instead of a token, with one that is not ours.
FORGED = {"media_bytes_update": "?exp=4102444800&kid=k1&sig=forged"}
# Without a practitioner to ask about, it is the caller's own list.
MEANS_ONES_OWN = frozenset({"practitioner_categories_list"})


@pytest.fixture(scope="module")
def stranger(stack: Stack) -> Person:
    """Somebody signed in to whom nothing belongs."""
    return register(stack, "stranger")


@pytest.fixture(scope="module")
def rival(stack: Stack, staff: Person) -> Practitioner:
    """Another practitioner."""
    return open_practice(stack, staff)


@pytest.fixture(scope="module")
def curious(stack: Stack) -> Person:
    """Somebody of staff who tries every button; not the one that other tests rely on."""
    return make_staff(stack, "curious@e2e.estuary.local")


def _harmless(stack: Stack) -> list[Operation]:
    return [one for one in operations(stack) if one.id not in ENDS_THE_CALLER]


def test_without_a_token_only_open_operations_answer(stack: Stack) -> None:
    closed = [(one, one.at({})) for one in operations(stack) if not one.is_open]

    answers = call_all(stack, None, closed)

    assert len(answers) > 250, "the document is whole"
    assert told(answer for answer in answers if answer[2].status_code != 401) == {}


def test_open_operations_ask_nobody(stack: Stack) -> None:
    wanted = [(one, one.at({})) for one in _harmless(stack) if one.is_open and "webhooks" not in one.path]

    answers = call_all(stack, None, wanted)

    # Those that take a proof of their own (a refresh token, a password, a code) refuse the empty one as they please.
    closed = [
        one
        for one in answers
        if one[2].status_code in {401, 403} and not one[0].path.startswith("/auth/") and one[0].id not in MEANS_ONES_OWN
    ]
    assert told(closed) == {}
    assert told(one for one in answers if one[2].status_code >= 500) == {}


@pytest.mark.parametrize("who", ["stranger", "rival"])
def test_what_is_for_staff_is_for_nobody_else(stack: Stack, request: pytest.FixtureRequest, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    wanted = [(one, one.at({})) for one in operations(stack) if one.permission == "staff"]

    answers = call_all(stack, person.api.token, wanted)

    assert len(answers) > 30
    assert told(answer for answer in answers if answer[2].status_code != 403) == {}


def test_asking_for_headers_alone_gives_nothing_away(stack: Stack, stranger: Person) -> None:
    """HEAD is judged as GET is, and OPTIONS tells no more than which methods there are."""
    reads = [one.at({}) for one in operations(stack) if one.permission == "staff" and one.method == "GET"]

    heads = {path: stranger.api.raw("HEAD", path).status_code for path in reads}
    options = {path: stranger.api.raw("OPTIONS", path) for path in reads}

    assert len(reads) > 10
    assert {path: status for path, status in heads.items() if status not in {403, 405}} == {}
    assert {path: answer.text for path, answer in options.items() if answer.ok and answer.text} == {}


@pytest.mark.parametrize("who", ["stranger", "rival", "curious"])
def test_nobody_finds_what_is_not_there(stack: Stack, request: pytest.FixtureRequest, who: str) -> None:
    """Every operation on a thing that does not exist: no fault of ours, no success, no cookie."""
    person: Person = request.getfixturevalue(who)
    wanted = [(one, one.at({})) for one in _harmless(stack) if one.places]

    answers = call_all(stack, person.api.token, wanted)

    assert told(answer for answer in answers if answer[2].status_code >= 500) == {}
    assert told(answer for answer in answers if answer[2].status_code == 401) == {}
    changed = [one for one in answers if one[2].ok and one[0].method != "GET"]
    assert told(changed) == {}
    assert [one.id for one, _, answer in answers if "Set-Cookie" in answer.headers] == []


def test_methods_that_no_operation_has(stack: Stack, stranger: Person) -> None:
    """A method cannot be smuggled in a header, and TRACE tells nobody's headers."""
    by_path: dict[str, set[str]] = defaultdict(set)
    for one in operations(stack):
        by_path[one.at({})].add(one.method)
    override = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE", "X-HTTP-Method": "DELETE"}

    for path, methods in list(by_path.items())[::7]:
        if "DELETE" not in methods:
            assert stranger.api.raw("DELETE", path).status_code in {403, 404, 405}, path
        assert stranger.api.raw("TRACE", path).status_code == 400
    me = stranger.api.raw("GET", "/auth/me/", headers=override)
    assert (me.status_code, me.json()["data"]["id"]) == (200, stranger.user_id)


# Objects


@pytest.fixture(scope="module")
def owner(stack: Stack, staff: Person, practitioner: Practitioner) -> Person:
    """A client with a paid booking, a card, messages and more."""
    person = register(stack, "owner")
    give_credits(staff, person, "500.00")
    slot = free_slots(person, practitioner, days_ahead=21)[0]
    book(person, practitioner, slot["start_time"], wait=10)
    person.api.post("/payment-methods/", {"stripe_payment_method_id": "pm_card_visa"}, expect=201)
    person.api.post("/notifications/", NOTE, expect=201)
    person.api.post("/media/presigned_upload/", PICTURE)
    return person


def _token(person: Person) -> str:
    assert person.api.token is not None
    return person.api.token


def _attempts(stack: Stack, private: dict[str, frozenset[str]]) -> Iterator[tuple[Operation, str]]:
    """Yield every operation on each of these things."""
    for one in operations(stack):
        for path, ids in private.items():
            if one.path.startswith(path + "{"):
                for thing in sorted(ids)[:2]:
                    yield one, one.at({one.places[0]: thing}) + FORGED.get(one.id, "")


@pytest.mark.parametrize("owners", ["owner", "practitioner"])
def test_what_only_its_owner_sees_is_nobody_else_s(
    stack: Stack, request: pytest.FixtureRequest, owners: str, stranger: Person, rival: Practitioner
) -> None:
    """What a list shows to one and to no other is not found by the others, whatever they do with its id."""
    shown = listed(stack, _token(request.getfixturevalue(owners)))
    others = [listed(stack, _token(other)) for other in (stranger, rival)]
    private = {
        path: here.ids.difference(*(other.get(path, Shown()).ids for other in others))
        for path, here in shown.items()
        # Where others see more than a page, nobody knows what the further pages show them.
        if all(other.get(path, Shown()).is_all for other in others)
    }

    attempts = list(_attempts(stack, private))
    answers = [answer for other in (stranger, rival) for answer in call_all(stack, other.api.token, attempts)]

    assert len(attempts) >= 20
    found = [one for one in answers if one[2].status_code not in REFUSED]
    assert told(found) == {}, "neither a conflict, a precondition nor a fault in the body tells that it is there"
    assert listed(stack, _token(request.getfixturevalue(owners))).keys() >= shown.keys()


def test_a_room_is_for_those_who_meet_there(stack: Stack, owner: Person, stranger: Person, rival: Practitioner) -> None:
    booking = owner.api.get("/bookings/")["results"][0]["id"]
    name = eventually(
        lambda: (owner.api.get(f"/bookings/{booking}/").get("room") or {}).get("room_name"), what="the room's name"
    )

    attempts = list(_attempts(stack, {"/rooms/": {name}}))
    answers = [answer for other in (stranger, rival) for answer in call_all(stack, other.api.token, attempts)]

    assert len(attempts) >= 5
    assert told(one for one in answers if one[2].status_code not in REFUSED) == {}
    assert owner.api.get(f"/rooms/{name}/")


def test_what_everybody_sees_only_its_owner_changes(
    stack: Stack, practitioner: Practitioner, stranger: Person, rival: Practitioner
) -> None:
    public = {"/services/": {str(practitioner.service_id)}, "/practitioners/": {str(practitioner.practitioner_id)}}
    attempts = [pair for pair in _attempts(stack, public) if pair[0].method != "GET"]
    attempts = [pair for pair in attempts if pair[0].id not in MEANT_FOR_ALL]

    answers = [answer for other in (stranger, rival) for answer in call_all(stack, other.api.token, attempts)]

    assert len(attempts) >= 15
    assert told(one for one in answers if one[2].status_code not in REFUSED) == {}


def test_somebody_else_s_id_in_a_body_or_query(
    stack: Stack, owner: Person, stranger: Person, practitioner: Practitioner
) -> None:
    card = owner.api.get("/payment-methods/")["results"][0]["id"]
    booking = owner.api.get("/bookings/")["results"][0]["id"]

    tries: list[tuple[str, str, Any]] = [
        ("POST", "/checkout/create_session/", {"booking_id": booking}),
        ("POST", "/checkout/quote/", {"booking_id": booking}),
        ("POST", "/checkout/direct_payment/", {"booking_id": booking, "payment_method_id": card}),
        ("POST", "/payouts/", {"practitioner_id": practitioner.practitioner_id}),
        ("GET", f"/bookings/?client_id={owner.user_id}", None),
        ("GET", f"/bookings/?user_id={owner.user_id}", None),
        ("GET", f"/notifications/?user_id={owner.user_id}", None),
        ("GET", f"/payments/?user_id={owner.user_id}", None),
    ]
    for method, path, body in tries:
        answer = stranger.api.raw(method, path, body)
        shown = answer.json().get("data") or {}
        assert answer.status_code in {400, 403, 404} or shown.get("count") == 0, f"{path}: {answer.text[:300]}"


def test_nobody_hangs_files_on_another_s_service(
    stack: Stack, practitioner: Practitioner, stranger: Person, rival: Practitioner
) -> None:
    body = {**PICTURE, "entity_type": "service", "entity_id": str(practitioner.service_id)}

    answers = [other.api.raw("POST", "/media/presigned_upload/", body) for other in (stranger, rival)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert practitioner.api.raw("POST", "/media/presigned_upload/", body).ok


def test_an_idempotency_key_is_its_owner_s(stack: Stack, owner: Person, stranger: Person) -> None:
    """The same key from somebody else is another request, not a look at the first one's answer."""
    key = {"Idempotency-Key": "the-very-same-key-1234567890"}
    body = {"stripe_payment_method_id": "pm_card_mastercard"}

    first = owner.api.raw("POST", "/payment-methods/", body, headers=key)
    second = stranger.api.raw("POST", "/payment-methods/", body, headers=key)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["data"]["id"] != second.json()["data"]["id"]
    assert "Idempotent-Replayed" not in second.headers
