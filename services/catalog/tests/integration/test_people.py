"""What people keep and like, practitioners' own categories, and what is erased with a person."""

import threading

from services.catalog.handlers import auth
from services.catalog.tests.factories import practitioner, service
from shared.database import Database
from shared.messaging.testing import announced, apply, message
from shared.testing.http import Caller


def test_favourites_are_kept_once_and_counted(database: Database, http: Caller) -> None:
    me, somebody = practitioner(database, http), http.as_user(7)
    first, second = service(me), service(me)

    assert somebody.post("/auth/favorite-services/add/", {"service_id": first["id"]}).status == 201
    assert somebody.post("/auth/favorite-services/add/", {"service_id": first["slug"]}).status == 200
    assert somebody.post("/auth/favorite-services/add/", {"service_id": second["public_uuid"]}).json["total"] == 2
    assert [one["id"] for one in somebody.get("/auth/favorite-services/").json["results"]] == [
        second["id"],
        first["id"],
    ]
    me.patch(f"/services/{first['id']}/", {"is_public": False})
    assert somebody.get("/auth/favorite-services/").json["count"] == 1
    assert somebody.delete(f"/auth/favorite-services/{first['id']}/remove/").status == 204
    assert somebody.delete(f"/auth/favorite-services/{first['id']}/remove/").status == 404
    assert somebody.post("/auth/favorite-services/add/", {"service_id": first["id"]}).status == 404
    with database.transaction() as session:
        told = announced(session, "favorite.changed")
    assert [(one.sequence, one.data["total"], one.data["is_favorite"]) for one in told] == [
        (1, 1, True),
        (3, 2, True),
        (4, 1, False),
    ]


def test_preferences_shape_recommendations(database: Database, http: Caller) -> None:
    me, somebody = practitioner(database, http), http.as_user(7)
    ids = [one["id"] for one in http.get("/modalities/?page_size=500").json["results"]]
    service(me, name="Other")
    service(me, name="Liked", modality_ids=[ids[3]])

    assert somebody.get("/auth/recommendations/").json["recommendation_reason"] == "popular"
    assert somebody.post("/auth/modality-preferences/set/", {"modality_ids": [*ids[:3], ids[3]]}).json["count"] == 4
    assert somebody.post("/auth/modality-preferences/set/", {"modality_ids": ids[:7]}).status == 400
    assert somebody.post("/auth/modality-preferences/set/", {"modality_ids": [ids[0], ids[0]]}).status == 400
    assert somebody.post("/auth/modality-preferences/add/", {"modality_id": ids[4]}).status == 201
    assert somebody.post("/auth/modality-preferences/add/", {"modality_id": ids[4]}).status == 200
    assert somebody.delete(f"/auth/modality-preferences/{ids[0]}/remove/").status == 204
    assert somebody.delete(f"/auth/modality-preferences/{ids[0]}/remove/").status == 404
    told = somebody.get("/auth/recommendations/").json
    assert [one["name"] for one in told["services"]] == ["Liked", "Other"]
    assert [one["total_services"] for one in told["practitioners"]] == [2]
    assert me.get("/auth/recommendations/").json["services"] == []


def test_own_categories_are_reordered_as_a_whole(database: Database, http: Caller) -> None:
    me, other = practitioner(database, http), practitioner(database, http, 2)
    ids = [me.post("/practitioner-categories/", {"name": name}).json["id"] for name in "abcd"]
    foreign = other.post("/practitioner-categories/", {"name": "a"}).json["id"]

    assert me.post("/practitioner-categories/", {"name": "A"}).code == "name_taken"
    for bad in ([], [ids[0], ids[0]], [foreign]):
        assert me.post("/practitioner-categories/reorder/", {"category_ids": bad}).status == 400
    told = me.post("/practitioner-categories/reorder/", {"category_ids": [ids[3], ids[1]]}).json
    assert [one["id"] for one in told["categories"]] == [ids[3], ids[1], ids[0], ids[2]]

    orders = (ids, ids[::-1])
    threads = [
        threading.Thread(target=me.post, args=("/practitioner-categories/reorder/", {"category_ids": order}))
        for order in orders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = me.get("/practitioner-categories/").json["results"]
    assert [one["id"] for one in listed] in [list(order) for order in orders]
    assert [one["order"] for one in listed] == [0, 1, 2, 3]
    assert other.get(f"/practitioner-categories/{ids[0]}/").status == 404

    made = service(me, practitioner_category_id=ids[0])
    assert me.get(f"/practitioner-categories/{ids[0]}/").json["service_count"] == 1
    assert me.delete(f"/practitioner-categories/{ids[0]}/").status == 204
    assert me.get(f"/services/{made['id']}/").json["practitioner_category"] is None


def test_a_person_who_leaves_leaves_nothing(database: Database, http: Caller) -> None:
    me, somebody = practitioner(database, http), http.as_user(7)
    somebody.post("/auth/favorite-services/add/", {"service_id": service(me)["id"]})
    wish = message("user.export_requested", {"export_id": "e1", "user_id": 7}, subject=("user", 7))
    gone = message("user.deleted", {"user_id": 7}, subject=("user", 7), sequence=2)

    apply(database, "catalog", [auth], wish, gone, gone)

    assert somebody.get("/auth/favorite-services/").json["count"] == 0
    with database.transaction() as session:
        [part] = announced(session, "user.export_part")
        assert [one["kind"] for one in part.data["data"]] == ["favorite_service"]
        assert len(announced(session, "user.erased")) == 1
