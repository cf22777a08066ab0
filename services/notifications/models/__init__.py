"""Tables of notifications."""

from services.notifications.models.base import Base
from services.notifications.models.deliveries import Delivery, Suppression
from services.notifications.models.inbox import InboxState, Notification, Tombstone
from services.notifications.models.people import Practitioner, Revocation, SocketTicket, User
from services.notifications.models.settings import KindSetting, TypeSetting

__all__ = [
    "Base", "Delivery", "InboxState", "KindSetting", "Notification", "Practitioner", "Revocation", "SocketTicket",
    "Suppression", "Tombstone", "TypeSetting", "User",
]  # fmt: skip
