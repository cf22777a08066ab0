"""Every operation that the contract names is there, and what is told can be read."""

from services.media.events import PUBLISHES
from shared.testing.http import Caller

# fmt: off
NAMES = {
    "media_attach_create", "media_batch_upload_create", "media_bulk_delete_create", "media_bulk_update_create",
    "media_bytes_update", "media_confirm_upload_create", "media_content_retrieve", "media_create", "media_destroy",
    "media_entities_list", "media_increment_download_create", "media_increment_view_create",
    "media_jobs_cancel_create", "media_jobs_list", "media_limits_retrieve", "media_list", "media_partial_update",
    "media_parts_create", "media_parts_list", "media_presigned_upload_create", "media_presigned_uploads_create",
    "media_process_create", "media_renew_upload_create", "media_reorder_create", "media_restore_create",
    "media_retrieve", "media_set_primary_create", "media_signed_url_create", "media_takedown_create",
    "media_update", "media_upload_create", "media_usage_retrieve", "media_version_content_retrieve",
}
# fmt: on


def test_every_operation_is_documented(http: Caller) -> None:
    paths = http.get("/openapi.json").json["paths"]

    told = {
        operation["operationId"] for path in paths.values() for operation in path.values() if "operationId" in operation
    }

    assert told == NAMES


def test_forms_are_documented(http: Caller) -> None:
    paths = http.get("/openapi.json").json["paths"]

    taken = paths["/media/presigned_upload/"]["post"]["requestBody"]["content"]

    assert set(taken) == {"application/json", "multipart/form-data", "application/x-www-form-urlencoded"}


def test_facts_are_told_by_their_names() -> None:
    told = {event.__event__.key for event in PUBLISHES}

    assert told == {"media.ready", "media.failed", "media.deleted", "user.erased", "user.export_part"}
