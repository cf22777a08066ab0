"""Putting a letter into a MIME message with the headers that mailboxes look for."""

from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from uuid import UUID

from services.notifications.clients.mail import Refused
from services.notifications.domain.mail import Letter


class UnfoldedHeader(UnstructuredHeader):
    """An address in angle brackets, on one line: folded it would be encoded, and no mailbox would read it."""

    name: str
    max_count = 1

    def fold(self, *, policy: Policy) -> str:
        """Return the whole line."""
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", UnfoldedHeader)  # type: ignore[arg-type] # It is mixed into BaseHeader.
POLICY = SMTP.clone(header_factory=_HEADERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes: the sender's address, where answers go, and the domain of message ids."""

    address: str
    reply_to: str
    domain: str


def envelope(
    letter: Letter,
    *,
    key: UUID,
    to: str,
    sender: Sender,
    at: datetime,
    unsubscribe: str | None = None,
    calendar: bytes | None = None,
) -> EmailMessage:
    """Return the mail; its Message-ID follows from `key`, so that a mail sent twice is one in most mailboxes.

    Raises Refused if `to` is no address.
    """
    mail = EmailMessage(policy=POLICY)
    try:
        mail["To"] = Address(addr_spec=to)
    except (ValueError, IndexError, MessageError) as problem:
        raise Refused("not an address", is_mailbox=True) from problem
    mail["From"] = sender.address
    if sender.reply_to:
        mail["Reply-To"] = sender.reply_to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{key}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    if unsubscribe is not None:
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    if calendar is not None:
        mail.add_attachment(
            calendar, maintype="text", subtype="calendar", filename="appointment.ics", params={"method": "PUBLISH"}
        )
    return mail
