"""Commands about people and keys: `estuary keys`, `estuary users`, `estuary staff`, `estuary create-superuser`."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from services.auth.domain import emails
from services.auth.operations import keys as key_operations
from services.auth.operations import staffing
from services.auth.operations.importing import Importing
from services.auth.operations.registration import hash_new_password
from services.auth.queries.staff import key_entries, people
from services.auth.settings import settings
from shared.cli.environment import load
from shared.clock import utc_now
from shared.database import connect, transaction
from shared.errors import DomainError


class Refusing(click.Command):
    """A command that works on auth's database and tells refusals as sentences."""

    def invoke(self, ctx: click.Context) -> Any:
        load("auth")
        connect(settings().database_url, application_name="auth-command")
        try:
            return super().invoke(ctx)
        except DomainError as refusal:
            details = [f"{field}: {' '.join(told)}" for field, told in refusal.errors.items()]
            raise click.ClickException(" ".join([refusal.message, *details])) from refusal
        except OperationalError as down:
            raise click.ClickException("auth's database does not answer: is it up, and migrated?") from down


class Address(click.ParamType[str]):
    """An e-mail address, normalised."""

    name = "email"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return emails.normalized(value)
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


@click.group()
def keys() -> None:
    """The keys that access tokens are signed with."""


@keys.command("list", cls=Refusing)
def list_keys() -> None:
    """Show every key: since when it signs and when it is withdrawn."""
    with transaction() as session:
        for entry in key_entries(session):
            click.echo(f"{entry['kid']}  signs from {entry['active_from']:%Y-%m-%d %H:%M}  {entry['fate']}")


@keys.command("rotate", cls=Refusing)
def rotate() -> None:
    """Publish a new key now; it signs in ten minutes, when every verifier has it."""
    with transaction() as session:
        key_operations.rotate_keys(session, now=utc_now(), at_once=True)
    click.echo("A new key is published. It signs in ten minutes.")


@keys.command("withdraw", cls=Refusing)
@click.argument("kid")
def withdraw(*, kid: str) -> None:
    """Refuse whatever the key KID signed, because somebody else has it. Everybody's next call refreshes their token."""
    with transaction() as session:
        key_operations.withdraw_key(session, kid, now=utc_now())
    click.echo(f"The key {kid} is withdrawn. Restart auth: its processes go on signing with it for a minute.")


@click.group()
def users() -> None:
    """People's accounts."""


@users.command("list", cls=Refusing)
@click.option("--search", default="", help="The beginning of an e-mail or a name.")
@click.option("--limit", default=20, show_default=True)
def list_users(*, search: str, limit: int) -> None:
    """Show accounts, the newest first."""
    with transaction() as session:
        for user in people(session, search=search, limit=limit):
            click.echo(f"{user.id}  {user.email}  {user.full_name}  {user.account_status}  {','.join(user.roles)}")


@users.command("suspend", cls=Refusing)
@click.argument("email", type=Address())
@click.option("--reason", required=True)
def suspend(*, email: str, reason: str) -> None:
    """Suspend the account of EMAIL; its sessions end at once."""
    with transaction() as session:
        staffing.suspend(session, staffing.by_email(session, email), reason=reason, now=utc_now())
    click.echo(f"{email} is suspended.")


@users.command("reactivate", cls=Refusing)
@click.argument("email", type=Address())
def reactivate(*, email: str) -> None:
    """Let the suspended account of EMAIL in again."""
    with transaction() as session:
        staffing.reactivate(session, staffing.by_email(session, email), reason="reactivated", now=utc_now())
    click.echo(f"{email} is active.")


@users.command("import", cls=Refusing)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="import", show_default=True, help="What `imported_from` says.")
def import_users(*, file: Path, source: str) -> None:
    """Take over the accounts of another system from FILE.

    JSON lines with id, uuid, email, names, password (as Django stores it), flags and dates. Can be repeated; mails
    nobody.
    """
    importing = Importing(source=source)
    with file.open(encoding="utf-8") as lines:
        report = importing.run(lines)
    click.echo(f"{report.added} added, {report.kept} there already, {len(report.refused)} refused")
    if report.floor_ms > settings().auth_login_floor_ms:
        click.echo(f"Set AUTH_LOGIN_FLOOR_MS={report.floor_ms} while imported passwords are left (measured here).")
    for line in report.refused:
        click.echo(f"  {line}", err=True)


@click.group()
def staff() -> None:
    """People who work for the marketplace."""


@staff.command("create", cls=Refusing)
@click.argument("email", type=Address())
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--superuser", is_flag=True, help="May do everything.")
@click.password_option()
def create_staff(*, email: str, first_name: str, last_name: str, superuser: bool, password: str) -> None:
    """Make EMAIL a member of staff, with an account if there is none."""
    _make_staff(email, first_name=first_name, last_name=last_name, superuser=superuser, password=password)


@staff.command("remove", cls=Refusing)
@click.argument("email", type=Address())
def remove_staff(*, email: str) -> None:
    """Take the role from EMAIL; their sessions end."""
    with transaction() as session:
        staffing.set_flags(
            session, staffing.by_email(session, email), is_staff=False, is_superuser=False, now=utc_now()
        )
    click.echo(f"{email} is no longer staff.")


@click.command("create-superuser", cls=Refusing)
@click.argument("email", type=Address())
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.password_option()
def create_superuser(*, email: str, first_name: str, last_name: str, password: str) -> None:
    """Make EMAIL a superuser, with an account if there is none."""
    _make_staff(email, first_name=first_name, last_name=last_name, superuser=True, password=password)


def _make_staff(email: str, *, first_name: str, last_name: str, superuser: bool, password: str) -> None:
    password_hash = hash_new_password(password, email=email, first_name=first_name, last_name=last_name)
    with transaction() as session:
        made = staffing.create_staff(
            session,
            email=email,
            first_name=first_name,
            last_name=last_name,
            is_superuser=superuser,
            password_hash=password_hash,
            now=utc_now(),
        )
    what = "superuser" if superuser else "member of staff"
    click.echo(f"{email} is a {what}." + ("" if made else " The account was there; its password stays."))
