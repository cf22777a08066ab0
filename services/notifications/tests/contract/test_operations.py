"""Every operation that the contract names is there, and the answers have the fields that clients read."""

from typing import Any

from shared.testing.http import Caller

# fmt: off
NAMES = {
    "notification_broadcasts_cancel", "notification_broadcasts_create", "notification_broadcasts_list",
    "notification_deliveries_list", "notification_deliveries_retry", "notification_kinds_list",
    "notification_settings_bulk_update_create", "notification_settings_create", "notification_settings_destroy",
    "notification_settings_kinds_list", "notification_settings_kinds_update", "notification_settings_list",
    "notification_settings_partial_update", "notification_settings_reset_to_defaults_create",
    "notification_settings_retrieve", "notification_settings_schedule_retrieve",
    "notification_settings_schedule_update", "notification_settings_update", "notification_templates_create",
    "notification_templates_destroy", "notification_templates_list", "notification_templates_partial_update",
    "notification_templates_preview", "notification_templates_restore", "notification_templates_retrieve",
    "notification_templates_send_test", "notification_templates_update", "notification_templates_versions",
    "notifications_bulk_delete_create", "notifications_create", "notifications_destroy",
    "notifications_grouped_retrieve", "notifications_list", "notifications_mark_as_read_create",
    "notifications_mark_as_unread_create", "notifications_mark_read_create", "notifications_partial_update",
    "notifications_retrieve", "notifications_stats_retrieve", "notifications_sync_retrieve",
    "notifications_unread_count_retrieve", "notifications_unsubscribe_create",
    "notifications_unsubscribe_retrieve", "notifications_update", "notifications_ws",
    "notifications_ws_ticket_create",
}
DETAIL = {
    "id", "title", "message", "notification_type", "delivery_channel", "is_read", "scheduled_for", "sent_at", "status",
    "metadata", "related_object_type", "related_object_id", "created_at", "updated_at", "user", "user_name",
    "time_since", "kind", "priority", "action_url", "action_label", "read_at", "seq", "count",
}
# fmt: on


def test_every_operation_is_documented(http: Caller) -> None:
    document = http.get("/openapi.json").json
    told = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if "operationId" in operation
    }
    schemas: dict[str, Any] = document["components"]["schemas"]

    assert told == NAMES
    assert set(schemas["Notification"]["properties"]) == DETAIL
    assert not [name for name in schemas if name[-1].isdigit()]


def test_a_plain_request_to_the_socket_is_told_what_it_is(http: Caller) -> None:
    assert (http.get("/notifications/ws/").status, http.get("/notifications/ws/").code) == (426, "upgrade_required")
