"""Alembic's entry: runs on the connection that `shared.database.migrate` hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    compare_type=True,
    compare_server_default=False,
    include_object=context.config.attributes["include_object"],
)

with context.begin_transaction():
    context.run_migrations()
