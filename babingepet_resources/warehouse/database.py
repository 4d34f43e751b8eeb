"""One database, SQLite or PostgreSQL, behind two context managers.

What belongs here: connections, transactions, and what each database must be told so that both
behave alike. What does not: SQL about our tables.

``reading()`` is one consistent snapshot that never blocks a writer; ``writing()`` is one
transaction that commits at the end of the block or leaves nothing behind.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from babingepet.errors import ConfigurationError
from babingepet_resources.warehouse import failures

LOCK_TIMEOUT_MS = 5_000
"""How long a writer waits for another before it gives up: a cycle has a minute."""

STATEMENT_TIMEOUT_MS = 30_000
"""Ends a statement whose server has stopped working; the longest of ours takes seconds."""

CONNECT_TIMEOUT_S = 5

_SCHEMA_NAME = re.compile("[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Database:
    """An open database.

    Attributes:
        engine: SQLAlchemy's engine; repositories use the two context managers instead.
        schema: PostgreSQL schema that holds the tables; None for the server's default.
    """

    engine: Engine
    schema: str | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @property
    def where(self) -> str:
        """The database's address without its password."""
        url = self.engine.url
        if self.is_sqlite:
            return str(url.database)
        return f"{url.host or 'local socket'}:{url.port or 5432}/{url.database}"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent snapshot.

        Raises:
            WarehouseUnavailable: Unreachable, locked, or without our tables.
        """
        options: dict[str, Any] = {"writes": False}
        if not self.is_sqlite:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._transaction(options) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of the block's statements, or none.

        Raises:
            WarehouseUnavailable: Locked, full, read-only or unreachable; nothing was written.
            IntegrityBroken: A row contradicts a constraint; nothing was written.
        """
        with self._transaction({"writes": True}) as connection:
            yield connection

    def close(self) -> None:
        """Close every connection; the object may be used again."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self, options: Mapping[str, Any]) -> Iterator[Connection]:
        driver = self.engine.dialect.loaded_dbapi
        try:
            with self.engine.connect() as pooled:
                connection = pooled.execution_options(**options)
                with connection.begin():
                    yield connection
        except (exc.DBAPIError, exc.TimeoutError, driver.Error) as error:
            ours = failures.translate(error, self.where)
            if ours is None:
                raise
            raise ours from error


def open_database(
    url: str, schema: str | None = None, *, lock_timeout_ms: int = LOCK_TIMEOUT_MS
) -> Database:
    """Make a database ready for use; no connection is made before the first transaction.

    Args:
        url: ``sqlite:///path/to/file`` or ``postgresql://user:password@host/name``.
        schema: PostgreSQL schema for the tables; None for the server's default.
        lock_timeout_ms: How long a transaction waits for another's lock.

    Raises:
        ConfigurationError: The URL cannot be read or names another kind of database.
        WarehouseUnavailable: The folder of a SQLite file cannot be made.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        if schema is not None:
            raise ConfigurationError(
                "A SQLite file has no schemas: unset BABINGEPET_DATABASE_SCHEMA, or name another "
                "file in BABINGEPET_DATABASE_URL."
            )
        return _open_sqlite(parsed, lock_timeout_ms)
    return _open_postgres(parsed, schema, lock_timeout_ms)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError) as error:
        raise ConfigurationError("BABINGEPET_DATABASE_URL is not a database URL.") from error
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg2")
    if parsed.drivername in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg2"}:
        return parsed
    raise ConfigurationError(
        f"BABINGEPET_DATABASE_URL begins with {parsed.drivername}; it must be sqlite or postgresql."
    )


def _open_sqlite(url: URL, lock_timeout_ms: int) -> Database:
    if url.database in {None, "", ":memory:"}:
        raise ConfigurationError("BABINGEPET_DATABASE_URL must name a file: sqlite:///path/to/file")
    path = str(url.database)
    try:
        if not path.startswith("file:"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise failures.from_os(error, path) from error
    engine = create_engine(url, connect_args={"timeout": lock_timeout_ms / 1000})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions on its own, and only before some statements: a SELECT
        # followed by an UPDATE would then run outside of one. We say BEGIN ourselves, below.
        connection.isolation_level = None
        _use_wal(connection, lock_timeout_ms)
        connection.execute("PRAGMA foreign_keys = ON")
        # With WAL, NORMAL survives a crash of the program; a power cut may lose the last cycles,
        # never half of one. FULL costs an fsync a minute more and was 1.8 times slower a commit.
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # IMMEDIATE takes the write lock first. A deferred transaction that reads and then writes
        # fails at once, without waiting, when another one has written in between.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Database(engine)


def _use_wal(connection: sqlite3.Connection, lock_timeout_ms: int) -> None:
    """Switch a new file to write-ahead logging; a file stays in the mode it was given once."""
    # Two programs that open a new file together: SQLite tells the second one at once that the
    # database is locked, without the wait it grants to every other statement.
    attempts = Retrying(
        retry=retry_if_exception(_is_busy),
        wait=wait_random(0.005, 0.05),
        stop=stop_after_delay(lock_timeout_ms / 1000),
        reraise=True,
    )
    for attempt in attempts:
        with attempt:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")


def _is_busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return bool(code == sqlite3.SQLITE_BUSY)


def _open_postgres(url: URL, schema: str | None, lock_timeout_ms: int) -> Database:
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=CONNECT_TIMEOUT_S,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": STATEMENT_TIMEOUT_MS,
            "application_name": "babingepet",
        },
    )
    if schema is not None and not _SCHEMA_NAME.fullmatch(schema):
        raise ConfigurationError(
            f"BABINGEPET_DATABASE_SCHEMA is {schema!r}: use lower-case letters, digits and _ only."
        )
    # SET LOCAL in each transaction rather than once per connection: a pooler in transaction mode
    # (Supabase's default) hands the next transaction to another server connection.
    settings = [
        f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}",
        f"SET LOCAL lock_timeout = {lock_timeout_ms}",
    ]
    if schema is not None:
        settings.append(f'SET LOCAL search_path TO "{schema}"')
    statement = "; ".join(settings)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return Database(engine, schema)
