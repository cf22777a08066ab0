"""Every refusal of streams."""

from shared.errors import (
    BadGateway,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PaymentRequired,
    RateLimited,
    Unauthenticated,
    Unavailable,
)


class StreamNotFound(NotFound):
    """There is no such stream, or the caller may not see it."""

    message = "There is no such stream."


class LiveStreamNotFound(NotFound):
    """There is no such live stream, or the caller may not see it."""

    message = "There is no such live stream."


class ScheduleNotFound(NotFound):
    """There is no such schedule, or the caller may not see it."""

    message = "There is no such schedule."


class RecordingNotFound(NotFound):
    """There is no such recording, or the caller may not see it."""

    message = "There is no such recording."


class RoomNotFound(NotFound):
    """There is no such room, or the caller is not one of its people."""

    message = "There is no such room."


class CategoryNotFound(NotFound):
    """There is no such category."""

    message = "There is no such category."


class MessageNotFound(NotFound):
    """There is no such message."""

    message = "There is no such message."


class PersonNotFound(NotFound):
    """Nobody of that id was here."""

    message = "There is no such person."


class NotYours(Forbidden):
    """Everybody may see it, but it is somebody else's."""

    message = "This belongs to somebody else."


class NotAPractitioner(Forbidden):
    """The caller has no practitioner profile."""

    message = "Only practitioners can do this."


class PractitionerSuspended(Forbidden):
    """The practitioner is off the market."""

    code = "practitioner_suspended"
    message = "This profile is suspended."


class Banned(Forbidden):
    """The host does not want this person here."""

    code = "banned"
    message = "You can not enter here."


class Muted(Forbidden):
    """The host does not let this person write for now."""

    code = "muted"
    message = "You can not write here for now."


class ChatDisabled(Forbidden):
    """This live stream has no chat."""

    code = "chat_disabled"
    message = "Chat is switched off here."


class ReactionsDisabled(Forbidden):
    """This live stream takes no reactions."""

    code = "reactions_disabled"
    message = "Reactions are switched off here."


class RecordingExpired(Forbidden):
    """The recording could be seen until a day that is over."""

    code = "recording_expired"
    message = "This recording is no longer available."


class ConsentRequired(Forbidden):
    """A session is recorded only when everybody has agreed."""

    code = "consent_required"
    message = "Everybody in the session has to agree to the recording first."


class SubscriptionRequired(PaymentRequired):
    """The caller is no member of the tier that opens this."""

    code = "subscription_required"
    message = "Join this stream's membership to watch."

    @classmethod
    def of(cls, *, tier: str, stream_id: int, price_cents: int) -> "SubscriptionRequired":
        """Return the refusal with what is needed."""
        return cls(
            errors={"required_tier": [tier], "stream_id": [str(stream_id)], "price_cents": [str(price_cents)]},
        )


class InvalidRecurrence(Invalid):
    """The rule can not be expanded, or not by us."""

    code = "invalid_recurrence"
    message = "This recurrence rule can not be used."

    @classmethod
    def because(cls, sentence: str) -> "InvalidRecurrence":
        """Return the refusal with its reason."""
        return cls(sentence, errors={"recurrence_rule": [sentence]})


class StreamExists(Conflict):
    """A practitioner has one stream."""

    code = "stream_exists"
    message = "You have a stream already."


class StreamHasMembers(Conflict):
    """People pay for it."""

    code = "stream_has_members"
    message = "This stream has paying members. Deactivate it instead."


class StreamIsLive(Conflict):
    """It is on air."""

    code = "stream_is_live"
    message = "This stream is live at the moment."


class AlreadyLaunched(Conflict):
    """It has been launched before."""

    code = "already_launched"
    message = "This stream is launched already."


class StreamIncomplete(Conflict):
    """Something has to be filled in before the launch."""

    code = "stream_incomplete"
    message = "Fill in title, description and prices first."


class PractitionerNotVerified(Conflict):
    """Only verified practitioners launch."""

    code = "practitioner_not_verified"
    message = "Your profile has to be verified first."


class LiveStreamOverlap(Conflict):
    """Two live streams of a stream at the same time."""

    code = "live_stream_overlap"
    message = "This overlaps with another live stream of yours."


class TooEarly(Conflict):
    """It can be opened from 15 minutes before its start."""

    code = "too_early"
    message = "It opens 15 minutes before the start."


class AnotherLive(Conflict):
    """One live stream of a practitioner at a time."""

    code = "another_live"
    message = "Another live stream of yours is on. End it first."


class NotLive(Conflict):
    """It is not on."""

    code = "not_live"
    message = "This is not live."


class RoomFull(Conflict):
    """As many people are in the room as it holds."""

    code = "room_full"
    message = "This room is full."


class RoomEnded(Conflict):
    """The time of the room is over."""

    code = "room_ended"
    message = "This session is over."


class InvalidTransition(Conflict):
    """Not from the present state."""

    code = "invalid_transition"
    message = "This is not possible in the present state."


class RecordingActive(Conflict):
    """It is being recorded."""

    code = "recording_active"
    message = "A recording is running."


class RecordingNotActive(Conflict):
    """It is not being recorded."""

    code = "recording_not_active"
    message = "No recording is running."


class RecordingNotReady(Conflict):
    """It is not yet, or never will be, there to be seen."""

    code = "recording_not_ready"
    message = "This recording is not ready."


class ScheduleLimit(Conflict):
    """A stream has at most twenty active schedules."""

    code = "schedule_limit"
    message = "A stream can have at most 20 active schedules."


class NameTaken(Conflict):
    """Another category is called so."""

    code = "name_taken"
    message = "Another category has this name."


class TooManyMessages(RateLimited):
    """Slowly."""

    message = "Slow down a little."


class WebhookInvalid(Unauthenticated):
    """LiveKit did not sign this."""

    message = "The signature is not valid."


class VideoAway(Unavailable):
    """LiveKit does not answer."""

    message = "The video service does not answer. Try again shortly."


class VideoRefused(BadGateway):
    """LiveKit refuses what should be possible."""

    message = "The video service refused this."


class RecordingUnavailable(Unavailable):
    """No place is configured that recordings could be written to."""

    message = "Recording is not set up."
