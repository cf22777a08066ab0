"""The lists inside services, for any number of services in one statement."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from shared.listing.statements import Compiled, run


def _instant(column: str) -> str:
    return f"""replace(to_char({column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000', '')"""


def _list(builder: str, source: str, order: str) -> str:
    return f"(SELECT coalesce(json_agg({builder} ORDER BY {order}), '[]') FROM {source})"  # noqa: S608 - our own text.


def _object(**columns: str) -> str:
    return "json_build_object(" + ", ".join(f"'{name}', {column}" for name, column in columns.items()) + ")"


_MODALITY = _object(
    id="m.id",
    name="m.name",
    slug="m.slug",
    description="m.description",
    icon="m.icon",
    category="mc.name",
    category_name="mc.name",
    category_slug="mc.slug",
    category_color="mc.color",
    cluster="m.cluster",
    short_description="m.short_description",
    gray_zone="m.gray_zone",
    is_active="m.is_active",
    is_featured="m.is_featured",
    order="m.position",
)
_BENEFIT = _object(
    id="b.id",
    title="b.title",
    description="b.description",
    icon="b.icon",
    order="b.position",
    created_at=_instant("b.created_at"),
    updated_at=_instant("b.updated_at"),
)
_AGENDA = _object(
    id="a.id",
    title="a.title",
    description="a.description",
    start_time=_instant("a.starts"),
    end_time=_instant("a.ends"),
    order="a.position",
)
SESSION = _object(
    id="d.id",
    public_uuid="d.public_uuid",
    practitioner_id="d.practitioner_id",
    title="d.title",
    description="d.description",
    agenda="d.agenda",
    what_youll_learn="d.what_youll_learn",
    start_time=_instant("d.starts_at"),
    end_time=_instant("d.ends_at"),
    duration="d.duration_minutes",
    timezone="d.timezone",
    max_participants="d.max_participants",
    taken="d.taken",
    waitlist_count="d.waitlist_count",
    price_cents="d.price_cents",
    sequence_number="d.sequence_number",
    status="d.status",
    visibility="d.visibility",
    address="d.location_id",
    actual_start_time=_instant("d.actual_start"),
    actual_end_time=_instant("d.actual_end"),
    reschedule_count="d.reschedule_count",
    original_start_time=_instant("d.original_start"),
    original_end_time=_instant("d.original_end"),
    shared_notes="d.shared_notes",
    practitioner_notes="d.practitioner_notes",
    created_at=_instant("d.created_at"),
    updated_at=_instant("d.updated_at"),
    benefits=_list(_BENEFIT, "service_benefits b WHERE b.session_id = d.id", "b.position"),
    agenda_items=_list(_AGENDA, "agenda_items a WHERE a.session_id = d.id", "a.position"),
)
_PRACTITIONER = _object(
    id="sp.id",
    practitioner_id="sp.practitioner_id",
    user_id="p.user_id",
    is_primary="sp.is_primary",
    role="sp.role",
    share_bp="sp.share_bp",
    created_at=_instant("sp.created_at"),
    display_name="p.display_name",
    slug="p.slug",
    profile_image_url="p.profile_image_url",
    public_uuid="p.public_uuid",
    professional_title="p.professional_title",
    is_verified="p.is_verified",
    average="r.average",
    count="r.count",
)
_CHILD = _object(
    id="r.id",
    child_id="c.id",
    public_uuid="c.public_uuid",
    slug="c.slug",
    name="c.name",
    price_cents="c.price_cents",
    duration_minutes="c.duration_minutes",
    type_id="c.type_id",
    short_description="c.short_description",
    status="c.status",
    visible="c.visible",
    quantity="r.quantity",
    order="r.position",
    discount_bp="r.discount_bp",
    is_required="r.is_required",
    description_override="r.description_override",
    created_at=_instant("r.created_at"),
    updated_at=_instant("r.updated_at"),
)
_MEDIA = "f.metadata || jsonb_build_object('is_primary', f.is_primary, 'display_order', f.position)"
_RESOURCE = _object(
    id="x.id",
    title="x.title",
    description="x.description",
    resource_type="x.resource_type",
    attachment_level="x.attachment_level",
    content="x.content",
    file_url="x.file_url",
    external_url="x.external_url",
    file_name="x.file_name",
    file_size="x.file_size",
    file_type="x.file_type",
    duration_seconds="x.duration_seconds",
    uploaded_by_name="u.display_name",
    access_level="x.access_level",
    is_downloadable="x.is_downloadable",
    available_from=_instant("x.available_from"),
    available_until=_instant("x.available_until"),
    order="x.position",
    is_featured="x.is_featured",
    tags="x.tags",
    view_count="x.view_count",
    download_count="x.download_count",
    created_at=_instant("x.created_at"),
    updated_at=_instant("x.updated_at"),
    service_id="x.service_id",
    session_id="x.session_id",
    booking_id="x.booking_id",
    media_id="x.media_id",
    personal_note="x.personal_note",
)
_MODALITIES = _list(
    _MODALITY,
    "service_modalities sm JOIN modalities m ON m.id = sm.modality_id AND m.is_active"
    " LEFT JOIN modality_categories mc ON mc.id = m.category_id WHERE sm.service_id = s.id",
    "m.position, m.id",
)
_CHILDREN = _list(
    _CHILD,
    "service_relationships r JOIN services c ON c.id = r.child_id WHERE r.parent_id = s.id",
    "r.position, r.id",
)
_NAMED = {
    "modalities": _MODALITIES,
    "children": _CHILDREN,
    "practitioners": _list(
        _PRACTITIONER,
        "service_practitioners sp LEFT JOIN practitioners p ON p.id = sp.practitioner_id"
        " LEFT JOIN ratings r ON r.target = 'practitioner' AND r.target_id = sp.practitioner_id"
        " WHERE sp.service_id = s.id",
        "sp.is_primary DESC, sp.id",
    ),
    "languages": _list(
        _object(id="l.id", code="l.code", name="l.name", native_name="l.native_name", is_rtl="l.is_rtl"),
        "service_languages sl JOIN languages l ON l.id = sl.language_id WHERE sl.service_id = s.id",
        "l.id",
    ),
    "media": _list(_MEDIA, "service_media f WHERE f.service_id = s.id", "f.is_primary DESC, f.position, f.id"),
    "sessions": _list(
        SESSION,
        "service_sessions d WHERE d.service_id = s.id AND d.status <> 'canceled'",
        "d.starts_at, d.id",
    ),
    "benefits": _list(_BENEFIT, "service_benefits b WHERE b.service_id = s.id", "b.position"),
    "agenda": _list(_AGENDA, "agenda_items a WHERE a.service_id = s.id", "a.position"),
    "resources": _list(
        _RESOURCE,
        "service_resources x LEFT JOIN users u ON u.id = x.uploaded_by"
        " WHERE x.service_id = s.id AND x.access_level IN ('public', 'registered')"
        " AND coalesce(x.available_from <= now(), true) AND coalesce(x.available_until > now(), true)",
        "x.position, x.id",
    ),
    "waits": "EXISTS (SELECT FROM waitlist_entries w WHERE w.service_id = s.id AND w.user_id = %(me)s"
    " AND w.status = 'waiting' AND w.deleted_at IS NULL)",
    "has_default_schedule": "EXISTS (SELECT FROM schedules h JOIN services own ON own.id = s.id"
    " WHERE h.practitioner_id = own.practitioner_id AND (h.is_default OR h.id = own.schedule_id))",
}
_BRIEF = ("modalities", "children", "has_default_schedule")


def _statement(names: Sequence[str]) -> Compiled:
    columns = ", ".join(f"{_NAMED[name]} AS {name}" for name in names)
    text = f"SELECT s.id, {columns} FROM unnest(%(ids)s::bigint[]) AS s(id)"  # noqa: S608 - our own text.
    return Compiled(text, {}, is_preparable=True)


_IN_FULL = _statement(tuple(_NAMED))
_IN_BRIEF = _statement(_BRIEF)


def nested_of(connection: Connection, ids: Sequence[int], *, full: bool, me: int) -> dict[int, Mapping[str, Any]]:
    """Return the lists inside each service; `full` adds those that only details show. `me` may be nobody (0)."""
    rows = run(connection, _IN_FULL if full else _IN_BRIEF, {"ids": list(ids), "me": me})
    return {row["id"]: row for row in rows}
