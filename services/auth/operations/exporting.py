"""Taking one's data along: asked of everybody by an event, put together when all have answered."""

import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.auth.domain.devices import Client
from services.auth.domain.errors import ExportNotReady, TooManyTries
from services.auth.domain.others import SERVICES
from services.auth.events import ExportReady, ExportRequested
from services.auth.models import Activity, AuthSession, Export, ExportPart, LinkedIdentity, User
from services.auth.operations import throttling
from services.auth.operations.activity import note
from shared.errors import NotFound
from shared.ids import uuid7
from shared.messaging import record

WAITED = timedelta(hours=24)
KEPT = timedelta(days=7)
LOG_LINES_MAX = 10_000


def ask_for_export(session: Session, user: User, *, client: Client, now: datetime) -> Export:
    """Ask everybody for what they hold about a person; the running export is returned if there is one.

    Raises TooManyTries beyond one a day. Emits ExportRequested.
    """
    running = session.scalar(select(Export).where(Export.user_id == user.id, Export.status == "running"))
    if running is not None:
        return running
    daily = throttling.counter(throttling.EXPORT_A_DAY, user.id)
    wait = throttling.seconds_blocked(session, [daily], now=now)
    if wait or not throttling.may(session, daily, now=now):
        raise TooManyTries("An export can be asked for once a day.", retry_after=wait or 60)
    export = Export(id=uuid7(), user_id=user.id, status="running", requested_at=now, waiting_for=list(SERVICES))
    session.add(export)
    told = ExportRequested(export_id=export.id, user_id=user.id, uuid=user.uuid)
    record(session, told, about=("export", export.id))
    note(session, "export_requested", user_id=user.id, client=client, now=now)
    return export


def take_part(
    session: Session, *, export_id: UUID, source: str, part: int, is_last: bool, data: Any, now: datetime
) -> None:
    """Keep what a service sent, and note when that was all of it; parts come in any order, and twice."""
    export = session.get(Export, export_id, with_for_update=True)
    if export is None or export.status != "running" or source not in SERVICES:
        return
    values = {"export_id": export_id, "source": source, "part": part, "is_last": is_last, "data": data}
    session.execute(insert(ExportPart).values(**values, received_at=now).on_conflict_do_nothing())
    held = session.execute(
        select(ExportPart.part, ExportPart.is_last).where(
            ExportPart.export_id == export_id, ExportPart.source == source
        )
    ).all()
    last = max((number for number, closes in held if closes), default=None)
    if last is not None and len(held) == last:
        export.waiting_for = [name for name in export.waiting_for if name != source]


def assemble_next(session: Session, *, now: datetime) -> bool:
    """Put one export together that is complete, or that waited for a day; returns whether there was one.

    Emits ExportReady.
    """
    complete = (Export.waiting_for == []) | (Export.requested_at < now - WAITED)
    export = session.scalar(
        select(Export).where(Export.status == "running", complete).limit(1).with_for_update(skip_locked=True)
    )
    if export is None:
        return False
    archive = _archive(session, export)
    export.archive = archive
    export.size_bytes = len(archive)
    export.status = "partial" if export.waiting_for else "ready"
    export.ready_at = now
    export.expires_at = now + KEPT
    session.execute(
        delete(ExportPart).where(ExportPart.export_id == export.id).execution_options(synchronize_session=False)
    )
    told = ExportReady(export_id=export.id, user_id=export.user_id, expires_at=export.expires_at)
    record(session, told, about=("export", export.id))
    return True


def expire_exports(session: Session, *, now: datetime) -> None:
    """Throw archives away a week after they were ready."""
    over = session.scalars(
        select(Export).where(Export.status.in_(("ready", "partial")), Export.expires_at <= now).limit(100)
    ).all()
    for export in over:
        export.status, export.archive = "expired", None


def exports_of(session: Session, user: User) -> Sequence[Export]:
    """Return a person's exports, the newest first."""
    mine = select(Export).where(Export.user_id == user.id)
    return session.scalars(mine.order_by(Export.requested_at.desc()).limit(50)).all()


def download(session: Session, user: User, export_id: UUID, *, client: Client, now: datetime) -> bytes:
    """Return the archive. Raises NotFound, ExportNotReady."""
    export = session.get(Export, export_id)
    if export is None or export.user_id != user.id:
        raise NotFound
    if export.archive is None or export.expires_at is None or export.expires_at <= now:
        raise ExportNotReady
    note(session, "export_downloaded", user_id=user.id, client=client, now=now)
    return export.archive


def _archive(session: Session, export: Export) -> bytes:
    """Return a zip with one JSON file a service, and a note of who has not answered."""
    sources: dict[str, list[Any]] = defaultdict(list)
    sources["auth"] = list(_own(session, session.get_one(User, export.user_id)))
    parts = select(ExportPart).where(ExportPart.export_id == export.id).order_by(ExportPart.source, ExportPart.part)
    for part in session.scalars(parts):
        sources[part.source] += part.data if isinstance(part.data, list) else [part.data]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for source, things in sorted(sources.items()):
            archive.writestr(f"{source}.json", orjson.dumps(things, option=orjson.OPT_INDENT_2, default=str))
        if export.waiting_for:
            archive.writestr("missing.json", orjson.dumps({"missing": export.waiting_for}))
    return written.getvalue()


def _own(session: Session, user: User) -> Iterator[dict[str, Any]]:
    """Yield what auth itself holds: no hashes, no secrets."""
    yield {
        "kind": "account",
        "id": user.id,
        "uuid": user.uuid,
        "email": user.email,
        "email_verified_at": user.email_verified_at,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "preferred_name": user.preferred_name,
        "phone_number": user.phone_number,
        "timezone": user.timezone,
        "locale": user.locale,
        "date_joined": user.date_joined,
        "last_login": user.last_login,
    }
    for identity in session.scalars(select(LinkedIdentity).where(LinkedIdentity.user_id == user.id)):
        yield {"kind": "identity", "provider": identity.provider, "email": identity.email, "at": identity.linked_at}
    for one in session.scalars(select(AuthSession).where(AuthSession.user_id == user.id)):
        yield {
            "kind": "session",
            "created_at": one.created_at,
            "last_seen_at": one.last_seen_at,
            "ip": one.ip,
            "user_agent": one.user_agent,
            "methods": one.methods,
        }
    lines = select(Activity).where(Activity.user_id == user.id).order_by(Activity.at.desc()).limit(LOG_LINES_MAX)
    for line in session.scalars(lines):
        yield {"kind": "activity", "at": line.at, "action": line.action, "result": line.result, "ip": line.ip}
