"""Tables of notifications."""

from services.notifications.models.base import Base
from services.notifications.models.broadcasts import Broadcast
from services.notifications.models.deliveries import Delivery, DeliveryKey, Suppression
from services.notifications.models.inbox import InboxState, Notification, Tombstone
from services.notifications.models.people import LastState, Practitioner, Revocation, SocketTicket, User
from services.notifications.models.settings import KindSetting, Schedule, TypeSetting
from services.notifications.models.templates import Template, TemplateVersion

__all__ = [
    "Base", "Broadcast", "Delivery", "DeliveryKey", "InboxState", "KindSetting", "LastState", "Notification",
    "Practitioner", "Revocation", "Schedule", "SocketTicket", "Suppression", "Template", "TemplateVersion",
    "Tombstone", "TypeSetting", "User",
]  # fmt: skip
