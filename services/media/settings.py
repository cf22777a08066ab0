"""What the processes of media are told."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from functools import cache

from shared.settings import ServiceSettings, secret

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of media.

    With `cloudflare_r2_endpoint_url` files lie in R2 (or any S3); without it in the folder `media_storage_dir`.
    `cloudflare_r2_public_endpoint_url` is what browsers reach where it differs from what this process reaches.
    `media_signing_keys` is a comma list of `kid:base64`; the first signs, all verify; without it, and not in
    production, one follows from `edge_key`. `ffmpeg` and `ffprobe` are looked up when they are not named.
    `media_scan_command` gets a file's path as its last argument and answers 1 for an infected one.
    """

    cloudflare_r2_endpoint_url: str = ""
    """R2's, or any S3's, address; empty: files lie in a folder."""
    cloudflare_r2_access_key_id: str = secret("")
    """Its key id."""
    cloudflare_r2_secret_access_key: str = secret("")
    """Its key."""
    cloudflare_r2_storage_bucket_name: str = ""
    """The bucket of files that need a signed address."""
    cloudflare_r2_region_name: str = "auto"
    """Its region."""
    cloudflare_r2_public_bucket_name: str = ""
    """The bucket of public files; empty: they lie in the private one, and we lead to them."""
    cloudflare_r2_custom_domain: str = ""
    """The domain of the public bucket."""
    cloudflare_r2_public_endpoint_url: str = ""
    """What browsers reach, where it differs from what this process reaches."""
    media_storage_dir: str = ".run/media"
    """The folder of files when there is no R2."""
    media_signing_keys: str = secret("")
    """Sign addresses of files: `kid:base64` by comma, the first signs, all verify; required in production."""
    media_max_image_mb: int = 10
    """The largest picture."""
    media_max_video_mb: int = 500
    """The largest video."""
    media_max_audio_mb: int = 100
    """The largest sound."""
    media_max_document_mb: int = 50
    """The largest document."""
    media_max_pixels: int = 50_000_000
    """The most pixels of a picture."""
    media_quota_user_mb: int = 1_024
    """What a person may store."""
    media_quota_practitioner_mb: int = 20 * 1_024
    """What a practitioner may store."""
    media_avif: bool = True
    """Whether pictures are also kept as AVIF."""
    media_keep_sources: bool = False
    """Whether what was uploaded is kept beside what was made of it."""
    media_processes: int = 2
    """Files that are worked on at once."""
    media_presign_seconds: int = 3_600
    """How long a signed address is good."""
    media_uploads_per_hour: int = 300
    """How many files a person may upload in an hour."""
    media_min_free_mb: int = 1_024
    """Below this much free disk nothing is taken."""
    media_scan_command: str = ""
    """Looks at each file, whose path is its last argument, and answers 1 for an infected one; empty: none."""
    ffmpeg: str = ""
    """Where ffmpeg is; empty: looked up."""
    ffprobe: str = ""
    """Where ffprobe is; empty: looked up."""

    @property
    def uses_r2(self) -> bool:
        """Whether files lie in R2 instead of a folder."""
        return bool(self.cloudflare_r2_endpoint_url)

    @property
    def signing_keys(self) -> dict[str, bytes]:
        """The keys of signed addresses by their ids; the first one signs."""
        if not self.media_signing_keys:
            return {"derived": hmac.digest(self.edge_key.encode(), b"media signing key", "sha256")}
        pairs = (part.strip().partition(":") for part in self.media_signing_keys.split(",") if part.strip())
        return {kid: base64.urlsafe_b64decode(key + "==") for kid, _, key in pairs}

    def problems(self) -> list[str]:
        found = super().problems()
        try:
            if self.is_production and not self.media_signing_keys:
                found.append("MEDIA_SIGNING_KEYS: is required in production")
            if any(len(key) < 16 for key in self.signing_keys.values()):
                found.append("MEDIA_SIGNING_KEYS: kid:base64 of at least 16 bytes is required")
        except (ValueError, binascii.Error):
            found.append("MEDIA_SIGNING_KEYS: must be a comma list of kid:base64")
        if self.uses_r2 and not self.cloudflare_r2_storage_bucket_name:
            found.append("CLOUDFLARE_R2_STORAGE_BUCKET_NAME: is required with an endpoint")
        if self.cloudflare_r2_custom_domain and not self.cloudflare_r2_public_bucket_name:
            found.append("CLOUDFLARE_R2_CUSTOM_DOMAIN: shows a whole bucket, so it needs a public bucket of its own")
        if self.uses_r2 and self.cloudflare_r2_public_bucket_name == self.cloudflare_r2_storage_bucket_name:
            found.append("CLOUDFLARE_R2_PUBLIC_BUCKET_NAME: must not be the private bucket")
        return found


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
