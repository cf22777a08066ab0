"""Whether a service can be found and bought now, and what stands in the way."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.catalog.domain import words

Row = Mapping[str, Any]


def purchase_blockers(row: Row, *, has_schedule: bool, now: datetime) -> list[str]:
    """Return what forbids a sale although the service is listed."""
    found = []
    if row["type_id"] == words.SESSION and not has_schedule:
        found.append("schedule_missing")
    if row["available_from"] is not None and now < row["available_from"]:
        found.append("sales_not_started")
    if row["available_until"] is not None and now >= row["available_until"]:
        found.append("sales_ended")
    if row["sold_out"] and row["type_id"] in words.DATED:
        found.append("sold_out")
    return found


def is_purchasable(row: Row, *, has_schedule: bool, now: datetime) -> bool:
    """Whether it can be bought now."""
    return bool(row["listed"]) and not purchase_blockers(row, has_schedule=has_schedule, now=now)


def bookability(row: Row, *, insider: bool, has_schedule: bool, now: datetime) -> dict[str, Any]:
    """Return what stands in the way; only to those whom it concerns."""
    listed = bool(row["listed"])
    blockers: list[str] = []
    if insider:
        if row["status"] != words.ACTIVE:
            blockers.append("status_not_active")
        if not (row["is_active"] and row["is_public"]):
            blockers.append("hidden")
        if not row["practitioner_listed"]:
            suspended = row["p_status"] == "suspended"
            blockers.append("practitioner_suspended" if suspended else "practitioner_not_verified")
        blockers += [*row["blockers"], *purchase_blockers(row, has_schedule=has_schedule, now=now)]
    return {
        "is_listed": listed,
        "is_purchasable": is_purchasable(row, has_schedule=has_schedule, now=now),
        "blockers": blockers,
    }
