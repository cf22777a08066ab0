"""What people want to be told, and where, over HTTP."""

from typing import Any

from sqlalchemy.orm import Session

from services.notifications.api.settings_schemas import (
    BulkNotificationSettingsRequest,
    KindChannels,
    KindSetting,
    NotificationSetting,
    NotificationSettingRequest,
    PatchedNotificationSettingRequest,
    SettingsQuery,
)
from services.notifications.domain.errors import SettingNotFound
from services.notifications.domain.words import CHANNELS
from services.notifications.operations import choosing
from services.notifications.queries import choices
from shared.database import reading, transaction
from shared.errors import Invalid
from shared.http import SIGNED_IN, Blueprint, MethodView, identity, require_match, set_version
from shared.http.pages import page_body, page_schema
from shared.listing import Page

notification_settings = Blueprint("notification-settings", "What a person wants to be told, and where.")
_NAMES = tuple(f"{channel}_enabled" for channel in CHANNELS)


@notification_settings.route("/notification-settings/")
class Settings(MethodView):
    """The settings of all types."""

    @notification_settings.operation("notification_settings_list", SIGNED_IN)
    @notification_settings.arguments(SettingsQuery, location="query")
    @notification_settings.response(200, page_schema(NotificationSetting))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List the channels of every type; what was never changed shows its defaults."""
        rows = [row for row in _mine() if _fits(row, query)]
        number, size = query["page"], query["page_size"]
        page = Page(
            rows=rows[(number - 1) * size : number * size],
            count=len(rows),
            count_exact=True,
            number=number,
            size=size,
            next_cursor="more" if number * size < len(rows) else None,
            previous_number=number - 1 if number > 1 else None,
        )
        return page_body(page)

    @notification_settings.operation("notification_settings_create", SIGNED_IN)
    @notification_settings.arguments(NotificationSettingRequest)
    @notification_settings.response(201, NotificationSetting)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Set the channels of a type, changed before or not."""
        with transaction() as session:
            _choose(session, body["notification_type"], body)
        return _one(body["notification_type"])


@notification_settings.route("/notification-settings/<id:setting_id>/")
class OneSetting(MethodView):
    """The setting of one type."""

    @notification_settings.operation("notification_settings_retrieve", SIGNED_IN, refuses=[SettingNotFound])
    @notification_settings.response(200, NotificationSetting)
    def get(self, setting_id: int) -> dict[str, Any]:
        """Read the channels of a type."""
        return _one(_type(setting_id))

    @notification_settings.operation("notification_settings_update", SIGNED_IN, refuses=[SettingNotFound], matches=True)
    @notification_settings.arguments(NotificationSettingRequest)
    @notification_settings.response(200, NotificationSetting)
    def put(self, body: dict[str, Any], setting_id: int) -> dict[str, Any]:
        """Set the channels of a type."""
        return _change(setting_id, body)

    @notification_settings.operation(
        "notification_settings_partial_update", SIGNED_IN, refuses=[SettingNotFound], matches=True
    )
    @notification_settings.arguments(PatchedNotificationSettingRequest)
    @notification_settings.response(200, NotificationSetting)
    def patch(self, body: dict[str, Any], setting_id: int) -> dict[str, Any]:
        """Set some channels of a type."""
        return _change(setting_id, body)

    @notification_settings.operation("notification_settings_destroy", SIGNED_IN, refuses=[SettingNotFound])
    @notification_settings.response(204)
    def delete(self, setting_id: int) -> None:
        """Go back to the defaults of a type; it stays listed."""
        name = _type(setting_id)
        with transaction() as session:
            choosing.back_to_default(session, user_id=identity().user_id, notification_type=name)


@notification_settings.route("/notification-settings/bulk_update/", twins=["/notification-settings/bulk-update/"])
class BulkUpdate(MethodView):
    """Several types at once."""

    @notification_settings.operation("notification_settings_bulk_update_create", SIGNED_IN)
    @notification_settings.arguments(BulkNotificationSettingsRequest)
    @notification_settings.response(200, NotificationSetting(many=True))
    def post(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Set the channels of several types, all or none."""
        with transaction() as session:
            for one in sorted(body["preferences"], key=lambda one: str(one["notification_type"])):
                _choose(session, one["notification_type"], one)
        return _mine()


@notification_settings.route(
    "/notification-settings/reset_to_defaults/", twins=["/notification-settings/reset-to-defaults/"]
)
class Reset(MethodView):
    """All types and kinds."""

    @notification_settings.operation("notification_settings_reset_to_defaults_create", SIGNED_IN)
    @notification_settings.response(200, NotificationSetting(many=True))
    def post(self) -> list[dict[str, Any]]:
        """Go back to the defaults of every type and kind."""
        with transaction() as session:
            choosing.back_to_default(session, user_id=identity().user_id)
        return _mine()


@notification_settings.route("/notification-settings/kinds/")
class Kinds(MethodView):
    """Every kind."""

    @notification_settings.operation("notification_settings_kinds_list", SIGNED_IN)
    @notification_settings.response(200, KindSetting(many=True))
    def get(self) -> list[dict[str, Any]]:
        """List every kind that the caller may get, with its channels and why they are on or off."""
        with reading() as connection:
            return choices.kind_settings(connection, identity().user_id)


@notification_settings.route("/notification-settings/kinds/<string:kind>/")
class OneKind(MethodView):
    """One kind."""

    @notification_settings.operation(
        "notification_settings_kinds_update", SIGNED_IN, refuses=[SettingNotFound, choosing.MandatoryKind]
    )
    @notification_settings.arguments(KindChannels)
    @notification_settings.response(200, KindSetting)
    def put(self, body: dict[str, Any], kind: str) -> dict[str, Any]:
        """Set the channels of a kind over those of its type."""
        me = identity().user_id
        with reading() as connection:
            if kind not in {row["kind"] for row in choices.kind_settings(connection, me)}:
                raise SettingNotFound
        with transaction() as session:
            choosing.choose_for_kind(session, user_id=me, kind=kind, channels=body)
        with reading() as connection:
            return next(row for row in choices.kind_settings(connection, me) if row["kind"] == kind)


def _mine() -> list[dict[str, Any]]:
    with reading() as connection:
        return choices.type_settings(connection, identity().user_id)


def _one(name: str) -> dict[str, Any]:
    row = next(row for row in _mine() if row["notification_type"] == name)
    set_version(row["version"])
    return row


def _type(setting_id: int) -> str:
    name = choices.type_of(identity().user_id, setting_id)
    if name is None:
        raise SettingNotFound
    return name


def _change(setting_id: int, body: dict[str, Any]) -> dict[str, Any]:
    name = _type(setting_id)
    if body.get("notification_type", name) != name:
        raise Invalid(errors={"notification_type": ["Cannot be changed."]})
    require_match(_one(name)["version"])
    with transaction() as session:
        _choose(session, name, body)
    return _one(name)


def _choose(session: Session, name: str, body: dict[str, Any]) -> None:
    channels = {channel: body[channel] for channel in _NAMES if channel in body}
    choosing.choose_for_type(session, user_id=identity().user_id, notification_type=name, channels=channels)


def _fits(row: dict[str, Any], query: dict[str, Any]) -> bool:
    asked = {name: query[name] for name in ("notification_type", *_NAMES) if name in query}
    has_any = any(row[name] for name in _NAMES)
    return (
        all(row[name] == value for name, value in asked.items())
        and query.get("any_enabled", has_any) == has_any
        and query.get("all_disabled", not has_any) == (not has_any)
    )
