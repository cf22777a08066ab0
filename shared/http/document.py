"""A service's OpenAPI document, from its code alone: nothing is started and nothing connected."""

import importlib
import os
from typing import Any

PLACEHOLDERS = {
    "ESTUARY_ENV": "development",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1/nothing",
    "EDGE_KEY": "placeholder-" * 4,
}
"""What settings need so that an app can be made; no connection is opened with them."""


def service_document(service: str) -> dict[str, Any]:
    """Return the OpenAPI 3.0.3 document of `service`, with paths as the service sees them."""
    for name, value in PLACEHOLDERS.items():
        os.environ.setdefault(name, value)
    app = importlib.import_module(f"services.{service}.app").create_app()
    with app.test_request_context():
        document: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return document
