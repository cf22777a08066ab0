"""Receipts: what a payer can print."""

from html import escape
from typing import Any


def of(order: dict[str, Any]) -> dict[str, Any]:
    """Return the receipt of a paid order (`queries.orders.detail`), amounts in cents."""
    return {
        "number": f"R-{order['id']:06d}",
        "order_id": str(order["public_uuid"]),
        "paid_at": order["paid_at"],
        "currency": order["currency"],
        "lines": [
            {"description": item["description"] or order["description"], "amount_cents": item["gross_amount_cents"]}
            for item in order["items"]
        ]
        or [{"description": order["description"], "amount_cents": order["subtotal_amount_cents"]}],
        "subtotal_cents": order["subtotal_amount_cents"],
        "tax_cents": order["tax_amount_cents"],
        "credits_applied_cents": order["credits_applied_cents"],
        "charged_cents": order["total_amount_cents"],
        "refunded_cents": order["refunded_amount_cents"],
    }


def as_html(receipt: dict[str, Any]) -> str:
    """Return the receipt as a page without scripts or outside parts."""
    lines = "".join(_row(line["description"], line["amount_cents"]) for line in receipt["lines"])
    sums = "".join(
        _row(name, receipt[key])
        for name, key in (
            ("Subtotal", "subtotal_cents"),
            ("Tax", "tax_cents"),
            ("Paid with credits", "credits_applied_cents"),
            ("Charged to card", "charged_cents"),
            ("Refunded", "refunded_cents"),
        )
        if receipt[key] or key in ("subtotal_cents", "charged_cents")
    )
    number = escape(receipt["number"])
    paid = receipt["paid_at"]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Receipt {number}</title>'
        "<style>body{font:16px system-ui;max-width:40rem;margin:2rem auto;padding:0 1rem}"
        "table{width:100%;border-collapse:collapse}td{padding:.4rem 0;border-bottom:1px solid #ddd}"
        "td+td{text-align:right}</style>"
        f"<h1>Receipt {number}</h1><p>Paid {escape(f'{paid:%Y-%m-%d %H:%M} UTC')}</p>"
        f"<table>{lines}{sums}</table><p>Order {escape(receipt['order_id'])}, {escape(receipt['currency'])}</p></html>"
    )


def _row(name: str, cents: int) -> str:
    return f"<tr><td>{escape(name)}</td><td>{cents // 100:,}.{cents % 100:02}</td></tr>"
