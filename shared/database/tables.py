"""The register of the tables that every service's database has (outbox, inbox, idempotency keys, …).

They are Core tables in a register of their own, migrated by their own Alembic branch in
`shared/database/migrations`, so that a service's models and migrations hold only what is the service's.
"""

from shared.database.models import service_metadata

metadata = service_metadata()
