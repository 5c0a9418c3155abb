"""Run by Alembic: the revisions on the connection, and in the transaction, of `redactor.database.migrate`."""

from alembic import context

from redactor.database import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
