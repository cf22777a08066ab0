"""Answering with services."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from flask import Response, current_app, g, request
from sqlalchemy import Connection

from services.catalog.api.shapes.services import ServiceDetail, ServiceList
from services.catalog.queries.documents import documents
from services.catalog.queries.fragments import Fragments, etag
from services.catalog.settings import settings
from shared.http import Schema, identity, set_version
from shared.http.kept import good_until
from shared.http.pages import page_body
from shared.identity import Identity
from shared.listing import Page

PUBLIC = "public, max-age=30, stale-while-revalidate=60"


@cache
def _cards() -> tuple[Fragments, Schema]:
    return Fragments(settings().catalog_fragment_seconds), ServiceList()


@cache
def _details() -> tuple[Fragments, Schema]:
    return Fragments(settings().catalog_fragment_seconds), ServiceDetail()


def public_fragments(connection: Connection, wanted: Sequence[tuple[int, int]], *, full: bool) -> list[Any]:
    """Return what strangers see of each (id, stamp): rendered now, or a moment ago and unchanged since."""
    kept, schema = _details() if full else _cards()

    def render(ids: list[int]) -> list[tuple[int, Any]]:
        return [(one["id"], schema.dump(one)) for one in documents(connection, ids, full=full)]

    fragments = kept.get(wanted, render)
    if fragments:
        good_until(min(one.until for one in fragments))
    return fragments


def page_of(connection: Connection, page: Page, *, full: bool, by: Identity) -> Any:
    """Return a page of services: rendered ones for strangers, the caller's own view of each else."""
    if not by.is_signed_in:
        return public_page(connection, page, full=full)
    shown = documents(connection, [row["id"] for row in page.rows], full=full, by=by)
    return page_body(page, shown)


def public_page(connection: Connection, page: Page, *, full: bool) -> Response:
    """Return a page that is the same for everybody, with an ETag of exactly what it shows."""
    fragments = public_fragments(connection, [(row["id"], row["stamp"]) for row in page.rows], full=full)
    body = page_body(page, [one.json for one in fragments])
    return public_answer(body, etag(fragments, page.count, body["next"]))


def public_list(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> Response:
    """Return a plain array that is the same for everybody."""
    fragments = public_fragments(connection, [(row["id"], row["stamp"]) for row in rows], full=False)
    return public_answer([one.json for one in fragments], etag(fragments))


def public_answer(body: Any, version: str) -> Response:
    """Return JSON that caches may keep for half a minute."""
    set_version(version)
    answer = cast("Response", current_app.json.response(body))
    answer.headers["Cache-Control"] = PUBLIC
    return answer


def let_caches_keep(response: Response) -> Response:
    """Let caches keep whatever operation a stranger has read, as they may what `public_answer` makes."""
    is_read = request.method in ("GET", "HEAD") and response.status_code == 200 and "operation_id" in g
    if is_read and "Cache-Control" not in response.headers and not identity().is_signed_in and not response.is_streamed:
        response.headers["Cache-Control"] = PUBLIC
        response.add_etag()
    return response
