"""What stops the local runner, told in one sentence with what to do about it."""

import click


class Problem(click.ClickException):
    """Something that only the person at the keyboard can change; shown as it stands, without a trace."""
