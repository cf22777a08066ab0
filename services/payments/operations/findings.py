"""Differences that somebody has to explain: kept open until whoever looks again finds them gone."""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client import Gauge
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.payments.models import ReconciliationItem
from shared.clock import utc_now

MISMATCH = Gauge("payments_ledger_mismatch", "Differences that are open.", ["kind"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is one amount here and another there."""

    kind: str
    subject: str
    ours_cents: int
    theirs_cents: int
    note: str = ""


def keep_findings(session: Session, found: Iterable[Difference], *, looked_at: ColumnElement[bool] | None) -> None:
    """Keep what differs as open items; of those `looked_at`, close the ones that no longer differ."""
    now, still = utc_now(), set()
    for one in found:
        told = {"ours_cents": one.ours_cents, "theirs_cents": one.theirs_cents, "state": "open", "note": one.note}
        session.execute(
            insert(ReconciliationItem)
            .values(kind=one.kind, subject=one.subject, **told)
            .on_conflict_do_update(index_elements=["kind", "subject"], set_={**told, "updated_at": now})
        )
        still.add((one.kind, one.subject))
    if looked_at is None:
        return
    open_ = session.scalars(select(ReconciliationItem).where(ReconciliationItem.state == "open", looked_at)).all()
    gone = [item.id for item in open_ if (item.kind, item.subject) not in still]
    session.execute(
        update(ReconciliationItem).where(ReconciliationItem.id.in_(gone)).values(state="resolved", updated_at=now)
    )


def show_open(session: Session, kinds: Iterable[str]) -> None:
    """Set the gauge of each kind to the number of its open items."""
    counts = select(ReconciliationItem.kind, func.count().label("open_count")).where(ReconciliationItem.state == "open")
    found = {row.kind: row.open_count for row in session.execute(counts.group_by(ReconciliationItem.kind))}
    for kind in kinds:
        MISMATCH.labels(kind).set(found.get(kind, 0))
