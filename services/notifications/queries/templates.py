"""Templates as a list, and their versions."""

from typing import Any

from sqlalchemy import Connection, func, select

from services.notifications.domain.kinds import KINDS
from services.notifications.domain.samples import variables
from services.notifications.domain.words import CHANNELS, TYPES
from services.notifications.models import Template, TemplateVersion
from shared.http import fields
from shared.listing import Filter, Listing, Row

_COLUMNS = [column for column in Template.__table__.columns if column.name != "fingerprint"]

IS_KNOWN = Template.kind.in_(tuple(KINDS))
"""Whether the kind is one of this release; words of others stay, should it come back."""

TEMPLATES = Listing(
    columns=select(*_COLUMNS),
    key=Template.id,
    filters={
        "delivery_channel": Filter(fields.Names(CHANNELS), lambda value: Template.channel == func.any(value)),
        "notification_type": Filter(fields.Names(TYPES), lambda value: Template.notification_type == func.any(value)),
        "is_active": Filter(fields.Boolean(), lambda value: Template.is_active == value),
        "kind": Filter(fields.String(), lambda value: Template.kind == value),
        "locale": Filter(fields.String(), lambda value: Template.locale == value),
    },
    orderings={"name": Template.name, "kind": Template.kind, "updated_at": Template.updated_at},
    default_ordering="kind",
    search=lambda value: (
        func.strpos(func.lower(Template.name + " " + Template.subject + " " + Template.body), func.lower(value)) > 0
    ),
)


def versions(connection: Connection, template_id: int) -> list[Row]:
    """Return everything that was saved of a template, newest first."""
    rows = connection.execute(
        select(TemplateVersion.__table__)
        .where(TemplateVersion.template_id == template_id)
        .order_by(TemplateVersion.version.desc())
        .limit(200)
    )
    return [dict(row._mapping) for row in rows]


def shown(row: Template | Row) -> dict[str, Any]:
    """Return a template as the API shows it."""
    values = row if isinstance(row, dict) else {column.name: getattr(row, column.name) for column in _COLUMNS}
    return {**values, "variables": variables(values["kind"])}
