"""Earnings in other forms: a table for spreadsheets, and a line of the old transactions page."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from services.payments.queries import earnings as queries
from shared.http.fields import dollars

_COLUMNS = ("id", "created_at", "transaction_type", "status", "service_name", "client_name", "booking", "order")


def as_csv(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a table; text that a spreadsheet would take for a formula is made plain."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow((*_COLUMNS, "gross", "commission_rate", "commission", "net", "available_after"))
    for row in rows:
        writer.writerow(
            (
                *(_plain(row[name]) for name in _COLUMNS),
                dollars(row["gross_amount_cents"]),
                row["commission_rate"],
                dollars(row["commission_amount_cents"]),
                dollars(row["net_amount_cents"]),
                row["available_after"].isoformat(),
            )
        )
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _plain(value: Any) -> str:
    text = "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def shown_transaction(row: dict[str, Any]) -> dict[str, Any]:
    """Return an earning as the practitioners' transactions page shows it."""
    kind = row["transaction_type"]
    return {
        "id": f"TXN-{row['id']:06d}",
        "booking_id": row["booking"],
        "date": row["created_at"],
        "type": "membership"
        if kind == "membership"
        else "adjustment"
        if kind in ("bonus", "adjustment")
        else "booking",
        "status": row["status"],
        "client": {"id": row["client_id"], "name": row["client_name"], "email": None},
        "service": {"id": row["service"], "title": row["service_name"], "type": row["service_type_code"]},
        **queries.display("amount", row["gross_amount_cents"]),
        **queries.display("commission", row["commission_amount_cents"]),
        **queries.display("net_amount", row["net_amount_cents"]),
    }
