"""The command `estuary`."""

import gc
import importlib
import importlib.util
from typing import Any

import click

# Where each command lives. A module is imported when its command is used, so that `estuary --help` stays quick
# and no part is needed to run another.
COMMANDS = {
    "up": "deploy.local.commands:up",
    "down": "deploy.local.commands:down",
    "status": "deploy.local.commands:status",
    "logs": "deploy.local.commands:logs",
    "restart": "deploy.local.commands:restart",
    "infra": "deploy.local.commands:infra",
    "web": "shared.cli.run:web",
    "worker": "shared.cli.run:worker",
    "realtime": "shared.cli.run:realtime",
    "gateway": "shared.cli.run:gateway",
    "sandbox": "shared.cli.run:sandbox",
    "migrate": "shared.cli.database:migrate",
    "revision": "shared.cli.database:revision",
    "seed": "shared.cli.seed:seed",
    "keys": "services.auth.commands:keys",
    "users": "services.auth.commands:users",
    "staff": "services.auth.commands:staff",
    "create-superuser": "services.auth.commands:create_superuser",
    "media": "services.media.commands:media",
    "ledger": "services.payments.commands:ledger",
    "republish": "shared.cli.messaging:republish",
    "retell": "shared.cli.messaging:retell",
    "dead": "shared.cli.messaging:dead",
    "topology": "shared.messaging.commands:topology",
    "epoch": "shared.messaging.commands:epoch",
    "openapi": "shared.cli.openapi:openapi",
    "test": "deploy.local.quality:test",
    "check": "deploy.local.quality:check",
    "docs": "deploy.local.quality:docs",
}

# A process of ours loads thousands of classes and functions that stay, and a request leaves hardly anything behind:
# looking for garbage as often as Python does by itself is a sixth of the time that a service takes to start.
GARBAGE_THRESHOLDS = (20_000, 20, 20)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return [name for name, place in COMMANDS.items() if _is_here(place.partition(":")[0])]

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        module, _, attribute = COMMANDS.get(name, "").partition(":")
        if not module or not _is_here(module):
            return None
        command: Any = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


def _is_here(module: str) -> bool:
    """Whether a module can be imported: a container holds one service and the commands that belong to it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Estuary: ten services behind one gateway."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)


if __name__ == "__main__":
    main()
