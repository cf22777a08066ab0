"""Every operation that the contract names is there."""

from shared.testing.http import Caller

# fmt: off
NAMES = {
    "cities_by_metro_retrieve", "cities_by_slug_retrieve", "cities_list", "cities_major_cities_retrieve",
    "cities_partial_update", "cities_retrieve", "countries_address_format_retrieve", "countries_list",
    "countries_partial_update", "countries_retrieve", "locations_autocomplete_retrieve",
    "locations_distance_retrieve", "locations_geocode_create", "locations_resolve_retrieve",
    "locations_reverse_geocode_create", "locations_service_area_retrieve", "locations_validate_address_create",
    "practitioner_locations_check_coverage_retrieve", "practitioner_locations_create",
    "practitioner_locations_destroy", "practitioner_locations_geocode_create",
    "practitioner_locations_in_bounds_retrieve", "practitioner_locations_list",
    "practitioner_locations_nearby_retrieve", "practitioner_locations_partial_update",
    "practitioner_locations_retrieve", "practitioner_locations_search_create",
    "practitioner_locations_set_primary_create", "practitioner_locations_update",
    "practitioner_locations_validate_address_create", "states_by_slug_retrieve", "states_list",
    "states_partial_update", "states_retrieve", "timezones_list", "timezones_lookup_retrieve", "zipcodes_list",
    "zipcodes_lookup_retrieve", "zipcodes_retrieve",
}
# fmt: on


def test_every_operation_is_documented(http: Caller) -> None:
    paths = http.get("/openapi.json").json["paths"]

    told = {
        operation["operationId"] for path in paths.values() for operation in path.values() if "operationId" in operation
    }

    assert told >= NAMES
