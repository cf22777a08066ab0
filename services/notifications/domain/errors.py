"""What notifications refuses."""

from shared.errors import NotFound


class NotificationNotFound(NotFound):
    """There is no such line in the caller's inbox."""

    message = "There is no such notification."
