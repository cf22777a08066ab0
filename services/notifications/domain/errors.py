"""What notifications refuses."""

from typing import ClassVar

from shared.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, RateLimited


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


class TooManyTickets(RateLimited):
    """A person has asked for too many sockets within a minute."""

    message = "Too many sockets. Try again in a minute."


class TooManyTests(RateLimited):
    """Somebody has had too many test mails within an hour."""

    message = "That is enough test mails for an hour."


class TemplateNotFound(NotFound):
    """There is no such template, or no such version of it."""

    message = "There is no such template."


class TemplateRefused(Invalid):
    """The template says what it may not, or does not fit what the kind knows."""

    code = "template_invalid"
    message = "This template cannot be used."


class TemplateIsShipped(Conflict):
    """What is shipped can be edited, not deleted."""

    message = "These words are shipped with the product: edit them instead."


class TemplateExists(Conflict):
    """The kind has words for that channel and language already."""

    message = "There is such a template already: edit it instead."


class DeliveryNotFound(NotFound):
    """There is no such delivery."""

    message = "There is no such delivery."


class BroadcastNotFound(NotFound):
    """There is no such announcement."""

    message = "There is no such announcement."


class InvalidTransition(Conflict):
    """It is not in a state in which this can be done."""

    code = "invalid_transition"
    message = "It is too late for that."


class UpgradeRequired(DomainError):
    """A plain request came to the address of the socket."""

    status: ClassVar[int] = 426
    code = "upgrade_required"
    message = "Open this address as a WebSocket."
