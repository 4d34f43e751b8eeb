"""What Alembic runs to reach the database: the connection that ``schema`` hands over.

There is no alembic.ini and no offline mode: migrations run inside a transaction that holds the
upgrade's lock, so that two programs that start together do not both create the tables.

To change the tables, change the metadata and add the next numbered file to ``versions``; a test
compares what the migrations make with the metadata. A migration is never edited once released.
"""

from alembic import context

from babingepet_resources.warehouse.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
