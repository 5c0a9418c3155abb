"""The history of the service's database, for Alembic: one history for the queue, the accounts and the review pages.

`redactor.database.migrate` runs it at the start of every program that uses the database. To change a table: change its
definition, add a revision in `versions/`, and set `redactor.database.HEAD`. A revision that is released never changes.
"""
