"""Noting work on a file, for the workers to find."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.media.models import Job, Media
from services.media.models.job import QUEUED, RUNNING
from services.media.operations.announcing import JOBS_CHANNEL
from shared.clock import utc_now
from shared.database.waiting import notify
from shared.ids import uuid7


def queue_job(
    session: Session, media: Media, *, kind: str, operations: Sequence[str], options: Mapping[str, Any] | None = None
) -> Job:
    """Note a job, or return the one that is to do the very same already."""
    wanted = orjson.dumps([kind, list(operations), dict(options or {})], option=orjson.OPT_SORT_KEYS)
    fingerprint = hashlib.sha256(wanted).hexdigest()
    session.execute(
        insert(Job)
        .values(
            job_id=uuid7(),
            media_id=media.id,
            kind=kind,
            operations=list(operations),
            options=dict(options or {}),
            fingerprint=fingerprint,
            weight=media.file_size,
            steps=len(operations),
            completed_operations=[],
            run_after=utc_now(),
        )
        .on_conflict_do_nothing()
    )
    notify(session, JOBS_CHANNEL)
    job = session.scalar(
        select(Job).where(Job.media_id == media.id, Job.fingerprint == fingerprint, Job.status.in_((QUEUED, RUNNING)))
    )
    assert job is not None, "the row was written, or was there"
    return job
