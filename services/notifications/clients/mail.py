"""Handing e-mails over: to a server by SMTP, or, where none is set, to a folder as real `.eml` files."""

import os
import smtplib
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import parseaddr
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

TIMEOUT_SECONDS = 20.0
MAILS_PER_CONNECTION = 100
FILES_KEPT = 5_000
MAILBOX_CODES = (550, 551, 553)


class TryLater(Exception):
    """The mail was not taken for a reason that may pass."""


class Refused(Exception):
    """The mail will never be taken; `is_mailbox`: because of the address."""

    def __init__(self, reason: str, *, is_mailbox: bool = False) -> None:
        super().__init__(reason)
        self.is_mailbox = is_mailbox


class Outlet(Protocol):
    """Somewhere to hand mails over to. Used as a context manager around a batch."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def send(self, mail: EmailMessage, *, to: str) -> None:
        """Return once the mail was taken. Raises TryLater, Refused."""
        ...


class SmtpOutlet:
    """A server that is spoken to by SMTP, one connection for up to a hundred mails.

    `smtps://` is encrypted from the start, `smtp://` by STARTTLS, which is insisted on unless the address ends in
    `?plain=1`.
    """

    def __init__(self, url: str, *, rate: int, timeout: float = TIMEOUT_SECONDS) -> None:
        self._url: SplitResult = urlsplit(url)
        self._pause = 1 / rate
        self._timeout = timeout
        self._server: smtplib.SMTP | None = None
        self._used = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def send(self, mail: EmailMessage, *, to: str) -> None:
        """Return once the server has said 250."""
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as problem:
            self._hang_up()
            raise TryLater(_reason(problem)) from problem
        try:
            server.send_message(mail, from_addr=parseaddr(str(mail["From"]))[1], to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as problem:
            code, text = problem.recipients[to]
            raise _refusal(code, _decoded(code, text)) from problem
        except smtplib.SMTPSenderRefused as problem:  # Ours to mend, not the recipient's fault.
            raise TryLater(_reason(problem)) from problem
        except smtplib.SMTPDataError as problem:
            raise _refusal(problem.smtp_code, _reason(problem)) from problem
        except smtplib.SMTPNotSupportedError as problem:
            raise Refused(_reason(problem), is_mailbox=True) from problem
        except (OSError, smtplib.SMTPException) as problem:
            self._hang_up()
            raise TryLater(_reason(problem)) from problem
        self._used += 1
        time.sleep(self._pause)

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None and self._used < MAILS_PER_CONNECTION:
            return self._server
        self._hang_up()
        host, is_encrypted = self._url.hostname or "localhost", self._url.scheme == "smtps"
        if is_encrypted:
            context = ssl.create_default_context()
            self._server = smtplib.SMTP_SSL(host, self._url.port or 465, timeout=self._timeout, context=context)
        else:
            self._server = smtplib.SMTP(host, self._url.port or 587, timeout=self._timeout)
            if parse_qs(self._url.query).get("plain") != ["1"]:
                self._server.starttls(context=ssl.create_default_context())
        if self._url.username:
            self._server.login(unquote(self._url.username), unquote(self._url.password or ""))
        return self._server

    def _hang_up(self) -> None:
        server, self._server, self._used = self._server, None, 0
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


class FolderOutlet:
    """A folder of `.eml` files, written under another name and renamed; the newest five thousand are kept."""

    def __init__(self, folder: Path, *, clock: Callable[[], datetime], kept: int = FILES_KEPT) -> None:
        self._folder = folder
        self._clock = clock
        self._kept = kept

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        found = sorted(self._folder.glob("*.eml"))
        for path in found[: -self._kept]:
            path.unlink(missing_ok=True)

    def send(self, mail: EmailMessage, *, to: str) -> None:  # noqa: ARG002 - the address stands in the mail.
        """Return once the file lies in the folder."""
        name = f"{self._clock().astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{_key(mail)}.eml"
        half = self._folder / f".{name}.part"
        try:
            with half.open("wb") as file:
                file.write(mail.as_bytes(policy=POLICY))
                file.flush()
                os.fsync(file.fileno())
            half.rename(self._folder / name)
        except OSError as problem:
            raise TryLater(_reason(problem)) from problem


def _key(mail: EmailMessage) -> str:
    return str(mail["Message-ID"]).strip("<>").partition("@")[0]


def _refusal(code: int, reason: str) -> Exception:
    return Refused(reason, is_mailbox=code in MAILBOX_CODES) if code >= 500 else TryLater(reason)


def _decoded(code: int, text: bytes) -> str:
    return f"{code} {text.decode('utf-8', 'replace')}"[:300]


def _reason(problem: BaseException) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        error = problem.smtp_error
        return _decoded(problem.smtp_code, error if isinstance(error, bytes) else error.encode())
    return f"{type(problem).__name__}: {problem}"[:300]
