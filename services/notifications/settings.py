"""What the processes of notifications are told."""

from dataclasses import dataclass
from email.utils import parseaddr
from functools import cache

from shared.settings import ServiceSettings, secret


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of notifications."""

    realtime_bind: str = "127.0.0.1:8119"
    realtime_url: str = "ws://localhost:8000/api/v1/drf/notifications/ws/"
    cors_allowed_origins: tuple[str, ...] = ("http://localhost:3000", "http://localhost:3001", "http://localhost:8000")
    action_token_key: tuple[str, ...] = secret()
    unsubscribe_key: tuple[str, ...] = secret(())
    smtp_url: str = secret("")
    mail_folder: str = ".run/mail"
    mail_from: str = "Estuary <no-reply@estuary.localhost>"
    mail_reply_to: str = ""
    mail_domain: str = "estuary.localhost"
    mail_rate: int = 20
    sockets_per_user: int = 5
    sockets_per_network: int = 100
    sockets_max: int = 10_000

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
