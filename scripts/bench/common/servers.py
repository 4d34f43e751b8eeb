"""A PostgreSQL server for the length of a benchmark, where one is installed.

It waits for the disk at every commit, as a server that keeps anything does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url

from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import open_database
from scripts.devtools import postgres


@contextmanager
def durable_server(prefix: str) -> Iterator[str | None]:
    """The address of a server, to which ``/NAME`` is added; None where none is installed."""
    programs = postgres.programs()
    if programs is None:
        yield None
        return
    with postgres.server(programs, prefix=prefix, durable=True) as url:
        yield url


def upgraded(server: str, name: str) -> str:
    """Make a database with this version's tables; returns its address."""
    url = make_url(f"{server}/postgres").set(drivername="postgresql+psycopg2")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    database = open_database(f"{server}/{name}")
    schema.upgrade(database)
    database.close()
    return f"{server}/{name}"
