"""Filling the reference tables from packages: idempotent, by natural keys, ids never change."""

from services.locations.operations.seeding.loading import load_reference
from services.locations.operations.seeding.sources import EVERYTHING, Selection

__all__ = ["EVERYTHING", "Selection", "load_reference"]
