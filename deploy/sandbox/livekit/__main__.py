"""`estuary sandbox livekit`: run the LiveKit sandbox until it is told to stop, or `play` people in it."""

import sys

from aiohttp import web

from .play import play
from .server import create_app
from .settings import Settings

SHUTDOWN_SECONDS = 2


def main(arguments: tuple[str, ...] = ()) -> None:
    """Serve at BIND; with `play …` talk to the one that serves there."""
    settings = Settings.from_environ()
    if arguments:
        play.main(list(arguments[1:] if arguments[0] == "play" else arguments), obj=settings)
    print(f"LiveKit sandbox at {settings.url}", flush=True)
    web.run_app(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        print=None,
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
