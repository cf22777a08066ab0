"""Telling staff of edited words that failed: here, because telling is itself done in words."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications.models import LastState
from services.notifications.operations.telling import News, staff_ids, tell_all
from services.notifications.operations.wording import FAILED

BATCH = 50


def tell_of_failures(session: Session, *, now: datetime) -> int:
    """Tell staff of failures noted since the last time; each template is noted once an hour. Emits InboxesHint."""
    noted = session.scalars(
        select(LastState)
        .where(LastState.kind == FAILED, LastState.state["is_told"].as_boolean().is_(False))
        .order_by(LastState.heard_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    everybody = staff_ids(session) if noted else []
    for failure in noted:
        values = {name: failure.state[name] for name in ("kind", "locale", "reason")}
        news = News(
            kind="staff.template_failed",
            values=values,
            related=("template", values["kind"]),
            occasion=f"{FAILED}:{failure.key}",
            fold_into=f"{FAILED}:{values['kind']}",
        )
        tell_all(session, everybody, news, now=now)
        failure.state = {**failure.state, "is_told": True}
    session.flush()
    return len(noted)
