"""Commands of media: `estuary media …`."""

import click

from services.media.clients.storage import configured
from services.media.settings import settings
from shared.cli.environment import load


@click.group()
def media() -> None:
    """Look after the files."""
    load("media")


@media.command()
@click.option("--origin", "origins", multiple=True, help="Where pages upload from; by default the front end's address.")
def cors(origins: tuple[str, ...]) -> None:
    """Let pages upload straight to the bucket, and let it forget what was left behind."""
    from services.media.clients.s3 import S3Storage

    storage = configured(settings())
    if not isinstance(storage, S3Storage):
        raise click.ClickException("Files lie in a folder: there is no bucket to set up.")
    storage.write_rules(origins or (settings().frontend_url,))
    click.echo("The bucket's rules are written.")
