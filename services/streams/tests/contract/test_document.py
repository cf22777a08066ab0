"""Every operation of the contract is documented, and models and migrations agree."""

import os
from typing import Any

from services.streams.events import PUBLISHES
from shared.database import Database
from shared.database.migrate import differences
from shared.testing.http import Caller

# fmt: off
NAMES = {
    "live_streams_analytics_export_retrieve", "live_streams_analytics_retrieve", "live_streams_calendar_retrieve",
    "live_streams_cancel_create", "live_streams_chat_create", "live_streams_chat_destroy", "live_streams_chat_list",
    "live_streams_create", "live_streams_destroy", "live_streams_end_stream_create", "live_streams_go_live_create",
    "live_streams_join_create", "live_streams_leave_create", "live_streams_list", "live_streams_partial_update",
    "live_streams_reactions_create", "live_streams_recordings_destroy", "live_streams_recordings_detail_retrieve",
    "live_streams_recordings_partial_update", "live_streams_recordings_playback_create",
    "live_streams_recordings_retrieve", "live_streams_recordings_start_create",
    "live_streams_recordings_stop_create", "live_streams_reminder_create", "live_streams_reminder_destroy",
    "live_streams_retrieve", "live_streams_token_create", "live_streams_update", "live_streams_viewers_mute_create",
    "live_streams_viewers_remove_create", "live_streams_viewers_retrieve", "live_streams_viewers_unmute_create",
    "rooms_end_create", "rooms_recordings_start_create", "rooms_recordings_stop_create", "rooms_retrieve",
    "rooms_token_create", "stream_categories_create", "stream_categories_list", "stream_categories_partial_update",
    "stream_categories_retrieve", "stream_categories_streams_retrieve", "stream_schedules_create",
    "stream_schedules_destroy", "stream_schedules_generate_streams_create", "stream_schedules_list",
    "stream_schedules_occurrences_retrieve", "stream_schedules_partial_update", "stream_schedules_preview_create",
    "stream_schedules_retrieve", "stream_schedules_skip_create", "stream_schedules_unskip_create",
    "stream_schedules_update", "streams_access_retrieve", "streams_analytics_retrieve", "streams_calendar_retrieve",
    "streams_create", "streams_destroy", "streams_launch_create", "streams_list", "streams_live_streams_retrieve",
    "streams_members_list", "streams_partial_update", "streams_pricing_partial_update", "streams_retrieve",
    "streams_update", "streams_webhooks_livekit_create",
}
# fmt: on


def test_every_operation_is_documented(http: Caller) -> None:
    paths: dict[str, Any] = http.get("/openapi.json").json["paths"]

    told = {one["operationId"] for path in paths.values() for one in path.values() if "operationId" in one}

    assert told == NAMES
    assert len(NAMES) == 67


def test_models_and_migrations_agree(database: Database) -> None:
    assert differences("streams", os.environ["DATABASE_URL"]) == []


def test_every_announced_event_has_a_name_of_its_own() -> None:
    names = [event.__event__.key for event in PUBLISHES]

    assert len(names) == len(set(names))
    assert {"stream.changed", "stream.notice_due", "live_stream.started", "recording.uploaded"} <= set(names)
