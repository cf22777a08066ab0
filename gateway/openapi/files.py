"""The descriptions beside this file, one a service: they stand in when a service is down."""

from pathlib import Path
from typing import Any

import orjson

from gateway.settings import SERVICES

FOLDER = Path(__file__).parent


def read_descriptions() -> dict[str, dict[str, Any]]:
    """Return what is committed, by service; a service without a file is left out."""
    files = {service: FOLDER / f"{service}.json" for service in SERVICES}
    return {service: orjson.loads(file.read_bytes()) for service, file in files.items() if file.exists()}
