"""Doing things to files: processing, standing for something, counting, sharing, restoring, taking down."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import bindparam

from services.media.api.answers import shown
from services.media.api.forms import MediaBlueprint
from services.media.api.requests import ProcessOptions, ProcessRequest, SignedUrlRequest, TakedownRequest
from services.media.api.shapes import DownloadCount, MediaProcessingJob, SignedUrl, ViewCount
from services.media.api.shapes import Media as MediaShape
from services.media.clients.films import film_tools
from services.media.domain import errors, kinds
from services.media.domain.variants import OPERATIONS
from services.media.models import Job
from services.media.operations.attaching import set_primary
from services.media.operations.confirming import own_media
from services.media.operations.counting import count
from services.media.operations.lifecycle import restore_media, take_down
from services.media.operations.requesting import cancel_job, request_processing
from services.media.queries.presenting import JOB_COLUMNS, job, job_of, one_media, signed_content_url, some_media
from services.media.settings import settings
from shared.clock import utc_now
from shared.database import reading, transaction
from shared.errors import Invalid
from shared.http import SIGNED_IN, STAFF, MethodView, identity, say, set_version
from shared.http.pages import page_body, page_schema, query_schema
from shared.http.parsing import flatten
from shared.listing import Listing

managing = MediaBlueprint("media-management", "What can be done with files.")

JOBS = Listing(
    columns=JOB_COLUMNS, key=Job.job_id, orderings={"created_at": Job.created_at}, default_ordering="-created_at"
)
JobsQuery = query_schema(JOBS, "MediaJobsQuery")


@managing.route("/media/<uuid:media_id>/process/")
class Process(MethodView):
    """Processing again."""

    @managing.operation(
        "media_process_create",
        SIGNED_IN,
        refuses=[errors.MediaNotFound, errors.MediaNotReady, errors.OperationUnavailable, errors.TooManyRuns],
    )
    @managing.arguments(ProcessRequest)
    @managing.response(202, MediaProcessingJob)
    def post(self, body: dict[str, Any], media_id: UUID) -> dict[str, Any]:
        """Have a file processed again; it stays ready meanwhile."""
        options = _options(body.get("options") or {})
        with transaction() as session:
            one = request_processing(
                session, media_id, body["operations"], options, by=identity(), tools=film_tools(settings())
            )
            say("Processing has been queued")
            return job_of(one)


@managing.route("/media/<uuid:media_id>/jobs/")
class Jobs(MethodView):
    """Jobs of a file."""

    @managing.operation("media_jobs_list", SIGNED_IN, refuses=[errors.MediaNotFound])
    @managing.arguments(JobsQuery, location="query")
    @managing.response(200, page_schema(MediaProcessingJob))
    def get(self, query: dict[str, Any], media_id: UUID) -> dict[str, Any]:
        """List what was done with a file, newest first."""
        with transaction() as session:
            own_media(session, media_id, by=identity())
        with reading() as connection:
            of_file = [Job.media_id == bindparam("of_media")]
            page = JOBS.page(connection, query, where=of_file, parameters={"of_media": media_id})
            return page_body(page, [job(row) for row in page.rows])


@managing.route("/media/<uuid:media_id>/jobs/<uuid:job_id>/cancel/")
class CancelJob(MethodView):
    """Calling a job off."""

    @managing.operation("media_jobs_cancel_create", SIGNED_IN, refuses=[errors.MediaNotFound, errors.InvalidTransition])
    @managing.response(200, MediaProcessingJob)
    def post(self, media_id: UUID, job_id: UUID) -> dict[str, Any]:
        """Call a requested job off; a file's first run can not be."""
        with transaction() as session:
            return job_of(cancel_job(session, media_id, job_id, by=identity()))


@managing.route("/media/<uuid:media_id>/set_primary/")
class SetPrimary(MethodView):
    """Standing for what it is attached to."""

    @managing.operation("media_set_primary_create", SIGNED_IN, refuses=[errors.MediaNotFound, errors.MediaNotReady])
    @managing.response(200, MediaShape)
    def post(self, media_id: UUID) -> dict[str, Any]:
        """Let a file stand for what it is attached to, instead of the one that did."""
        with transaction() as session:
            media = own_media(session, media_id, by=identity())
            if media.status == kinds.DELETED:
                raise errors.MediaNotFound
            set_primary(session, media)
            set_version(media.version)
            return some_media(session, [media], by=identity())[0]


@managing.route("/media/<uuid:media_id>/increment_view/")
class IncrementView(MethodView):
    """Having looked at it."""

    @managing.operation("media_increment_view_create", SIGNED_IN, refuses=[errors.MediaNotFound])
    @managing.response(200, ViewCount)
    def post(self, media_id: UUID) -> dict[str, Any]:
        """Count that one looked at a file; once an hour."""
        return {"view_count": _counted(media_id, "views")}


@managing.route("/media/<uuid:media_id>/increment_download/")
class IncrementDownload(MethodView):
    """Having fetched it."""

    @managing.operation("media_increment_download_create", SIGNED_IN, refuses=[errors.MediaNotFound])
    @managing.response(200, DownloadCount)
    def post(self, media_id: UUID) -> dict[str, Any]:
        """Count that one fetched a file; once an hour."""
        return {"download_count": _counted(media_id, "downloads")}


@managing.route("/media/<uuid:media_id>/signed_url/")
class SignUrl(MethodView):
    """An address to hand on."""

    @managing.operation("media_signed_url_create", SIGNED_IN, refuses=[errors.MediaNotFound, errors.MediaNotReady])
    @managing.arguments(SignedUrlRequest)
    @managing.response(200, SignedUrl)
    def post(self, body: dict[str, Any], media_id: UUID) -> dict[str, Any]:
        """Get an address that works for whoever holds it, for a minute to a day."""
        with transaction() as session:
            media = own_media(session, media_id, by=identity())
            version = body.get("version")
            if media.status == kinds.DELETED:
                raise errors.MediaNotFound
            if media.status != kinds.READY:
                raise errors.MediaNotReady
            if version and version != "master" and version not in {one["version_type"] for one in media.versions}:
                raise Invalid.field("version", "There is no such version.")
        expires_at = utc_now().replace(microsecond=0) + timedelta(seconds=body["expires_in"])
        url = signed_content_url(media_id, expires_at=expires_at, version=version, download=body["download"])
        return {"url": url, "expires_at": expires_at}


@managing.route("/media/<uuid:media_id>/restore/")
class Restore(MethodView):
    """Taking a deletion back."""

    @managing.operation("media_restore_create", SIGNED_IN, refuses=[errors.MediaNotFound, errors.QuotaExceeded])
    @managing.response(200, MediaShape)
    def post(self, media_id: UUID) -> dict[str, Any]:
        """Restore a file that was deleted within seven days."""
        with transaction() as session:
            restore_media(session, media_id, by=identity())
        return shown(media_id)


@managing.route("/media/<uuid:media_id>/takedown/")
class Takedown(MethodView):
    """Taking somebody's file down."""

    @managing.operation("media_takedown_create", STAFF, refuses=[errors.MediaNotFound])
    @managing.arguments(TakedownRequest)
    @managing.response(200, MediaShape)
    def post(self, body: dict[str, Any], media_id: UUID) -> dict[str, Any]:
        """Delete anybody's file for good; the same bytes can be refused from then on."""
        with transaction() as session:
            take_down(session, media_id, by=identity(), reason=body["reason"], block_hash=body["block_hash"])
            return one_media(session, media_id, by=identity())


def _counted(media_id: UUID, kind: str) -> int:
    with transaction() as session:
        one_media(session, media_id, by=identity())
        return count(session, media_id, kind=kind, user_id=identity().user_id, now=utc_now())


def _options(told: dict[str, Any]) -> dict[str, Any]:
    """Return the options, wherever they stood. Raises Invalid."""
    flat = {name: value for name, value in told.items() if name not in OPERATIONS}
    for operation in OPERATIONS:
        if isinstance(told.get(operation), dict):
            flat |= told[operation]
    try:
        read: dict[str, Any] = ProcessOptions().load(flat)
    except ValidationError as wrong:
        raise Invalid(errors={f"options.{name}": said for name, said in flatten(wrong.messages).items()}) from wrong
    return read
