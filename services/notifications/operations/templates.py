"""Editing the words of notifications: nothing that cannot be used is ever saved, and every version is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jinja2 import TemplateError
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notifications.domain import rendering
from services.notifications.domain.errors import (
    TemplateExists,
    TemplateIsShipped,
    TemplateNotFound,
    TemplateRefused,
    TooManyTests,
)
from services.notifications.domain.kinds import KINDS
from services.notifications.domain.rendering import Said, Words, put_into_words
from services.notifications.domain.samples import sample, variables
from services.notifications.domain.templating import SOURCE_MAX, TemplateInvalid, check, used_variables
from services.notifications.models import Delivery, Template, TemplateVersion
from services.notifications.operations.mailing import Post, queue_mail
from services.notifications.operations.wording import forget_edited
from shared.errors import Invalid
from shared.ids import uuid7

SUBJECT_MAX, HTML_MAX = 255, 60_000
TESTS_AN_HOUR = 10
PARTS = {"subject": ("subject_template", SUBJECT_MAX), "body": ("body_template", SOURCE_MAX),
         "html": ("html_template", HTML_MAX)}  # fmt: skip
"""The parts of a template, with the name that the API has for each, and its length."""


def mirror_shipped(session: Session, *, now: datetime) -> None:
    """Bring the rows of words that nobody has edited up to this release's; quick where that was done before."""
    shipped, named = list(rendering.all_shipped()), rendering.fingerprint()
    mirrored = select(func.count()).where(Template.fingerprint == named)
    if session.scalar(mirrored) == len(shipped):
        return
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('notification templates'))"))
    rows = [
        {
            "kind": kind,
            "channel": channel,
            "locale": locale,
            "name": KINDS[kind].title,
            "notification_type": KINDS[kind].type,
            "subject": words.subject,
            "body": words.body,
            "html": words.html,
            "is_active": True,
            "is_default": True,
            "fingerprint": named,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        for kind, channel, locale, words in shipped
    ]
    session.execute(insert(Template).on_conflict_do_nothing(), rows)
    for row in session.scalars(select(Template).where(Template.fingerprint.not_in(("", named))).with_for_update()):
        if row.kind not in KINDS or not KINDS[row.kind].has(row.channel):
            continue  # An earlier release had it.
        if row.is_default:
            _become(row, rendering.shipped(row.kind, row.channel, row.locale))
        row.fingerprint = named
    session.flush()


def find_template(session: Session, template_id: int, *, lock: bool = False) -> Template:
    """Return a template. Raises TemplateNotFound, also for words of a kind that is no more."""
    found = session.get(Template, template_id, with_for_update=lock, populate_existing=lock)
    if found is None or found.kind not in KINDS:
        raise TemplateNotFound
    return found


def create_template(session: Session, body: Mapping[str, Any], *, by: int, now: datetime) -> Template:
    """Add words of a known kind in another language. Raises Invalid, TemplateExists, TemplateRefused."""
    kind, channel = KINDS.get(body["kind"]), body["delivery_channel"]
    if kind is None:
        raise Invalid.field("kind", "There is no such kind.")
    if not kind.has(channel):
        raise Invalid.field("delivery_channel", f"This kind is told by {' and '.join(kind.channels)}.")
    taken = select(Template.id).where(
        Template.kind == kind.name, Template.channel == channel, Template.locale == body["locale"]
    )
    if session.scalar(taken) is not None:
        raise TemplateExists
    row = Template(
        kind=kind.name,
        channel=channel,
        locale=body["locale"],
        name=body.get("name") or kind.title,
        notification_type=kind.type,
        subject=body["subject_template"],
        body=body["body_template"],
        html=body["html_template"],
        is_active=body["is_active"],
        is_default=False,
    )
    _require_usable(row)
    session.add(row)
    _keep_version(session, row, by=by, now=now)
    return row


def edit_template(session: Session, row: Template, changes: Mapping[str, Any], *, by: int, now: datetime) -> None:
    """Change a template that the caller has locked. Raises TemplateRefused."""
    for part, (name, _) in PARTS.items():
        if name in changes:
            setattr(row, part, changes[name])
    for name in ("name", "is_active"):
        if changes.get(name) not in (None, ""):
            setattr(row, name, changes[name])
    _require_usable(row)
    row.is_default = False
    _keep_version(session, row, by=by, now=now)


def delete_template(session: Session, row: Template) -> None:
    """Go back to the shipped words; delete words of a language that none are shipped in. Raises TemplateIsShipped."""
    if row.is_default:
        raise TemplateIsShipped
    forget_edited()
    if _is_shipped(row):
        _become(row, rendering.shipped(row.kind, row.channel, row.locale))
        session.flush()
        return
    session.execute(delete(TemplateVersion).where(TemplateVersion.template_id == row.id))
    session.delete(row)


def restore_template(session: Session, row: Template, version: int | None, *, by: int, now: datetime) -> None:
    """Go back to an earlier version, or without one to the shipped words. Raises TemplateNotFound."""
    if version is None:
        if not _is_shipped(row):
            raise TemplateNotFound("None are shipped in this language.")
        _become(row, rendering.shipped(row.kind, row.channel, row.locale))
        session.flush()
        forget_edited()
        return
    kept = session.get(TemplateVersion, (row.id, version))
    if kept is None:
        raise TemplateNotFound("There is no such version.")
    earlier = {name: getattr(kept, part) for part, (name, _) in PARTS.items()}
    edit_template(session, row, {**earlier, "name": kept.name}, by=by, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """What a template would say, and which of the values that it names are empty."""

    said: Said
    missing: list[str]
    values: Mapping[str, Any]


def preview_template(
    row: Template, drafts: Mapping[str, Any], *, context: Mapping[str, Any], zone: str, now: datetime
) -> Previewed:
    """Return what the template would say with the sample, over which `context` is laid. Raises TemplateRefused."""
    words = {part: drafts.get(name, getattr(row, part)) for part, (name, _) in PARTS.items()}
    values = {**sample(row.kind), **{name: context[name] for name in variables(row.kind) if name in context}}
    said = _usable(row.kind, row.channel, words, values=values, zone=zone, now=now)
    named = set().union(*(used_variables(source) for source in words.values()))
    return Previewed(said=said, missing=sorted(name for name in named if values.get(name) in (None, "")), values=values)


def send_test(session: Session, row: Template, *, to: int, now: datetime) -> None:
    """Mail the template with its sample to a person of staff themselves. Raises TemplateRefused, TooManyTests."""
    recent = select(func.count()).where(
        Delivery.user_id == to, Delivery.related.like("template:%"), Delivery.created_at > now - timedelta(hours=1)
    )
    if (session.scalar(recent) or 0) >= TESTS_AN_HOUR:
        raise TooManyTests(retry_after=3600)
    kind, words = KINDS[row.kind], {part: getattr(row, part) for part in PARTS}
    words["subject"] = words["subject"] or rendering.shipped(row.kind, row.channel, "en").subject
    _usable(row.kind, row.channel, words, values=sample(row.kind), zone="UTC", now=now)
    post = Post(
        user_id=to,
        kind=kind.name,
        occasion=f"test:{uuid7()}",
        happened_at=now,
        values=sample(row.kind),
        link=kind.path("1").replace("{token}", "test"),
        related=("template", str(row.id)),
        words=words,
    )
    queue_mail(session, post, now=now)


def _keep_version(session: Session, row: Template, *, by: int, now: datetime) -> None:
    row.updated_at = now
    session.flush()
    session.execute(
        insert(TemplateVersion)
        .values(
            template_id=row.id,
            version=row.version,
            name=row.name,
            subject=row.subject,
            body=row.body,
            html=row.html,
            edited_by=by,
            edited_at=now,
        )
        .on_conflict_do_nothing()
    )
    forget_edited()


def _become(row: Template, words: Words) -> None:
    row.subject, row.body, row.html = words.subject, words.body, words.html
    row.name, row.is_active, row.is_default = KINDS[row.kind].title, True, True


def _is_shipped(row: Template) -> bool:
    return row.locale in rendering.locales()


def _require_usable(row: Template) -> None:
    words = {part: getattr(row, part) for part in PARTS}
    _usable(row.kind, row.channel, words, values=sample(row.kind), zone="UTC", now=datetime.fromisoformat(_SOME_TIME))


_SOME_TIME = "2026-11-01T12:00:00+00:00"


def _usable(
    kind: str, channel: str, words: Mapping[str, str], *, values: Mapping[str, Any], zone: str, now: datetime
) -> Said:
    """Return what the words say of the values. Raises TemplateRefused, which names the part, line and reason."""
    ours = rendering.shipped(kind, channel, "en")
    for part, (name, limit) in PARTS.items():
        try:
            check(words[part], variables=variables(kind), is_html=part == "html", limit=limit)
        except TemplateInvalid as problem:
            raise TemplateRefused(errors={name: [f"Line {problem.line}: {problem.reason}"]}) from problem
    said = Words(subject=words["subject"] or ours.subject, body=words["body"], html=words["html"], facts=ours.facts)
    try:
        return put_into_words(said, values, zone=zone, now=now)
    except (TemplateError, TemplateInvalid) as problem:
        raise TemplateRefused(errors={"body_template": [str(problem)]}) from problem
