"""`python -m deploy.sandbox.stripe`: run the Stripe sandbox until it is told to stop."""

from aiohttp import web

from .server import create_app
from .settings import Settings

SHUTDOWN_SECONDS = 2


def main() -> None:
    """Serve at BIND."""
    settings = Settings.from_environ()
    print(f"Stripe sandbox at {settings.public_url}, state in {settings.state}", flush=True)
    web.run_app(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        print=None,
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
