"""Material is opened by those who may."""

import pytest

from services.catalog.tests.factories import at, book, practitioner, service
from shared.database import Database
from shared.testing.http import Caller


@pytest.mark.parametrize(
    ("access", "seen"),
    [
        ("public", (True, True, True, True)),
        ("registered", (False, True, True, True)),
        ("enrolled", (False, False, True, True)),
        ("completed", (False, False, False, True)),
    ],
)
def test_levels_of_access(database: Database, http: Caller, access: str, seen: tuple[bool, ...]) -> None:
    me = practitioner(database, http)
    made = service(me)
    book(database, 1, made["id"], user_id=8)
    book(database, 2, made["id"], user_id=9, status="completed")
    body = {"title": "Notes", "resource_type": "post", "content": "Read", "attachment_level": "service"}
    resource = me.post("/service-resources/", {**body, "access_level": access, "service": made["id"]}).json
    callers = (http, http.as_user(7), http.as_user(8), http.as_user(9))

    shown = [len(caller.get(f"/services/{made['id']}/resources/").json) == 1 for caller in callers]

    assert tuple(shown) == seen
    for caller, may in list(zip(callers, seen, strict=True))[1:]:
        assert caller.get(f"/service-resources/{resource['id']}/").status == (200 if may else 404)
        assert caller.get("/service-resources/").json["count"] == int(may)
    assert me.get(f"/service-resources/{resource['id']}/").status == 200
    assert practitioner(database, http, 2).delete(f"/service-resources/{resource['id']}/").status == 404


def test_what_is_for_one_booking_is_for_its_client(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me)
    for number in (1, 2):
        book(database, number, made["id"], user_id=6 + number)
    resource = me.post(
        "/service-resources/",
        {
            "title": "For you",
            "resource_type": "link",
            "external_url": "https://example.org/x",
            "attachment_level": "booking",
            "booking": 1,
            "access_level": "private",
            "is_downloadable": False,
        },
    ).json
    path = f"/service-resources/{resource['id']}/"

    assert [http.as_user(user).get(path).status for user in (7, 8)] == [200, 404]
    assert [http.as_user(7).post(f"{path}view/").json["view_count"] for _ in range(3)] == [1, 1, 1]
    assert http.as_user(7).post(f"{path}download/").code == "not_downloadable"
    me.patch(path, {"is_downloadable": True, "available_from": at(-1)})
    told = http.as_user(7).post(f"{path}download/").json
    assert told == {"url": "https://example.org/x", "download_count": 1}
    me.patch(path, {"available_from": at(1)})
    assert http.as_user(7).get(path).status == 404
    assert me.patch(path, {"attachment_level": "service", "service_id": made["id"]}).code == "resource_parent_mismatch"


def test_what_is_refused(database: Database, http: Caller) -> None:
    me, other = practitioner(database, http), practitioner(database, http, 2)
    made = service(me)
    good = {
        "title": "x",
        "resource_type": "link",
        "external_url": "https://example.org",
        "attachment_level": "service",
        "service_id": made["id"],
    }

    assert other.post("/service-resources/", good).status == 403
    assert me.post("/service-resources/", {**good, "booking_id": 1}).code == "resource_parent_mismatch"
    assert me.post("/service-resources/", {**good, "attachment_level": "session"}).code == "resource_parent_mismatch"
    assert me.post("/service-resources/", {**good, "external_url": "http://example.org"}).status == 400
    assert me.post("/service-resources/", {**good, "external_url": None}).status == 400
    unknown = "01900000-0000-7000-8000-000000000009"
    assert me.post("/service-resources/", {**good, "media_id": unknown}).code == "media_not_ready"
