"""How long what was paid for is to be had."""

from datetime import datetime, timedelta

GRACE = timedelta(days=7)


def grants_access(
    *,
    status: str,
    ended_at: datetime | None,
    past_due_since: datetime | None,
    period_end: datetime | None,
    now: datetime,
) -> bool:
    """Whether a plan or membership is to be had: live, in its week of grace, or canceled and paid until later."""
    if ended_at is not None:
        return False
    if status in ("active", "trialing"):
        return True
    if status == "past_due":
        return past_due_since is None or now <= past_due_since + GRACE
    return status == "canceled" and period_end is not None and now < period_end
