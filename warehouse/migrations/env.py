"""What Alembic runs to apply or compare migrations: on the connection and in the transaction that it is given."""

from alembic import context

from warehouse.migrations import OPTIONS

context.configure(connection=context.config.attributes["connection"], **OPTIONS)
context.run_migrations()
