"""The document names every operation, and every operation answers with what it documents."""

from typing import Any

import pytest

from shared.testing.http import Caller

OPERATIONS = [
    "bookings_list",
    "bookings_create",
    "bookings_retrieve",
    "bookings_update",
    "bookings_partial_update",
    "bookings_destroy",
    "bookings_cancel_create",
    "bookings_complete_create",
    "bookings_confirm_create",
    "bookings_no_show_create",
    "bookings_notes_retrieve",
    "bookings_notes_create",
    "bookings_notes_partial_update",
    "bookings_notes_destroy",
    "bookings_reschedule_create",
    "bookings_check_availability_create",
    "bookings_create_bundle_create",
    "bookings_create_course_create",
    "bookings_create_package_create",
    "bookings_session_credits_list",
    "bookings_schedule_create",
    "bookings_request_reschedule_create",
    "bookings_available_dates_create",
    "bookings_journey_retrieve",
    "bookings_calendar_list",
    "bookings_available_slots_retrieve",
    "bookings_start_create",
    "bookings_cancellation_quote_retrieve",
    "bookings_history_retrieve",
    "bookings_ics_retrieve",
    "bookings_holds_create",
    "bookings_holds_destroy",
    "bookings_create_recurring_create",
    "bookings_cancel_series_create",
    "bookings_upcoming_list",
    "bookings_past_list",
    "bookings_stats_retrieve",
    "bookings_calendar_feed_retrieve",
    "bookings_calendar_feed_create",
    "bookings_calendar_feed_destroy",
    "bookings_calendar_feed_ics",
    "waitlists_list",
    "waitlists_create",
    "waitlists_retrieve",
    "waitlists_destroy",
    "waitlists_accept_create",
    "waitlists_decline_create",
    "services_waitlist_retrieve",
    "services_waitlist_create",
    "services_waitlist_destroy",
    "user_stats",
]


@pytest.fixture
def document(http: Caller) -> dict[str, Any]:
    read: dict[str, Any] = http.get("/openapi.json").json
    return read


def test_every_operation_is_documented(document: dict[str, Any]) -> None:
    found = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]

    assert sorted(found) == sorted(OPERATIONS)


def test_every_operation_says_who_may_call_it(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "operationId" in operation:
                assert operation["x-permissions"]
                assert operation["summary"]
