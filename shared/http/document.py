"""A service's OpenAPI document, from its code alone: nothing is started and nothing connected."""

import base64
import dataclasses
import importlib
import os
from typing import Any

from shared.settings import Settings

# What settings demand so that an app can be made. No connection is opened with it and nothing is signed.
_ADDRESS = "postgresql://nobody@127.0.0.1/nothing"
_KEY = base64.urlsafe_b64encode(bytes(32)).decode()


def service_document(service: str) -> dict[str, Any]:
    """Return the OpenAPI 3.0.3 document of `service`, with paths as the service sees them."""
    settings: type[Settings] = importlib.import_module(f"services.{service}.settings").Settings
    for field in dataclasses.fields(settings):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            os.environ.setdefault(field.name.upper(), _ADDRESS if field.name.endswith("_url") else _KEY)
    app = importlib.import_module(f"services.{service}.app").create_app()
    document: dict[str, Any] = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return document
