"""Lists of bookings: what they can be narrowed by, and whose bookings they show."""

from collections.abc import Callable

import pytest

from services.bookings.tests.world import World, at
from shared.testing.http import Answer, Caller

Book = Callable[..., Answer]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("status=foo", 400),
        ("ordering=foo", 400),
        ("foo=1", 400),
        ("page=0", 400),
        ("page_size=1000", 200),
        ("cursor=broken", 400),
        ("status=cancelled,confirmed", 200),
        ("status=expired,rescheduled", 200),
        ("status=", 200),
        ("search=x", 400),
        ("search=service ana", 200),
        ("start_date=2030-06-04&end_date=2030-06-04&timezone=Asia/Kathmandu", 200),
        ("practitioner_id=10&service=service-50&booking_type=individual&is_upcoming=false", 200),
        ("practitioner=nobody&role=client&is_scheduled=true&ordering=-created_at,price_charged_cents", 200),
        ("user=1&user_id=1&series=3&parent_booking=4&service_session=5&location_type=virtual", 200),
    ],
)
def test_lists(world: World, book: Book, client: Caller, query: str, status: int) -> None:
    book()

    assert client.get(f"/bookings/?{query}").status == status


def test_lists_show_only_own(world: World, book: Book, http: Caller, owner: Caller, staff: Caller) -> None:
    book()
    book(http.as_user(2), start_time=at(12))

    def count(caller: Caller, query: str = "") -> int:
        return int(caller.get(f"/bookings/?{query}").json["count"])

    assert [count(http.as_user(1)), count(http.as_user(2)), count(http.as_user(3))] == [1, 1, 0]
    assert [count(owner), count(owner, "role=client"), count(staff)] == [2, 0, 2]
    assert count(owner, "search=person+2") == 1
    assert count(http.as_user(1), "start_date=2030-06-04&end_date=2030-06-04") == 1
    assert count(http.as_user(1), "end_date=2030-06-03") == 0
    assert [http.as_user(1).get(f"/bookings/{name}/").json["count"] for name in ("upcoming", "past")] == [0, 0]
