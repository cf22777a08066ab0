"""What auth refuses.

Invalid 400          EmailTaken, PasswordRefused, InvalidToken, EmailNotVerified
Unauthenticated 401  WrongCredentials, TokenExpired, TokenRevoked, MfaRequired, MfaInvalid
Forbidden 403        RegistrationClosed, AccountDisabled, DeletionPending, ReauthenticationRequired, MfaRequiredForStaff
NotFound 404         ProviderNotConfigured
Conflict 409         InvalidTransition, LastSuperuser, LastCredential, ExportNotReady, MfaAlreadyOn, MfaNotOn
RateLimited 429      TooManyTries
"""

from collections.abc import Iterable
from uuid import UUID

from shared.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated


class EmailTaken(Invalid):
    """Another account has the address."""

    def __init__(self) -> None:
        super().__init__(errors={"email": ["A user with this email already exists."]})


class PasswordRefused(Invalid):
    """The password does not follow the rules, is not confirmed, or is not the present one."""

    def __init__(self, sentences: Iterable[str], *, field: str = "password") -> None:
        super().__init__(errors={field: list(sentences)})


class InvalidToken(Invalid):
    """A mailed or one-time token is wrong, used, expired or for something else; which of these is not told."""

    guessed_at: UUID | None = None

    code = "invalid_token"
    message = "This link is not valid any more."


class EmailNotVerified(Invalid):
    """The provider does not vouch for the address."""

    code = "email_not_verified"
    message = "The provider has not verified this e-mail address."


class WrongCredentials(Unauthenticated):
    """Unknown address, wrong password, no password: one answer for all."""

    message = "Invalid email or password."


class TokenExpired(Unauthenticated):
    """The token was good once."""

    code = "token_expired"
    message = "This token has expired."


class TokenRevoked(Unauthenticated):
    """The session behind the token was ended."""

    code = "token_revoked"
    message = "This session has ended. Sign in again."


class TokenNotAccepted(Unauthenticated):
    """The token was never good here."""

    message = "This token is not accepted."


class MfaRequired(Unauthenticated):
    """The password was right; a second factor is asked for."""

    code = "mfa_required"
    message = "Enter the code of your authenticator app."


class MfaInvalid(Unauthenticated):
    """The code is wrong, too old or was used before."""

    code = "mfa_invalid"
    message = "This code is not valid."


class RegistrationClosed(Forbidden):
    """Nobody may register at present."""

    code = "registration_closed"
    message = "Registration is closed."


class AccountDisabled(Forbidden):
    """The account may not sign in."""

    code = "account_disabled"
    message = "This account is disabled."


class DeletionPending(Forbidden):
    """The account is about to be deleted; `errors.restore_token` undoes that."""

    code = "deletion_pending"
    message = "This account is about to be deleted."


class ReauthenticationRequired(Forbidden):
    """A sensitive change needs a sign-in, or a reauthentication, of the last ten minutes."""

    code = "reauthentication_required"
    message = "Confirm your password to do this."


class MfaRequiredForStaff(Forbidden):
    """Staff may not go without a second factor."""

    code = "mfa_required_for_staff"
    message = "Staff accounts need a second factor."


class ImpersonationForbidden(Forbidden):
    """This person may not be impersonated."""

    code = "impersonation_forbidden"
    message = "This account can not be acted for."


class ProviderNotConfigured(NotFound):
    """No keys of this provider are set."""

    code = "provider_not_configured"
    message = "This provider is not set up here."


class InvalidTransition(Conflict):
    """The account's status does not allow this."""

    code = "invalid_transition"
    message = "The account's status does not allow this."


class LastSuperuser(Conflict):
    """Somebody has to be left who may do everything."""

    code = "last_superuser"
    message = "This is the last active superuser."


class LastCredential(Conflict):
    """Nothing would be left to sign in with."""

    code = "last_credential"
    message = "Set a password first: nothing would be left to sign in with."


class ExportNotReady(Conflict):
    """The archive is not there yet, or no longer."""

    code = "export_not_ready"
    message = "This export is not ready."


class MfaAlreadyOn(Conflict):
    """A second factor is on already."""

    message = "A second factor is on already."


class MfaNotOn(Conflict):
    """No second factor is on, or was prepared."""

    message = "No second factor is set up."


class IdentityTaken(Conflict):
    """The provider's account belongs to another account here."""

    message = "This sign-in belongs to another account."


class TooManyTries(RateLimited):
    """Too many failures of late."""

    message = "Too many attempts. Try again later."
