"""`estuary sandbox livekit play ROOM`: a host and viewers without cameras, in a sandbox that runs."""

import random
import time

import click
import requests

from .settings import Settings


@click.command(name="estuary sandbox livekit play")
@click.argument("room", required=False)
@click.option("--host", "host_id", type=int, help="User id of the host, who comes first and starts a camera.")
@click.option("--viewers", default=3, show_default=True, help="How many viewers come and go.")
@click.option("--first-viewer", default=9001, show_default=True, help="User id of the first viewer.")
@click.option("--seconds", default=30.0, show_default=True, help="How long they stay.")
@click.pass_obj
def play(
    settings: Settings, room: str | None, host_id: int | None, viewers: int, first_viewer: int, seconds: float
) -> None:
    """Let a host and viewers come into ROOM, stay, and leave again; without ROOM, list the rooms."""
    base = f"{settings.url}/_sandbox"
    if room is None:
        for one in requests.get(f"{base}/", timeout=10).json()["rooms"]:
            print(one["name"], ", ".join(person["identity"] for person in one["people"]) or "(nobody)")
        return

    def tell(call: str, **body: object) -> None:
        answer = requests.post(f"{base}/{call}", json={"room": room, **body}, timeout=10)
        if not answer.ok:
            raise click.ClickException(answer.json()["msg"])

    people = [f"viewer-{first_viewer + number}" for number in range(viewers)]
    if host_id is not None:
        tell("enter", identity=f"host-{host_id}")
        tell("publish", identity=f"host-{host_id}")
        print(f"host-{host_id} is on camera", flush=True)
    pause = seconds / 2 / max(len(people), 1)
    for identity in people:
        tell("enter", identity=identity)
        print(f"{identity} is inside", flush=True)
        time.sleep(pause)
    random.shuffle(people)
    for identity in people:
        time.sleep(pause)
        tell("leave", identity=identity)
        print(f"{identity} has left", flush=True)
    if host_id is not None:
        tell("leave", identity=f"host-{host_id}")
        print(f"host-{host_id} has left", flush=True)
