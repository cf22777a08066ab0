"""What the processes of streams are told."""

import os
from dataclasses import dataclass
from functools import cache

from shared.settings import ServiceSettings, secret

SECRET_LENGTH_MIN = 32


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of streams.

    `livekit_public_url` is where browsers go (ws or wss). `livekit_webhook_keys`: `key:secret` pairs that may sign
    webhooks, while keys are being replaced; by default the API's own. `livekit_egress_s3_*`: where recordings are
    written; by default Cloudflare R2, and without any the sandbox keeps them itself. `stream_host_grace_seconds`: how
    long a host may be gone. `stream_max_viewers`: how many fit into one live stream.
    """

    livekit_url: str = ""
    """Where the LiveKit server is; without one the sandbox stands for it."""
    livekit_public_url: str = ""
    """Where browsers reach it: ws or wss."""
    livekit_api_key: str = ""
    """LiveKit's key."""
    livekit_api_secret: str = secret("")
    """Its secret."""
    livekit_webhook_keys: tuple[str, ...] = ()
    """`key:secret` pairs that may sign webhooks while keys are replaced; empty: the own key."""
    livekit_egress_s3_endpoint: str = ""
    """Where recordings are written; empty: R2, and without it the sandbox keeps them."""
    livekit_egress_s3_bucket: str = ""
    """Their bucket."""
    livekit_egress_s3_region: str = "auto"
    """Its region."""
    livekit_egress_s3_access_key: str = ""
    """Its key id."""
    livekit_egress_s3_secret: str = secret("")
    """Its key."""
    cloudflare_r2_endpoint_url: str = ""
    """R2's address, for recordings."""
    cloudflare_r2_storage_bucket_name: str = ""
    """The bucket of files that need a signed address."""
    cloudflare_r2_access_key_id: str = secret("")
    """Its key id."""
    cloudflare_r2_secret_access_key: str = secret("")
    """Its key."""
    media_signing_keys: str = secret("")
    """media's keys for signed addresses, so that pages show pictures."""
    stream_host_grace_seconds: int = 300
    """How long a host may be gone before the stream ends."""
    stream_max_viewers: int = 1000
    """How many fit into one live stream."""

    @property
    def webhook_pairs(self) -> tuple[tuple[str, str], ...]:
        """The key pairs that webhooks may be signed with."""
        given = tuple(pair.partition(":") for pair in self.livekit_webhook_keys)
        return tuple((key, value) for key, _, value in given) or ((self.livekit_api_key, self.livekit_api_secret),)

    @property
    def can_record(self) -> bool:
        """Whether there is a place for recordings; the sandbox has its own."""
        return bool(self.livekit_egress_s3_endpoint or self.cloudflare_r2_endpoint_url or not self.is_production)

    def problems(self) -> list[str]:
        found = super().problems()
        if self.is_production and not self.livekit_api_key:
            found.append("LIVEKIT_API_KEY: needed in production")
        if self.livekit_api_key and len(self.livekit_api_secret) < SECRET_LENGTH_MIN:
            found.append(f"LIVEKIT_API_SECRET: must be at least {SECRET_LENGTH_MIN} characters")
        if self.livekit_api_key and not self.livekit_url:
            found.append("LIVEKIT_URL: where LiveKit answers")
        if any(not value for _, value in self.webhook_pairs) and self.livekit_webhook_keys:
            found.append("LIVEKIT_WEBHOOK_KEYS: pairs of key:secret")
        return found


ALIASES = ("LIVEKIT_HOST", "LIVEKIT_SERVER_URL")


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    for alias in ALIASES:
        if os.environ.get(alias):
            os.environ.setdefault("LIVEKIT_URL", os.environ[alias])
    return Settings.from_environ()
