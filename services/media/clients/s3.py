"""Files in Cloudflare R2, or any storage that speaks S3.

Source: https://developers.cloudflare.com/r2/api/s3/api/. R2 knows no presigned POST forms, and refuses the checksum
trailers that newer clients send by default.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from services.media.clients.storage import Bucket, Changed, Missing, Part, Slot, StorageAway, Stored, Upload
from services.media.settings import Settings
from shared.clock import utc_now

T = TypeVar("T")
_GONE = frozenset({"404", "NoSuchKey", "NoSuchUpload", "NoSuchBucket", "InvalidPart"})
_KEEP_FOREVER = "public, max-age=31536000, immutable"


class S3Storage:
    """See `Storage`."""

    name = "r2"

    def __init__(self, told: Settings) -> None:
        self._buckets: dict[Bucket, str] = {
            "private": told.cloudflare_r2_storage_bucket_name,
            "public": told.cloudflare_r2_public_bucket_name or told.cloudflare_r2_storage_bucket_name,
        }
        self._domain = told.cloudflare_r2_custom_domain
        self._client = _client(told, told.cloudflare_r2_endpoint_url)
        # The host is part of a signature: what browsers are given must be signed for the host that they reach.
        outside = told.cloudflare_r2_public_endpoint_url
        self._signer = _client(told, outside) if outside else self._client

    def presign_put(self, slot: Slot, *, expires_at: datetime) -> Upload:
        """See `Storage.presign_put`."""
        params: dict[str, Any] = {
            "Bucket": self._buckets["private"],
            "Key": slot.key,
            "ContentType": slot.content_type,
            "ContentLength": slot.size,
        }
        headers = {"Content-Type": slot.content_type}
        if slot.sha256:
            checksum = base64.b64encode(bytes.fromhex(slot.sha256)).decode()
            params["ChecksumSHA256"] = headers["x-amz-checksum-sha256"] = checksum
        return Upload(self._sign("put_object", params, expires_at), headers, expires_at)

    def begin_parts(self, slot: Slot) -> str:
        """See `Storage.begin_parts`."""
        answer = _asking(
            lambda: self._client.create_multipart_upload(
                Bucket=self._buckets["private"], Key=slot.key, ContentType=slot.content_type
            )
        )
        return str(answer["UploadId"])

    def presign_part(self, slot: Slot, number: int, *, size: int, expires_at: datetime) -> Upload:
        """See `Storage.presign_part`."""
        params = {**self._of_parts(slot), "PartNumber": number, "ContentLength": size}
        return Upload(self._sign("upload_part", params, expires_at), {}, expires_at)

    def parts(self, slot: Slot) -> list[Part]:
        """See `Storage.parts`."""

        def ask() -> list[Part]:
            pages = self._client.get_paginator("list_parts").paginate(**self._of_parts(slot))
            return [
                Part(one["PartNumber"], one["Size"], one["ETag"].strip('"'))
                for page in pages
                for one in page.get("Parts", ())
            ]

        return _asking(ask)

    def join_parts(self, slot: Slot, parts: list[Part]) -> None:
        """See `Storage.join_parts`."""
        listed = {"Parts": [{"PartNumber": part.number, "ETag": part.etag} for part in parts]}
        _asking(lambda: self._client.complete_multipart_upload(**self._of_parts(slot), MultipartUpload=listed))

    def abort_parts(self, slot: Slot) -> None:
        """See `Storage.abort_parts`."""
        try:
            _asking(lambda: self._client.abort_multipart_upload(**self._of_parts(slot)))
        except Missing:
            return

    def open(self, bucket: Bucket, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """See `Storage.open`."""
        last = "" if length is None else start + length - 1
        wanted = {"Range": f"bytes={start}-{last}"} if start or length is not None else {}
        answer = _asking(lambda: self._client.get_object(Bucket=self._buckets[bucket], Key=key, **wanted))
        return cast("BinaryIO", answer["Body"])

    def head(self, bucket: Bucket, key: str) -> Stored:
        """See `Storage.head`."""
        answer = _asking(lambda: self._client.head_object(Bucket=self._buckets[bucket], Key=key))
        return Stored(key, answer["ContentLength"], answer["ETag"].strip('"'), answer["LastModified"])

    def fetch(self, bucket: Bucket, key: str, to: Path) -> None:
        """See `Storage.fetch`. One GET, so that no later write can mix into it."""

        def ask() -> None:
            body = self._client.get_object(Bucket=self._buckets[bucket], Key=key)["Body"]
            with to.open("wb") as target:
                for chunk in body.iter_chunks(1 << 20):
                    target.write(chunk)

        _asking(ask)

    def put(self, bucket: Bucket, key: str, source: Path, *, content_type: str) -> None:
        """See `Storage.put`."""
        told = {"ContentType": content_type}
        if bucket == "public":
            told["CacheControl"] = _KEEP_FOREVER
        _asking(lambda: self._client.upload_file(str(source), self._buckets[bucket], key, ExtraArgs=told))

    def copy_if_match(
        self, source: tuple[Bucket, str], target: tuple[Bucket, str], *, etag: str, content_type: str
    ) -> None:
        """See `Storage.copy_if_match`. Looked at before and after as well: not every store keeps the condition."""
        if self.head(*source).etag != etag:
            raise Changed(source[1])
        told: dict[str, Any] = {"ContentType": content_type, "MetadataDirective": "REPLACE"}
        if target[0] == "public":
            told["CacheControl"] = _KEEP_FOREVER
        _asking(
            lambda: self._client.copy_object(
                Bucket=self._buckets[target[0]],
                Key=target[1],
                CopySource={"Bucket": self._buckets[source[0]], "Key": source[1]},
                CopySourceIfMatch=etag,
                **told,
            )
        )
        if self.head(*source).etag != etag:
            raise Changed(source[1])

    def delete_many(self, bucket: Bucket, keys: Iterable[str]) -> list[str]:
        """See `Storage.delete_many`."""
        named = [{"Key": key} for key in keys]
        if not named:
            return []
        told = {"Objects": named, "Quiet": True}
        answer = _asking(lambda: self._client.delete_objects(Bucket=self._buckets[bucket], Delete=told))
        return [one["Key"] for one in answer.get("Errors", ()) if one.get("Code") not in _GONE]

    def list(self, bucket: Bucket, prefix: str) -> Iterator[Stored]:
        """See `Storage.list`."""
        more: dict[str, str] = {}
        while True:
            asked = {"Bucket": self._buckets[bucket], "Prefix": prefix, **more}
            page = _asking(lambda asked=asked: self._client.list_objects_v2(**asked))  # type: ignore[misc]
            for one in page.get("Contents", ()):
                yield Stored(one["Key"], one["Size"], one["ETag"].strip('"'), one["LastModified"])
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def presign_get(self, bucket: Bucket, key: str, *, expires_at: datetime, headers: Mapping[str, str]) -> str | None:
        """See `Storage.presign_get`."""
        params = {"Bucket": self._buckets[bucket], "Key": key, **_as_answered(headers)}
        return self._sign("get_object", params, expires_at)

    def public_url(self, key: str) -> str | None:
        """See `Storage.public_url`."""
        return f"https://{self._domain}/{key}" if self._domain else None

    def trouble(self) -> str | None:
        """See `Storage.trouble`. Whether R2 answers is found out by using it."""
        return None

    def write_rules(self, origins: Iterable[str]) -> None:
        """Let pages of `origins` upload, and let the bucket forget what was left behind."""
        _asking(
            lambda: self._client.put_bucket_cors(
                Bucket=self._buckets["private"],
                CORSConfiguration={
                    "CORSRules": [
                        {
                            "AllowedOrigins": list(origins),
                            "AllowedMethods": ["PUT", "GET"],
                            "AllowedHeaders": ["Content-Type", "x-amz-checksum-sha256"],
                            "ExposeHeaders": ["ETag"],
                            "MaxAgeSeconds": 3600,
                        }
                    ]
                },
            )
        )
        rules = [
            {"ID": "inbox", "Status": "Enabled", "Filter": {"Prefix": "inbox/"}, "Expiration": {"Days": 2}},
            {
                "ID": "unfinished",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
        ]
        _asking(
            lambda: self._client.put_bucket_lifecycle_configuration(
                Bucket=self._buckets["private"], LifecycleConfiguration={"Rules": rules}
            )
        )

    def _of_parts(self, slot: Slot) -> dict[str, Any]:
        return {"Bucket": self._buckets["private"], "Key": slot.key, "UploadId": slot.upload_id}

    def _sign(self, name: str, params: Mapping[str, Any], expires_at: datetime) -> str:
        seconds = max(int((expires_at - utc_now()).total_seconds()), 1)
        return str(self._signer.generate_presigned_url(name, Params=dict(params), ExpiresIn=seconds))


def _as_answered(headers: Mapping[str, str]) -> dict[str, str]:
    return {f"Response{name.replace('-', '')}": value for name, value in headers.items()}


def _client(told: Settings, endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=told.cloudflare_r2_access_key_id,
        aws_secret_access_key=told.cloudflare_r2_secret_access_key,
        region_name=told.cloudflare_r2_region_name,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"mode": "standard", "max_attempts": 3},
            connect_timeout=3,
            read_timeout=20,
            max_pool_connections=32,
        ),
    )


def _asking(work: Callable[[], T]) -> T:
    """Return what the storage answers. Raises Missing, Changed, StorageAway."""
    try:
        return work()
    except ClientError as refused:
        code = str(refused.response.get("Error", {}).get("Code", ""))
        if code in _GONE:
            raise Missing(code) from refused
        if code in ("PreconditionFailed", "412"):
            raise Changed(code) from refused
        raise StorageAway from refused
    except (BotoCoreError, OSError) as away:
        raise StorageAway from away
