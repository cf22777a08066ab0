"""Every operation that the contract names is there, with its fields."""

from shared.testing.http import Caller

# fmt: off
NAMES = {
    "bundles_create", "bundles_destroy", "bundles_list", "bundles_partial_update", "bundles_retrieve",
    "bundles_update", "modalities_by_slug_retrieve", "modalities_create", "modalities_destroy",
    "modalities_list", "modalities_partial_update", "modalities_retrieve", "modality_categories_list",
    "modality_categories_retrieve", "packages_create", "packages_destroy", "packages_list",
    "packages_partial_update", "packages_retrieve", "packages_update", "practitioner_categories_create",
    "practitioner_categories_destroy", "practitioner_categories_list",
    "practitioner_categories_partial_update", "practitioner_categories_reorder_create",
    "practitioner_categories_retrieve", "practitioner_categories_update", "public_services_by_slug_retrieve",
    "public_services_list", "public_services_retrieve", "service_categories_create",
    "service_categories_destroy", "service_categories_featured_retrieve", "service_categories_list",
    "service_categories_partial_update", "service_categories_retrieve", "service_categories_update",
    "service_sessions_cancel_create", "service_sessions_create", "service_sessions_destroy",
    "service_sessions_list", "service_sessions_mark_completed_create",
    "service_sessions_mark_in_progress_create", "service_sessions_partial_update",
    "service_sessions_reschedule_create", "service_sessions_retrieve", "service_sessions_update",
    "services_agenda_create", "services_agenda_destroy", "services_agenda_reorder_create",
    "services_agenda_update", "services_autocomplete_retrieve", "services_batch_create",
    "services_benefits_create", "services_benefits_destroy", "services_benefits_reorder_create",
    "services_benefits_update", "services_bookability_retrieve", "services_by_slug_retrieve",
    "services_create", "services_destroy", "services_duplicate_create", "services_featured_retrieve",
    "services_list", "services_media_reorder_create", "services_media_retrieve", "services_partial_update",
    "services_popular_retrieve", "services_retrieve", "services_search_retrieve", "services_similar_retrieve",
    "services_types_list", "services_update", "user_add_favorite_service", "user_add_modality_preference",
    "user_favorite_services", "user_modality_preferences", "user_recommendations",
    "user_remove_favorite_service", "user_remove_modality_preference", "user_set_modality_preferences",
}
# fmt: on


def test_every_operation_is_documented(http: Caller) -> None:
    paths = http.get("/openapi.json").json["paths"]

    told = {
        operation["operationId"] for path in paths.values() for operation in path.values() if "operationId" in operation
    }

    assert told >= NAMES
