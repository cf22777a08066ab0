"""The command `estuary`."""

import importlib
from typing import Any

import click

# Where each command lives. A module is imported when its command is used, so that `estuary --help` stays quick
# and no part is needed to run another.
COMMANDS = {
    "infra": "deploy.local.commands:infra",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        command: Any = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Estuary: ten services behind one gateway."""
