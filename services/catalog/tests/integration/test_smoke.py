import sys

sys.path.insert(0, "/work/main")
from services.catalog.handlers import practitioners
from shared.messaging.testing import announced, apply, message


def test_smoke(http, database):
    apply(
        database,
        "catalog",
        [practitioners],
        message(
            "practitioner.changed",
            {
                "id": 5,
                "public_uuid": "01900000-0000-7000-8000-000000000007",
                "user_id": 9,
                "slug": "mara",
                "display_name": "Mara",
                "status": "active",
                "is_verified": True,
                "is_listed": True,
            },
            subject=("practitioner", 5),
            sequence=1,
        ),
    )
    me = http.as_practitioner(9, 5)
    a = me.post(
        "/services/",
        {
            "name": "Deep tissue massage 1e234567",
            "description": "x",
            "short_description": "y",
            "service_type_id": 1,
            "price": "80.00",
            "duration_minutes": 60,
            "location_type": "virtual",
            "status": "active",
            "is_active": True,
            "is_public": True,
        },
    )
    print(a)
    assert a.status == 201
    b = http.get("/public-services/?search=1e234567")
    print(b)
    assert b.json["count"] == 1
    for r in (a.json["id"], a.json["public_uuid"], a.json["slug"]):
        c = http.get(f"/services/{r}/")
        assert c.status == 200, c
    print(me.get("/services/"))
    print(me.get(f"/services/{r}/").status)
    print(me.patch(f"/services/{r}/", {"tags": ["a"], "price": "90"}))
    with database.transaction() as s:
        for m in announced(s):
            print(m.type, m.sequence, m.data)
