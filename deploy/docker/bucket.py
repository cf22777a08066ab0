"""Make the bucket that media keeps its files in, unless it is there. Runs once, in media's image."""

import os
import time
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

PATIENCE_SECONDS = 60


def main() -> None:
    """Make the bucket; the store may be starting still."""
    store: Any = boto3.client(
        "s3",
        endpoint_url=os.environ["CLOUDFLARE_R2_ENDPOINT_URL"],
        aws_access_key_id=os.environ["CLOUDFLARE_R2_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["CLOUDFLARE_R2_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    name = os.environ["CLOUDFLARE_R2_STORAGE_BUCKET_NAME"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if name not in {bucket["Name"] for bucket in store.list_buckets()["Buckets"]}:
                store.create_bucket(Bucket=name)
        except (BotoCoreError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return


if __name__ == "__main__":
    main()
