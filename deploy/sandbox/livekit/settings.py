"""What the sandbox is told by its environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from environs import Env

SECRET_LENGTH_MIN = 32


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read once, at start."""

    host: str
    port: int
    key: str
    secret: str
    webhook_url: str | None
    folder: Path
    """Where recordings are kept until somebody fetches them."""

    @property
    def url(self) -> str:
        """Where this machine reaches the sandbox."""
        host = "127.0.0.1" if self.host in {"", "0.0.0.0"} else self.host  # noqa: S104 - compared, not bound.
        return f"http://{host}:{self.port}"

    @classmethod
    def from_environ(cls) -> Self:
        """Read the environment; a key without a secret is refused at once."""
        env = Env()
        host, _, port = env.str("BIND", "127.0.0.1:8196").rpartition(":")
        key, secret = env.str("LIVEKIT_API_KEY", ""), env.str("LIVEKIT_API_SECRET", "")
        if not key or len(secret) < SECRET_LENGTH_MIN:
            raise SystemExit(f"LIVEKIT_API_KEY and a LIVEKIT_API_SECRET of {SECRET_LENGTH_MIN} characters are needed.")
        run = Path(env.str("ESTUARY_RUN", ".run"))
        return cls(
            host=host or "127.0.0.1",
            port=int(port),
            key=key,
            secret=secret,
            webhook_url=env.str("LIVEKIT_WEBHOOK_URL", "") or None,
            folder=Path(env.str("LIVEKIT_SANDBOX_FOLDER", str(run / "sandbox" / "livekit"))),
        )
