"""The embedded database: a SQLite file that several processes read while one writes.

What belongs here: what SQLite must be told so that it behaves as ``database`` promises. What does
not: transactions, SQL about our tables.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from babingepet.errors import ConfigurationError
from babingepet_resources.warehouse import failures
from babingepet_resources.warehouse.limits import Limits


def make_engine(url: URL, limits: Limits) -> Engine:
    """An engine over a file; no connection is made yet.

    Raises:
        ConfigurationError: The address names no file.
        WarehouseUnavailable: The folder of the file cannot be made.
    """
    if url.database in {None, "", ":memory:"}:
        raise ConfigurationError("BABINGEPET_DATABASE_URL must name a file: sqlite:///path/to/file")
    path = str(url.database)
    try:
        if not path.startswith("file:"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise failures.from_os(error, path) from error
    engine = create_engine(url, connect_args={"timeout": limits.lock})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions on its own, and only before some statements: a SELECT
        # followed by an UPDATE would then run outside of one. We say BEGIN ourselves, below.
        connection.isolation_level = None
        _use_wal(connection, limits.lock)
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

    return engine


def _use_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Switch a new file to write-ahead logging; a file stays in the mode it was given once."""
    # Two programs that open a new file together: SQLite tells the second one at once that the
    # database is locked, without the wait it grants to every other statement.
    attempts = Retrying(
        retry=retry_if_exception(_is_busy),
        wait=wait_random(0.005, 0.05),
        stop=stop_after_delay(patience),
        reraise=True,
    )
    for attempt in attempts:
        with attempt:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")


def _is_busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return bool(code == sqlite3.SQLITE_BUSY)
