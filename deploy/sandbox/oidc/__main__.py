"""`python -m deploy.sandbox.oidc`: run the OpenID sandbox until it is told to stop."""

import os

from aiohttp import web

from deploy.sandbox.oidc.provider import CLIENT_ID, CLIENT_SECRET, Provider
from deploy.sandbox.oidc.server import create_app

SHUTDOWN_SECONDS = 2


def main() -> None:
    """Serve at BIND."""
    host, _, port = os.environ.get("BIND", "127.0.0.1:8197").rpartition(":")
    provider = Provider(
        issuer=os.environ.get("OIDC_SANDBOX_ISSUER", f"http://{host}:{port}").rstrip("/"),
        client_id=os.environ.get("OIDC_SANDBOX_CLIENT_ID", CLIENT_ID),
        client_secret=os.environ.get("OIDC_SANDBOX_CLIENT_SECRET", CLIENT_SECRET),
    )
    print(f"OpenID sandbox at {provider.issuer}", flush=True)
    web.run_app(
        create_app(provider),
        host=host,
        port=int(port),
        print=None,
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
