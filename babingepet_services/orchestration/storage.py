"""Dagster's tables on PostgreSQL: their address, their schema, and bringing them up to date.

1. the address is that of the warehouse, unless Dagster is given one of its own
2. the tables are in a schema of their own: Dagster and the warehouse both keep an alembic_version
3. Dagster finds that schema by the search path of its connections, which is tried before anything
   is made: poolers in transaction mode drop or refuse it
4. Dagster migrates them itself, in a program of its own: importing it takes seconds

Does not belong here: the embedded storage, which Dagster makes without help.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, make_url, text
from sqlalchemy.exc import ArgumentError

from babingepet.errors import ConfigurationError, WarehouseUnavailable
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.limits import PATIENT
from babingepet_services.orchestration.instance import VARIABLE, instance_text

NAME = "dagster"
"""Ends the name of the schema."""
MARK = "babingepet_storage"
"""The table by which the schema is known to be ours: another Dagster in it would run our schedules."""

LIMITS = {
    "connect_timeout": "5",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "application_name": "dagster",
}
"""So that no connection waits for ever for a server that is gone: seconds, tcp_user_timeout in ms."""
STATEMENT_TIMEOUT_MS = 60_000
"""Ends a statement of Dagster's; its longest, the deletion of old runs, takes seconds."""
MIGRATION_PATIENCE_S = 1800
"""Adding an index to the events of a year takes minutes."""

REMEDY = (
    "Dagster needs a connection that keeps its search path, which a pooler in transaction mode does "
    "not: set BABINGEPET_DAGSTER_DATABASE_URL to a direct or session-mode address of the database "
    "(Supabase: Connect, Direct connection or Session pooler, port 5432)"
)


@dataclass(frozen=True)
class StorageUpgrade:
    """What was done about Dagster's tables.

    Attributes:
        database: Where they are, without the password.
        before: Version of Dagster that made or migrated them last; None when they were made now.
        version: Version of Dagster that they are of now.
    """

    database: str
    before: str | None
    version: str


def storage_url(
    settings: Settings, *, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
) -> str | None:
    """The address for Dagster, with its password, schema and limits; None for the embedded storage.

    Limits that the given address states itself are kept.

    Raises:
        ConfigurationError: The address cannot be read.
    """
    url = _given(settings)
    if url is None:
        return None
    options = [  # of two the later one holds
        f"-cstatement_timeout={statement_timeout_ms}",
        *_as_tuple(url.query.get("options")),
        f"-csearch_path={settings.schema_beside(NAME)}",
    ]
    query = LIMITS | url.query | {"options": " ".join(options)}
    ours = url.set(drivername="postgresql+psycopg2", query=query)
    return ours.render_as_string(hide_password=False)


def prepare_storage(settings: Settings) -> StorageUpgrade | None:
    """Make or migrate Dagster's tables where this version of Dagster did not do so yet.

    Returns:
        What was done; None for the embedded storage.

    Raises:
        ConfigurationError: The schema holds somebody else's tables, or the address leads to a
            pooler that drops the search path.
        WarehouseUnavailable: The database does not answer, or Dagster could not migrate.
    """
    if storage_url(settings) is None:
        return None
    with open_storage(settings) as database:
        schema.make_schema(database)
        with database.writing() as connection:
            _claim(connection, database)
        return _migrate(settings, database)


@contextmanager
def open_storage(settings: Settings) -> Iterator[Database]:
    """Dagster's tables by Dagster's own address, after trying its search path.

    Raises:
        ConfigurationError: The address leads to a pooler that drops the search path, or the storage
            is embedded.
        WarehouseUnavailable: The database does not answer.
    """
    url, wanted = _server_url(settings), settings.schema_beside(NAME)
    with closing(open_database(url)) as plain:
        try:
            with plain.reading() as connection:
                found = connection.execute(text("SHOW search_path")).scalar_one()
        except WarehouseUnavailable as error:
            if "startup parameter" in str(error):
                raise ConfigurationError(f"{error} {REMEDY}.") from error
            raise
        if found != wanted:
            raise ConfigurationError(
                f"the search path at {plain.where} is {found} instead of {wanted}: {REMEDY}"
            )
    with closing(open_database(url, wanted)) as database:
        yield database.within(PATIENT)


def stored_version(database: Database) -> str | None:
    """Version of Dagster that migrated the tables last; None when there are none of ours."""
    with database.reading() as connection:
        if not inspect(connection).has_table(MARK):
            return None
        return _version(connection)


def _server_url(settings: Settings, *, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS) -> str:
    url = storage_url(settings, statement_timeout_ms=statement_timeout_ms)
    if url is None:
        raise ConfigurationError("Dagster's storage is embedded: no address of a server is set.")
    return url


def _given(settings: Settings) -> URL | None:
    name, url = "BABINGEPET_DAGSTER_DATABASE_URL", settings.dagster_database_url
    if url is None:
        name, url = "BABINGEPET_DATABASE_URL", settings.database_url
    if url is None:
        return None
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(f"{name} is not a database URL.") from error
    if parsed.get_backend_name() == "sqlite" and settings.dagster_database_url is None:
        return None
    if parsed.drivername not in {"postgres", "postgresql", "postgresql+psycopg2"}:
        raise ConfigurationError(f"{name} begins with {parsed.drivername}; it must be postgresql.")
    return parsed


def _as_tuple(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()


def _claim(connection: Connection, database: Database) -> None:
    """Put our mark into an empty schema."""
    present = sorted(inspect(connection).get_table_names())
    if MARK in present:
        return
    if present:
        raise ConfigurationError(
            f"{database.where} holds tables that Babingepet did not create: {', '.join(present)}. "
            "They were left alone. Name another schema in BABINGEPET_DATABASE_SCHEMA."
        )
    connection.exec_driver_sql(f"CREATE TABLE {MARK} (dagster_version text NOT NULL)")
    connection.exec_driver_sql(f"INSERT INTO {MARK} VALUES ('')")  # noqa: S608 (a constant)


def _migrate(settings: Settings, database: Database) -> StorageUpgrade:
    version = metadata.version("dagster")
    with database.writing() as connection:
        # Of two programs that start together the second waits here, and finds it done.
        connection.exec_driver_sql(f"SELECT * FROM {MARK} FOR UPDATE")  # noqa: S608 (a constant)
        before = _version(connection)
        if before != version:
            _run_migration(settings, database)
            connection.execute(
                text(f"UPDATE {MARK} SET dagster_version = :version"),  # noqa: S608 (a constant)
                {"version": version},
            )
    return StorageUpgrade(database.where, before, version)


def _version(connection: Connection) -> str | None:
    query = text(f"SELECT dagster_version FROM {MARK}")  # noqa: S608 (a constant)
    return connection.execute(query).scalar_one() or None


def _run_migration(settings: Settings, database: Database) -> None:
    """Let Dagster make or migrate its tables; it does so whenever it is told to, once is enough."""
    url = _server_url(settings, statement_timeout_ms=0)
    with tempfile.TemporaryDirectory(prefix="babingepet-dagster-") as home:
        (Path(home) / "dagster.yaml").write_text(instance_text(on_server=True))
        done = subprocess.run(
            [sys.executable, "-m", "dagster", "instance", "migrate"],
            env=os.environ | {"DAGSTER_HOME": home, VARIABLE: url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MIGRATION_PATIENCE_S,
            check=False,
        )
    if done.returncode:
        reason = next(reversed(done.stderr.strip().splitlines()), "no reason given")
        raise WarehouseUnavailable(f"Dagster could not migrate {database.where}: {reason}")
