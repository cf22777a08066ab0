"""Tables of notifications."""

from services.notifications.models.base import Base
from services.notifications.models.inbox import InboxState, Notification, Tombstone
from services.notifications.models.people import Practitioner, Revocation, SocketTicket, User

__all__ = ["Base", "InboxState", "Notification", "Practitioner", "Revocation", "SocketTicket", "Tombstone", "User"]
