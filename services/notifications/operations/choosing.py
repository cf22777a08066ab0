"""What a person wants to be told, and where: by type, and by kind over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Row, any_, delete, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from services.notifications.domain.errors import InvalidToken, SettingNotFound
from services.notifications.domain.kinds import KINDS, Kind
from services.notifications.domain.words import CHANNELS, TYPES
from services.notifications.models import KindSetting, TypeSetting
from shared.errors import Invalid


class MandatoryKind(Invalid):
    """The kind is told whatever a person chooses."""

    message = "This kind of notification cannot be switched off."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where a person wants to be told."""

    in_app: bool = True
    email: bool = True


EVERYWHERE = Wanted()
Choice = Row[int, int, bool | None, bool | None]
"""Person, rank, and what they chose for the app and for mail."""


def wanted(session: Session, *, user_id: int, kind: Kind) -> Wanted:
    """Return where the person wants to be told of `kind`: as chosen for it, else for its type, else everywhere."""
    return wanted_by(session, [user_id], kind=kind).get(user_id, EVERYWHERE)


def wanted_by(session: Session, user_ids: Sequence[int], *, kind: Kind) -> dict[int, Wanted]:
    """Return the choices of those people who want to be told of `kind` elsewhere than everywhere."""
    if kind.is_mandatory:
        return {}
    people = literal(list(user_ids), ARRAY(BigInteger))
    by_kind = select(
        KindSetting.user_id, literal(0).label("rank"), KindSetting.in_app_enabled, KindSetting.email_enabled
    ).where(KindSetting.user_id == any_(people), KindSetting.kind == kind.name)
    by_type = select(
        TypeSetting.user_id, literal(1).label("rank"), TypeSetting.in_app_enabled, TypeSetting.email_enabled
    ).where(TypeSetting.user_id == any_(people), TypeSetting.notification_type == kind.type)
    chosen: dict[int, list[Choice]] = {}
    for row in session.execute(by_kind.union_all(by_type)):
        chosen.setdefault(row.user_id, []).append(row)
    return {user_id: _wanted(sorted(rows, key=lambda row: int(row.rank))) for user_id, rows in chosen.items()}


def _wanted(rows: Sequence[Choice]) -> Wanted:
    """Return what the first of the choices that says something says of each channel."""
    return Wanted(
        in_app=_first(*(row.in_app_enabled for row in rows)), email=_first(*(row.email_enabled for row in rows))
    )


def choose_for_type(
    session: Session, *, user_id: int, notification_type: str, channels: Mapping[str, bool]
) -> TypeSetting:
    """Switch channels of a type; those that are not named stay as they are."""
    key = {"user_id": user_id, "notification_type": notification_type}
    session.execute(
        insert(TypeSetting)
        .values(**key, **{f"{name}_enabled": True for name in CHANNELS}, version=1)
        .on_conflict_do_nothing()
    )
    chosen = session.get_one(TypeSetting, key, with_for_update=True, populate_existing=True)
    for name in CHANNELS:
        if f"{name}_enabled" in channels:
            setattr(chosen, f"{name}_enabled", channels[f"{name}_enabled"])
    session.flush()
    return chosen


def choose_for_kind(session: Session, *, user_id: int, kind: str, channels: Mapping[str, bool | None]) -> None:
    """Switch channels of a kind; None follows the type. Raises SettingNotFound, MandatoryKind."""
    if kind not in KINDS:
        raise SettingNotFound
    if KINDS[kind].is_mandatory:
        raise MandatoryKind
    values = {name: channels[name] for name in (f"{name}_enabled" for name in CHANNELS) if name in channels}
    statement = insert(KindSetting).values(user_id=user_id, kind=kind, **values)
    if not values:
        session.execute(statement.on_conflict_do_nothing())
        return
    session.execute(
        statement.on_conflict_do_update(index_elements=[KindSetting.user_id, KindSetting.kind], set_=values)
    )


def back_to_default(session: Session, *, user_id: int, notification_type: str | None = None) -> None:
    """Forget what the person chose for a type; without one for all types and kinds."""
    own = delete(TypeSetting).where(TypeSetting.user_id == user_id)
    if notification_type is not None:
        session.execute(own.where(TypeSetting.notification_type == notification_type))
        return
    session.execute(own)
    session.execute(delete(KindSetting).where(KindSetting.user_id == user_id))


def unsubscribe(session: Session, *, user_id: int, kind: str, scope: str) -> None:
    """Switch off mail of a kind, of its whole type, or of all types. Raises InvalidToken for mandatory kinds."""
    if kind not in KINDS or KINDS[kind].is_mandatory:
        raise InvalidToken
    if scope == "kind":
        choose_for_kind(session, user_id=user_id, kind=kind, channels={"email_enabled": False})
        return
    types = TYPES if scope == "all" else (KINDS[kind].type,)
    for name in types:
        choose_for_type(session, user_id=user_id, notification_type=name, channels={"email_enabled": False})
    kinds = [one.name for one in KINDS.values() if one.type in types]
    session.execute(
        update(KindSetting)
        .where(KindSetting.user_id == user_id, KindSetting.kind.in_(kinds), KindSetting.email_enabled.is_(True))
        .values(email_enabled=None)
    )


def _first(*choices: bool | None) -> bool:
    return next((choice for choice in choices if choice is not None), True)
