"""The document says what clients and the other services rely on."""

from services.practitioners.events import PUBLISHES, SNAPSHOTS
from services.practitioners.worker import HANDLERS
from shared.messaging.events import event_type
from shared.messaging.handlers import Handlers
from shared.messaging.schemas import schema_of
from shared.testing.http import Caller

READ = {
    *("user.changed", "user.deleted", "user.export_requested", "signing_keys.changed", "service.changed"),
    *("service.deleted", "service_session.changed", "service_session.deleted", "category.changed", "booking.changed"),
    *("location.changed", "location.deleted", "subscription.changed", "rating.changed", "media.ready"),
    *("media.failed", "media.deleted"),
}
STATE = {
    *("id", "public_uuid", "user_id", "slug", "display_name", "professional_title", "profile_image_url", "bio"),
    *("status", "verification_status", "is_verified", "is_listed", "featured", "timezone", "languages"),
    *("specializations", "modality_ids", "buffer_minutes", "tier_code", "features", "limits", "vacation_until"),
    *("created_at", "deleted"),
}


def test_every_operation_is_documented_once(http: Caller) -> None:
    document = http.get("/openapi.json").json
    operations = [
        one["operationId"]
        for path in document["paths"].values()
        for one in path.values()
        if isinstance(one, dict) and "operationId" in one
    ]

    assert len(operations) == len(set(operations)) >= 128
    assert {"practitioners_list", "schedules_create", "user_favorites", "practitioners_search_retrieve"} <= set(
        operations
    )


def test_events_are_those_of_the_contract() -> None:
    published = {event_type(payload).key: payload for payload in PUBLISHES}

    assert set(schema_of(published["practitioner.changed"])().fields) == STATE
    assert set(Handlers.of(HANDLERS).keys) == READ
    assert {event_type(one.event).key for one in SNAPSHOTS} == {
        "practitioner.changed",
        "schedule.changed",
        "favorite.changed",
    }
