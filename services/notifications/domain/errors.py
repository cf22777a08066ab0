"""What notifications refuses."""

from shared.errors import Forbidden, Invalid, NotFound, RateLimited


class NotificationNotFound(NotFound):
    """There is no such line in the caller's inbox."""

    message = "There is no such notification."


class SettingNotFound(NotFound):
    """The caller has no such setting."""

    message = "There is no such setting."


class InvalidToken(Invalid):
    """The token of a mailed link is none of ours, or for a kind that cannot be switched off."""

    code = "invalid_token"
    message = "This link is not valid."


class ForStaffOnly(Forbidden):
    """Only staff may write to others, or by another channel."""

    message = "You can only leave notes for yourself, in the app."


class TooManyNotes(RateLimited):
    """A person has left enough notes for today."""

    message = "That is enough notes for today."
