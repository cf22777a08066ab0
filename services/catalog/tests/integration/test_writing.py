"""What practitioners may write of a service, and what is refused."""

import threading
from typing import Any

import pytest

from services.catalog.handlers import practitioners
from services.catalog.tests.factories import at, body, book, practitioner, practitioner_told, service, workshop
from shared.database import Database
from shared.messaging.testing import announced, apply
from shared.testing.http import Answer, Caller


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *(({"price": price}, "price") for price in ("-1", "abc", "1e3", "NaN", "10.999", 1e20, 0.1 + 0.2)),
        ({"price": "19.99", "price_cents": 2000}, "price"),
        *(({"service_type_id": bad}, "service_type_id") for bad in (9, "session", None)),
        *(({"name": bad}, "name") for bad in ("", "x" * 256, "   ")),
        ({"duration_minutes": 0}, "duration_minutes"),
        ({"min_participants": 3, "max_participants": 2}, "min_participants"),
        ({"age_min": 30, "age_max": 20}, "age_min"),
        ({"available_from": at(2), "available_until": at(1)}, "available_until"),
        ({"category_id": 10**9}, "category_id"),
        ({"practitioner_category_id": 10**9}, "practitioner_category_id"),
        ({"location_type": "in_person", "address": 10**9}, "address"),
        ({"schedule": 10**9}, "schedule"),
        ({"modality_ids": [10**9]}, "modality_ids"),
        ({"languages": ["xx"]}, "languages"),
        ({"status": "archived"}, "status"),
        ({"validity_days": 0}, "validity_days"),
        ({"cancellation_policy_rules": {"code": "custom", "tiers": []}}, "cancellation_policy_rules"),
        ({"revenue_shares": [{"practitioner_id": 1, "revenue_share_percentage": "99"}]}, "revenue_shares"),
        ({"additional_practitioner_ids": [1]}, "additional_practitioner_ids"),
        ({"additional_practitioner_ids": [999]}, "additional_practitioner_ids"),
        ({"child_service_configs": [{"child_service_id": 1}]}, "child_service_configs"),
    ],
)
def test_what_is_refused(database: Database, http: Caller, changes: dict[str, Any], field: str) -> None:
    me = practitioner(database, http)

    answer = me.post("/services/", body(**changes))

    assert answer.status == 400, answer
    assert field in answer.errors
    assert me.get("/services/").json["count"] == 0


def test_nul_is_refused(database: Database, http: Caller) -> None:
    assert practitioner(database, http).post("/services/", body(name="a\u0000b")).status == 400


def test_names_make_addresses(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    for name, slug in (("🧘🧘", "service-"), ("数秘術", "service-"), ("2024", "2024-s"), ("Featured", "featured-s")):
        assert service(me, name=name)["slug"].startswith(slug)
    draft = service(me, name="First name", status="draft")
    renamed = me.patch(f"/services/{draft['id']}/", {"name": "Second name"}).json
    assert renamed["slug"] == "second-name"
    assert me.get("/services/first-name/").json["id"] == draft["id"]
    me.patch(f"/services/{draft['id']}/", {"status": "active"})
    assert me.patch(f"/services/{draft['id']}/", {"name": "Third name"}).json["slug"] == "second-name"


def test_two_of_one_name_at_once_get_two_addresses(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(me.post("/services/", body()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status for answer in answers} == {201}
    assert sorted(answer.json["slug"] for answer in answers) == [
        "deep-tissue-massage",
        "deep-tissue-massage-2",
        "deep-tissue-massage-3",
        "deep-tissue-massage-4",
    ]


def test_the_same_key_gives_the_same_service(database: Database, http: Caller) -> None:
    me = practitioner(database, http).having(Idempotency_Key="once")

    first, again = me.post("/services/", body()), me.post("/services/", body())

    assert (first.status, again.status, first.json["id"]) == (201, 201, again.json["id"])
    assert me.post("/services/", body(name="Another")).code == "idempotency_conflict"


def test_who_may_write(database: Database, http: Caller) -> None:
    me, other = practitioner(database, http), practitioner(database, http, 2)
    seen, draft = service(me), service(me, status="draft")

    assert http.post("/services/", body()).status == 401
    assert http.as_user(7).post("/services/", body()).code == "permission_denied"
    assert http.as_practitioner(8, 999).post("/services/", body()).status == 403
    assert other.patch(f"/services/{seen['id']}/", {"name": "x"}).status == 403
    assert other.patch(f"/services/{draft['id']}/", {"name": "x"}).status == 404
    assert other.delete(f"/services/{draft['id']}/").status == 404
    assert http.as_staff().patch(f"/services/{draft['id']}/", {"is_featured": True}).json["is_featured"] is True
    assert me.patch(f"/services/{seen['id']}/", {"is_featured": True}).json["is_featured"] is False


def test_plans_limit_how_many(database: Database, http: Caller) -> None:
    me = practitioner(database, http, limits={"max_services": 1})
    made = service(me)

    assert me.post("/services/", body()).code == "subscription_required"
    assert me.post(f"/services/{made['id']}/duplicate/").code == "subscription_required"
    me.patch(f"/services/{made['id']}/", {"status": "archived"})
    assert me.post("/services/", body()).status == 201
    restored = me.patch(f"/services/{made['id']}/", {"status": "draft"})
    assert (restored.status, restored.code, restored.errors) == (
        402,
        "subscription_required",
        {"limit": ["1"], "used": ["1"]},
    )
    told = me.post("/services/batch/", {"ids": [made["id"]], "action": "restore"}).json
    assert [one["code"] for one in told["failed"]] == ["subscription_required"]
    assert http.as_staff().patch(f"/services/{made['id']}/", {"status": "draft"}).status == 200


def test_statuses_lead_where_they_may(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me)
    path = f"/services/{made['id']}/"

    book(database, 1, made["id"], status="completed", end_time=at(-1))
    assert me.patch(path, {"status": "draft"}).code == "invalid_transition"
    assert me.patch(path, {"status": "paused"}).json["status"] == "inactive"
    assert me.patch(path, {"status": "draft"}).code == "invalid_transition", "not by a detour either"
    assert me.patch(path, {"status": "archived"}).json["status"] == "archived"
    assert me.patch(path, {"status": "published"}).code == "invalid_transition"
    assert me.patch(path, {"status": "draft"}).json["status"] == "draft"


def test_a_stale_change_is_refused(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me)
    etag = me.get(f"/services/{made['id']}/").headers["ETag"]

    assert me.having(If_Match=etag).patch(f"/services/{made['id']}/", {"price": "1"}).status == 200
    assert me.having(If_Match=etag).patch(f"/services/{made['id']}/", {"price": "2"}).status == 412


def test_older_clients_are_understood(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me, includes={"0": "mat", "1": "tea"}, tags="Calm", image={}, title="x", additionalPractitioners=[1])

    assert (made["includes"], made["tags"], made["image"]) == (["mat", "tea"], ["calm"], None)
    assert me.post("/services/", data={"name": "x"}, content_type="multipart/form-data").code == "upload_via_media"
    assert me.patch(f"/services/{made['id']}/", {"service_type_id": 2}).code == "service_type_immutable"
    assert me.patch(f"/services/{made['id']}/", {"service_type_id": 1}).status == 200


def test_packages_contain_own_services_and_protect_them(database: Database, http: Caller) -> None:
    me, other = practitioner(database, http), practitioner(database, http, 2)
    child, theirs = service(me, price="50"), service(other)
    package = {"name": "Three", "duration_minutes": 0, "price": "120", "status": "active"}

    def contain(*ids: int, **more: Any) -> Answer:
        configs = [{"child_service_id": one, "quantity": 3} for one in ids]
        return me.post("/packages/", {**package, "child_service_configs": configs, **more})

    for bad in ((theirs["id"],), (child["id"], child["id"]), (10**9,), ()):
        assert contain(*bad).code == "invalid_child"
    made = contain(child["id"])
    assert made.status == 201, made
    shown = made.json
    assert (shown["original_price"], shown["savings_amount"], shown["savings_percentage"]) == ("150.00", "30.00", 20.0)
    assert (shown["total_sessions"], shown["child_services"][0]["id"]) == (3, child["id"])
    assert contain(shown["id"]).code == "invalid_child"
    assert me.patch(f"/packages/{shown['id']}/", {"price": "130"}).json["savings_amount"] == "20.00"
    assert me.get(f"/bundles/{shown['id']}/").status == 404
    assert http.get("/packages/").json["count"] == 1

    refused = me.delete(f"/services/{child['id']}/")
    assert (refused.code, refused.errors["packages"]) == ("in_use_by_package", [str(shown["id"])])
    me.patch(f"/services/{child['id']}/", {"status": "archived"})
    assert http.get("/packages/").json["count"] == 0
    assert me.get(f"/packages/{shown['id']}/").json["bookability"]["blockers"] == ["child_not_available"]


def test_every_wrong_child_is_named_by_its_place(database: Database, http: Caller) -> None:
    me, other = practitioner(database, http), practitioner(database, http, 2)
    child, theirs = service(me), service(other)
    package = {"name": "All", "duration_minutes": 0, "price": "10"}

    def configs(*ids: int) -> dict[str, Any]:
        return {"child_service_configs": [{"child_service_id": one} for one in ids]}

    made = me.post("/packages/", {**package, **configs(child["id"])}).json
    second = me.post("/packages/", {**package, **configs(child["id"])}).json
    path = f"/packages/{made['id']}/"
    for ids, places in (
        ((made["id"],), [0]),
        ((child["id"], second["id"]), [1]),
        ((child["id"], theirs["id"], child["id"], 10**9), [1, 2, 3]),
        (tuple(range(1, 52)), [50]),
    ):
        answer = me.patch(path, configs(*ids))
        assert (answer.status, answer.code) == (400, "invalid_child")
        assert sorted(answer.errors) == [f"child_service_configs.{place}" for place in places]
    assert [one["id"] for one in me.get(path).json["child_services"]] == [child["id"]]

    bundle = {**package, "sessions_included": 3, **configs(child["id"])}
    dated = [{"start_time": at(1), "end_time": at(2)}]
    refused = me.post("/services/", body(**bundle, service_type_id=5, sessions=dated))
    assert (refused.status, list(refused.errors)) == (400, ["sessions"])
    assert me.post("/bundles/", {**bundle, **configs(child["id"], theirs["id"])}).code == "invalid_child"


def test_what_is_booked_is_not_deleted(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me)
    book(database, 1, made["id"])
    assert me.delete(f"/services/{made['id']}/").code == "has_upcoming_bookings"
    book(database, 1, made["id"], sequence=2, status="canceled")

    assert me.delete(f"/services/{made['id']}/").status == 204
    assert me.delete(f"/services/{made['id']}/").status == 404
    assert me.get(f"/services/{made['id']}/").status == 404
    assert service(me)["slug"] == "deep-tissue-massage-2"
    with database.transaction() as session:
        assert [told.data["id"] for told in announced(session, "service.deleted")] == [made["id"]]


def test_a_copy_says_all_that_the_service_says(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    modality = http.get("/modalities/").json["results"][0]
    made = workshop(
        me,
        modality_ids=[modality["id"]],
        languages=["de", "en"],
        benefits=[{"title": "Rest"}],
        agenda_items=[{"title": "Welcome"}],
        cancellation_policy_rules={"code": "strict"},
    )

    copy = me.post(f"/services/{made['id']}/duplicate/").json

    source = me.get(f"/services/{made['id']}/").json
    assert copy["name"] == "Deep tissue massage (Copy)"
    assert (copy["status"], copy["is_active"], copy["is_public"], copy["sessions"]) == ("draft", False, False, [])
    for same in ("modalities", "languages", "cancellation_policy_rules", "price", "description", "tags"):
        assert copy[same] == source[same]
    assert [one["title"] for one in copy["benefits"] + copy["agenda_items"]] == ["Rest", "Welcome"]


def test_ordered_lists_keep_their_order(database: Database, http: Caller) -> None:
    me = practitioner(database, http)
    made = service(me, benefits=[{"title": "a"}, {"title": "b"}])
    path = f"/services/{made['id']}/benefits/"

    items = me.post(path, {"title": "c", "order": 0}).json
    assert [one["title"] for one in items] == ["c", "a", "b"]
    ids = [one["id"] for one in items]
    turned = me.post(f"{path}reorder/", {"ids": ids[::-1]}).json
    assert [one["id"] for one in turned] == ids[::-1]
    assert me.post(f"{path}reorder/", {"ids": ids[:2]}).status == 400
    assert [one["title"] for one in me.put(f"{path}{ids[0]}/", {"title": "z", "order": 1}).json] == ["b", "z", "a"]
    assert [one["title"] for one in me.delete(f"{path}{ids[0]}/").json] == ["b", "a"]
    assert [one["order"] for one in me.get(f"/services/{made['id']}/").json["benefits"]] == [0, 1]


def test_many_at_once_each_alone(database: Database, http: Caller) -> None:
    me, other = practitioner(database, http), practitioner(database, http, 2)
    mine, theirs = service(me), service(other)

    told = me.post("/services/batch/", {"ids": [mine["id"], theirs["id"], 10**9], "action": "pause"}).json

    assert told["done"] == [mine["id"]]
    assert {one["id"]: one["code"] for one in told["failed"]} == {theirs["id"]: "permission_denied", 10**9: "not_found"}


def test_unverified_practitioners_are_listed_once_verified(database: Database, http: Caller) -> None:
    me = practitioner(database, http, is_verified=False, is_listed=False, status="pending")
    made = service(me)
    assert made["bookability"]["blockers"] == ["practitioner_not_verified", "schedule_missing"]

    apply(database, "catalog", [practitioners], practitioner_told(1, sequence=2))

    assert http.get("/public-services/").json["count"] == 1
    with database.transaction() as session:
        assert [told.data["is_visible"] for told in announced(session, "service.changed")] == [False, True]
