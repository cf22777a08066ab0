"""What the processes of notifications are told."""

from dataclasses import dataclass
from email.utils import parseaddr
from functools import cache

from shared.settings import ServiceSettings, secret


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of notifications."""

    realtime_bind: str = "127.0.0.1:8119"
    """Where the process of the sockets listens."""
    realtime_url: str = "ws://localhost:8000/api/v1/drf/notifications/ws/"
    """The address that pages connect to."""
    cors_allowed_origins: tuple[str, ...] = ("http://localhost:3000", "http://localhost:3001", "http://localhost:8000")
    """Pages that may open sockets, exactly."""
    action_token_key: tuple[str, ...] = secret()
    """Forms mailed links, the same as auth's."""
    unsubscribe_key: tuple[str, ...] = secret(())
    """Signs the links that end mails."""
    smtp_url: str = secret("")
    """The mail server; without it mails are files."""
    mail_folder: str = ".run/mail"
    """Where mails lie as files while there is no mail server."""
    mail_from: str = "Estuary <no-reply@estuary.localhost>"
    """The sender of mails."""
    mail_reply_to: str = ""
    """Where answers to mails go; empty: to the sender."""
    mail_domain: str = "estuary.localhost"
    """The domain of mails' message ids."""
    mail_rate: int = 20
    """The most mails a second."""
    sockets_per_user: int = 5
    """Sockets of one person; the oldest makes room."""
    sockets_per_network: int = 100
    """Sockets of one address."""
    sockets_max: int = 10_000
    """Sockets of one process."""

    def problems(self) -> list[str]:
        found = super().problems()
        if self.is_production and not self.smtp_url:
            found.append("SMTP_URL: must be set in production; without it no mail leaves this machine")
        if self.smtp_url and not self.smtp_url.startswith(("smtp://", "smtps://")):
            found.append("SMTP_URL: must be smtp[s]://user:password@host:port")
        if not parseaddr(self.mail_from)[1]:
            found.append("MAIL_FROM: must be an address, such as Estuary <no-reply@example.org>")
        return found


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
