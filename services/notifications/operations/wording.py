"""Choosing words: what staff have edited, else what is shipped; and falling back where the edited ones fail."""

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jinja2 import TemplateError
from prometheus_client import Counter
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notifications.domain.kinds import KINDS
from services.notifications.domain.rendering import Said, Words, put_into_words, shipped
from services.notifications.domain.templating import TemplateInvalid
from services.notifications.models import LastState, Template

log = logging.getLogger(__name__)

KNOWN_FOR_SECONDS = 5.0
FAILED = "template_failed"
FAILURES = Counter("estuary_template_failures_total", "Edited templates that failed when they were needed.", ["kind"])
for _kind in KINDS:
    # From nothing to one is no increase: a kind's first failure would go unseen.
    FAILURES.labels(_kind)

Key = tuple[str, str, str]


class _Edited:
    """The edited words in use; they are few, are read often, and may be some seconds old."""

    def __init__(self) -> None:
        self._words: dict[Key, Words] = {}
        self._known_until = 0.0

    def find(self, session: Session, key: Key) -> Words | None:
        """Return the edited words, if there are any."""
        if time.monotonic() >= self._known_until:
            rows = session.execute(
                select(Template.kind, Template.channel, Template.locale, Template.subject, Template.body, Template.html)
                .where(~Template.is_default, Template.is_active)
            )  # fmt: skip
            self._words = {
                (row.kind, row.channel, row.locale): Words(subject=row.subject, body=row.body, html=row.html)
                for row in rows
            }
            self._known_until = time.monotonic() + KNOWN_FOR_SECONDS
        return self._words.get(key)

    def forget(self) -> None:
        """Read them anew when they are needed next."""
        self._known_until = 0.0


_edited = _Edited()
forget_edited = _edited.forget


def say(
    session: Session, kind: str, channel: str, values: Mapping[str, Any], *, zone: str, locale: str, now: datetime
) -> Said:
    """Return what is said of `kind`: the exact language before its family before English, edited before shipped.

    Edited words that fail are noted for staff, and the shipped ones are said instead.
    """
    ours = shipped(kind, channel, locale)
    for wanted in dict.fromkeys((locale, locale.partition("-")[0], "en")):
        words = _edited.find(session, (kind, channel, wanted)) if kind in KINDS else None
        if words is None:
            continue
        try:
            facts = () if words.html else ours.facts
            edited = Words(subject=words.subject or ours.subject, body=words.body, html=words.html, facts=facts)
            return put_into_words(edited, values, zone=zone, now=now)
        except (TemplateError, TemplateInvalid) as failed:
            FAILURES.labels(kind).inc()
            log.warning("the template of %s on %s in %s failed: %s", kind, channel, wanted, failed)
            _note(session, kind, wanted, reason=str(failed), now=now)
            break
    return put_into_words(ours, values, zone=zone, now=now)


def _note(session: Session, kind: str, locale: str, *, reason: str, now: datetime) -> None:
    """Leave a note for staff, once an hour."""
    state = {"kind": kind, "locale": locale, "reason": reason[:200], "is_told": False}
    session.execute(
        insert(LastState)
        .values(kind=FAILED, key=f"{kind}:{locale}:{now:%Y%m%d%H}", epoch=0, sequence=0, state=state, heard_at=now)
        .on_conflict_do_nothing()
    )
