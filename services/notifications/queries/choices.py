"""What a person chose, as the API shows it; a type or kind without a choice shows its default."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, select

from services.notifications.domain.kinds import KINDS, Kind
from services.notifications.domain.rendering import put_into_words, shipped
from services.notifications.domain.samples import sample
from services.notifications.domain.words import CHANNELS, TYPES, masked
from services.notifications.models import KindSetting, TypeSetting, User

Row = dict[str, Any]


def setting_id(user_id: int, notification_type: str) -> int:
    """Return the id of a person's setting for a type."""
    return user_id * 8 + TYPES.index(notification_type) + 1


def type_of(user_id: int, key: int) -> str | None:
    """Return the type whose setting has the id `key`; None if it is somebody else's, or none."""
    owner, number = divmod(key, 8)
    return TYPES[number - 1] if owner == user_id and 1 <= number <= len(TYPES) else None


def type_settings(connection: Connection, user_id: int) -> list[Row]:
    """Return the settings of all types, in their order."""
    columns = TypeSetting.__table__
    rows = connection.execute(select(columns).where(columns.c.user_id == user_id))
    chosen = {row.notification_type: row._asdict() for row in rows}
    return [_shown(user_id, name, chosen.get(name)) for name in TYPES]


def kind_settings(connection: Connection, user_id: int) -> list[Row]:
    """Return what the person gets of every kind that is meant for people like them, and why."""
    person = connection.execute(select(User.is_staff, User.is_practitioner).where(User.id == user_id)).one_or_none()
    is_staff, is_practitioner = (person.is_staff, person.is_practitioner) if person else (False, False)
    types = {row["notification_type"]: row for row in type_settings(connection, user_id)}
    columns = KindSetting.__table__
    kinds = {row.kind: row._asdict() for row in connection.execute(select(columns).where(columns.c.user_id == user_id))}
    return [
        _kind(kind, types[kind.type], kinds.get(kind.name, {}))
        for kind in KINDS.values()
        if _may_get(kind, is_staff=is_staff, is_practitioner=is_practitioner)
    ]


def masked_address(connection: Connection, user_id: int) -> str:
    """Return the person's address with all but its first letter and domain hidden."""
    return masked(connection.scalar(select(User.email).where(User.id == user_id)) or "")


def _may_get(kind: Kind, *, is_staff: bool, is_practitioner: bool) -> bool:
    """Whether a kind is meant for people like them; whoever applies is no practitioner yet."""
    if kind.audience == "staff":
        return is_staff
    return kind.audience == "client" or is_practitioner or kind.name.startswith("practitioner.")


def _shown(user_id: int, name: str, chosen: Row | None) -> Row:
    shown = {f"{channel}_enabled": chosen[f"{channel}_enabled"] if chosen else True for channel in CHANNELS}
    return {
        "id": setting_id(user_id, name),
        "notification_type": name,
        "notification_type_display": name.title(),
        **shown,
        "created_at": chosen["created_at"] if chosen else None,
        "updated_at": chosen["updated_at"] if chosen else None,
        "is_default": chosen is None or all(shown.values()),
        "version": chosen["version"] if chosen else 0,
    }


def _kind(kind: Kind, by_type: Row, by_kind: Row) -> Row:
    channels = {}
    for channel in CHANNELS:
        name = f"{channel}_enabled"
        if kind.is_mandatory:
            state, source = True, "default"
        elif by_kind.get(name) is not None:
            state, source = by_kind[name], "kind"
        else:
            state, source = by_type[name], "default" if by_type["is_default"] else "type"
        channels[channel] = {"enabled": state and kind.has(channel), "source": source}
    return {
        "kind": kind.name,
        "notification_type": kind.type,
        "name": kind.title,
        "description": _example(kind.name),
        "audience": kind.audience,
        "mandatory": kind.is_mandatory,
        "channels": channels,
    }


@cache
def _example(kind: str) -> str:
    """Return what such a notification looks like."""
    channel = KINDS[kind].channels[0]
    said = put_into_words(shipped(kind, channel, "en"), sample(kind), zone="UTC", now=datetime(2026, 1, 1, tzinfo=UTC))
    return f"For example: {said.subject}"
