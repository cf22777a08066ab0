"""Bringing a service's database to the newest form, and proving that models and migrations agree.

Two Alembic branches meet in each database: the tables all services have (`shared/database/migrations/versions`)
and the service's own (`services/<name>/migrations/versions`). One environment serves them all.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from shared.database.revisions import SHARED_MIGRATIONS, versions

# Whoever migrates holds this lock, so that many replicas may start at once.
MIGRATION_LOCK = 7_301_940_112


def migrate(service: str, url: str) -> None:
    """Upgrade the service's database to the newest form.

    Waits at most 2 s for any table's lock, so that running code is never queued behind a migration; on a
    timeout nothing is changed and the command can be repeated.
    """
    with _connected(service, url) as (config, connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        command.upgrade(config, "heads")


def make_revision(service: str, url: str, message: str) -> None:
    """Write a new migration of the service from the difference between its models and the database at `url`."""
    number = len(list(versions(service).glob("[0-9]*.py"))) + 1
    slug = message.lower().replace(" ", "_")
    with _connected(service, url) as (config, _connection):
        script = ScriptDirectory.from_config(config)
        heads = [head for head in script.get_heads() if head.startswith(f"{service}_")]
        command.revision(
            config,
            message=message,
            autogenerate=True,
            rev_id=f"{service}_{number:04}",
            head=heads[0] if heads else "base",
            branch_label=None if heads else service,
            version_path=str(versions(service)),
        )
    for written in versions(service).glob(f"{service}_{number:04}_*.py"):
        written.rename(written.with_name(f"{number:04}_{slug}.py"))


def differences(service: str, url: str) -> list[Any]:
    """Return what the models say beyond the migrated database at `url`; empty when they agree."""
    with _connected(service, url) as (config, connection):
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "include_object": config.attributes["include_object"]},
        )
        return list(compare_metadata(context, config.attributes["metadata"]))


def _config(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SHARED_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", f"{SHARED_MIGRATIONS / 'versions'}:{versions(service)}")
    return config


@contextmanager
def _connected(service: str, url: str) -> Iterator[tuple[Config, Connection]]:
    config = _config(service)
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"), poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        config.attributes["metadata"] = _merged(service)
        config.attributes["include_object"] = _is_ours
        yield config, connection
    engine.dispose()


def _merged(service: str) -> MetaData:
    """Return one register of the service's tables and of those that all services have."""
    from shared.database.tables import metadata as shared_metadata

    for name in ("shared.audit", "shared.messaging.tables", "shared.http.tables", "shared.identity.keys"):
        importlib.import_module(name)
    models = importlib.import_module(f"services.{service}.models")
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")
    merged = MetaData(naming_convention=shared_metadata.naming_convention)
    for metadata in (shared_metadata, models.Base.metadata):
        for table in metadata.tables.values():
            table.to_metadata(merged)
    return merged


def _is_ours(_thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:  # noqa: FBT001 - Alembic's own signature.
    """Leave out partitions (their parents are compared) and Alembic's own table."""
    if kind == "table":
        return name != "alembic_version" and not (name or "").startswith("partition_")
    return True
