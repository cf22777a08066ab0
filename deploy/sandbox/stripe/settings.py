"""What the sandbox is told by its environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from environs import Env


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read once, at start."""

    host: str
    port: int
    state: str
    """Path of the sqlite file; `:memory:` keeps nothing."""
    webhook_url: str | None
    webhook_secret: str
    frontend_url: str
    public_url: str
    """Where a person's browser reaches the hosted pages."""

    @classmethod
    def from_environ(cls) -> Self:
        """Read the environment; a missing secret for a given webhook address is refused at once."""
        env = Env()
        host, _, port = env.str("BIND", "127.0.0.1:8195").rpartition(":")
        webhook_url = env.str("STRIPE_SANDBOX_WEBHOOK_URL", "")
        secret = env.str("STRIPE_WEBHOOK_SECRETS", "").partition(",")[0].strip()
        if webhook_url and not secret:
            raise SystemExit(
                "STRIPE_SANDBOX_WEBHOOK_URL is set, but STRIPE_WEBHOOK_SECRETS has no secret to sign with."
            )

        browser_host = "127.0.0.1" if host in {"", "0.0.0.0"} else host  # noqa: S104 — compared, not bound.
        state = env.str("STRIPE_SANDBOX_STATE", ".run/sandbox/stripe.sqlite3")
        if state != ":memory:":
            Path(state).parent.mkdir(parents=True, exist_ok=True)
        return cls(
            host=host or "127.0.0.1",
            port=int(port),
            state=state,
            webhook_url=webhook_url or None,
            webhook_secret=secret,
            frontend_url=env.str("FRONTEND_URL", "http://localhost:3000").rstrip("/"),
            public_url=env.str("STRIPE_SANDBOX_PUBLIC_URL", f"http://{browser_host}:{port}").rstrip("/"),
        )
