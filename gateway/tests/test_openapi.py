"""One document out of many."""

from typing import Any

import pytest
import requests

from deploy.reference.validity import problems
from gateway.errors import REFUSALS
from gateway.openapi import merge
from gateway.tests.running import BASE, RunningGateway

TEXT = {"type": "string"}


def document(path: str, operation_id: str, location: dict[str, Any], **changes: Any) -> dict[str, Any]:
    operation = {
        "operationId": operation_id,
        "tags": ["things"],
        "security": [{"bearerAuth": []}],
        "responses": {
            "200": {
                "description": "ok",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Place"}}},
            },
            "404": {
                "description": "`not_found`: Gone.",
                "x-codes": ["not_found"],
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
        **changes,
    }
    schemas = {
        "Place": {"type": "object", "properties": {"location": {"$ref": "#/components/schemas/Location"}}},
        "Location": location,
        "Same": {"type": "integer"},
        "Error": {"type": "object", "properties": {"message": TEXT}},
    }
    return {
        "openapi": "3.0.3",
        "tags": [{"name": "things"}],
        "paths": {path: {"get": operation}},
        "components": {"schemas": schemas},
    }


def two(first: dict[str, Any] | None = None, second: dict[str, Any] | None = None) -> dict[str, Any]:
    return merge(
        {
            "media": second or document("/media/", "media_list", {"type": "integer"}),
            "catalog": first or document("/services/", "services_list", {"type": "string"}),
        }
    )


def test_components_that_differ_are_both_renamed_and_so_is_what_refers_to_them() -> None:
    merged = two()

    schemas = merged["components"]["schemas"]
    assert schemas["CatalogLocation"] == {"type": "string"}
    assert schemas["MediaLocation"] == {"type": "integer"}
    assert schemas["CatalogPlace"]["properties"]["location"] == {"$ref": "#/components/schemas/CatalogLocation"}
    assert schemas["Same"] == {"type": "integer"}
    assert not {"Location", "Place"} & set(schemas)
    data = merged["paths"][f"{BASE}/media/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert data["properties"]["data"] == {"$ref": "#/components/schemas/MediaPlace"}


def test_the_outcome_does_not_depend_on_the_order() -> None:
    first, second = document("/services/", "a", {"type": "string"}), document("/media/", "b", {"type": "integer"})

    assert merge({"catalog": first, "media": second}) == merge({"media": second, "catalog": first})


def test_errors_are_the_envelopes_with_their_codes() -> None:
    responses = two()["paths"][f"{BASE}/services/"]["get"]["responses"]

    assert set(responses) == {"200", "400", "401", "404", "429", "502", "503", "504"}
    parts = responses["404"]["content"]["application/json"]["schema"]["allOf"]
    assert parts[0] == {"$ref": "#/components/schemas/Error"}
    assert parts[1]["properties"]["code"]["enum"] == ["not_found"]
    assert two()["components"]["schemas"]["Error"]["required"] == ["status", "message", "code", "errors", "request_id"]


def test_the_same_id_twice_gets_the_services_name() -> None:
    merged = two(document("/services/", "list", {}), document("/media/", "list", {}))

    ids = {
        item["get"]["operationId"] for path, item in merged["paths"].items() if "media" in path or "services" in path
    }
    assert ids == {"catalog_list", "media_list"}


def test_a_path_that_leads_elsewhere_is_left_out_and_one_documented_twice_refused() -> None:
    assert f"{BASE}/bookings/" not in two(document("/bookings/", "x", {}))["paths"]
    with pytest.raises(ValueError, match="twice"):
        _twice()


def _twice() -> None:
    item = document("/services/", "a", {})["paths"]["/services/"]
    from gateway.openapi.merging import _Part
    from gateway.routes import RouteTable

    part = _Part("catalog", {"paths": {"/services/": item}}, RouteTable())
    merged: dict[str, Any] = {"paths": {}, "components": {}}
    part.add_paths(merged, BASE, set())
    part.add_paths(merged, BASE, set())


def test_flat_twins_raw_paths_and_webhooks() -> None:
    login = document("/auth/login/", "auth_login", TEXT)
    hook = document("/webhooks/stripe/", "stripe", TEXT)
    merged = merge({"auth": login, "payments": hook})

    flat = merged["paths"][f"{BASE}/auth/login/"]["get"]
    raw = merged["paths"][f"{BASE}/webhooks/stripe/"]["get"]
    assert "allOf" in flat["responses"]["200"]["content"]["application/json"]["schema"]
    assert flat["security"] == [{}]
    assert raw["tags"] == ["Webhooks"]
    assert "$ref" in raw["responses"]["200"]["content"]["application/json"]["schema"]
    assert merged["x-tagGroups"][-1] == {"name": "Webhooks", "tags": ["Webhooks"]}


def test_3_1_has_no_nullable() -> None:
    location = {
        "type": "object",
        "properties": {"a": {"type": "string", "nullable": True}, "b": {"nullable": True, "allOf": [TEXT]}},
    }

    schemas = merge({"catalog": document("/services/", "a", location)}, openapi="3.1.0")["components"]["schemas"]

    assert schemas["Location"]["properties"]["a"] == {"type": ["string", "null"]}
    assert schemas["Location"]["properties"]["b"] == {"anyOf": [{"allOf": [TEXT]}, {"type": "null"}]}


def test_the_document_of_the_gateway_alone_is_valid() -> None:
    """Merged with the services' own, `make check` asks the same."""
    assert problems({}) == []


def test_what_is_wrong_in_a_service_s_description_is_found() -> None:
    wrong = document("/services/{slug}/", "a", {"type": "text"})

    found = problems({"catalog": wrong})

    assert any("'text'" in problem for problem in found), "no such type"
    assert any("slug" in problem for problem in found), "a place in the path that no parameter fills"


def test_the_schema_is_served_in_both_forms_and_kept(running: RunningGateway) -> None:
    url = f"http://127.0.0.1:{running.port}{BASE}/schema/"
    plain, yaml = requests.get(url, timeout=10), requests.get(url, params={"format": "yaml"}, timeout=10)
    newer = requests.get(url, params={"openapi": "3.1"}, timeout=10)
    kept = requests.get(url, headers={"If-None-Match": plain.headers["ETag"]}, timeout=10)
    refused = requests.get(url, headers={"Accept": "image/png"}, timeout=10)

    assert plain.json()["openapi"] == "3.0.3"
    assert plain.headers["Content-Type"] == "application/vnd.oai.openapi+json"
    assert yaml.text.startswith("openapi: 3.0.3")
    assert newer.json()["openapi"] == "3.1.0"
    assert (kept.status_code, kept.content) == (304, b"")
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize("path", ["/docs/", "/docs/redoc/"])
def test_documentation_pages_bring_everything_with_them(running: RunningGateway, path: str) -> None:
    import re
    from urllib.parse import urljoin

    url = f"http://127.0.0.1:{running.port}{BASE}{path}"
    page = requests.get(url, timeout=10)
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "<script>" not in page.text
    assert len(files) >= 3
    for file in files:
        answer = requests.get(urljoin(url, file), timeout=10)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "cdn.redoc.ly" not in answer.text, "a picture of its maker's, which would be asked for at each visit"
    assert requests.get(f"{url.split('/docs/', maxsplit=1)[0]}/docs/assets/nothing.js", timeout=10).status_code == 404


def test_resources_errors_and_examples_follow_from_the_document(running: RunningGateway) -> None:
    url = f"http://127.0.0.1:{running.port}"

    resources = requests.get(f"{url}/api/v1/resources/", timeout=10).json()["data"]["resources"]
    errors = requests.get(f"{url}{BASE}/errors/", timeout=10).json()["data"]
    one = requests.get(f"{url}{BASE}/errors/rate_limited/", timeout=10).json()["data"]
    none = requests.get(f"{url}{BASE}/errors/NOPE/", timeout=10)
    examples = requests.get(f"{url}{BASE}/examples/", timeout=10).json()["data"]["examples"]

    assert "GET /api/v1/health/" in resources["health"]["operations"]
    assert set(REFUSALS) <= {code for group in errors["error_codes"].values() for code in group}
    assert (one["status"], one["retry"]) == (429, True)
    assert none.status_code == 404
    assert {"authentication", "creating_booking", "paying", "websocket"} <= set(examples)


def test_health_tells_which_part_fails(running: RunningGateway) -> None:
    running.service.failing = True
    bad = requests.get(
        f"http://127.0.0.1:{running.port}{BASE}/health/", headers={"Authorization": "Bearer x"}, timeout=10
    )
    running.service.failing = False

    assert bad.status_code == 503
    assert bad.json()["data"]["status"] == "unhealthy"
    assert set(bad.json()["data"]["services"]) >= {"auth", "streams"}
