"""SQLite files that several processes read while one writes, and SQLite's errors as ours.

What belongs here: what SQLite must be told so that its users keep their promises, and what its
errors mean, once for all files. What does not: transactions, tables, and which file is meant
(``warehouse``, ``hippocampus``).
"""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from babingepet.errors import (
    BabingepetError,
    ConfigurationError,
    IntegrityBroken,
    Unavailable,
)

_REASONS: dict[str, str] = {
    "SQLITE_BUSY": "is locked by another writer",
    "SQLITE_LOCKED": "is locked by another writer",
    "SQLITE_FULL": "has no space left on its disk",
    "SQLITE_READONLY": "is read-only",
    "SQLITE_CANTOPEN": "cannot be opened: the folder is missing or not writable",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error or is full",
    "SQLITE_PROTOCOL": "is locked by another writer",
}
"""By primary result code; extended codes such as SQLITE_READONLY_DIRECTORY begin with it."""


def make_engine(url: URL, patience: float) -> Engine:
    """An engine over a file; no connection is made yet.

    Args:
        url: Of the file. Its folder is made, unless it is a URI (``file:...``).
        patience: Seconds to wait for another writer.

    Raises:
        OSError: The folder cannot be made.
    """
    path = str(url.database)
    if not path.startswith("file:"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": patience})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions on its own, and only before some statements: a SELECT
        # followed by an UPDATE would then run outside of one. We say BEGIN ourselves, below.
        connection.isolation_level = None
        _use_wal(connection, patience)
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


def translate(
    cause: sqlite3.Error, where: str, unavailable: type[Unavailable]
) -> BabingepetError | None:
    """Our error for SQLite's.

    Args:
        cause: What the driver raised.
        where: The file as the sentence begins, ``The database /path``.
        unavailable: What is raised when trying again may help.

    Returns:
        The error to raise instead, its text one sentence; None when the error is a mistake in our
        own SQL, which no operator can mend and no retry will.
    """
    name = getattr(cause, "sqlite_errorname", "") or ""
    text = first_line(cause)
    if name.startswith("SQLITE_CONSTRAINT"):
        return IntegrityBroken(f"{where} refuses a row: {text}")
    if name.startswith("SQLITE_NOTADB"):
        return ConfigurationError(f"{where} is not a SQLite database: name another file.")
    if name.startswith("SQLITE_CORRUPT"):
        return IntegrityBroken(f"{where} is damaged ({text}): restore a backup.")
    reason = next((said for code, said in _REASONS.items() if name.startswith(code)), None)
    return None if reason is None else unavailable(f"{where} {reason} ({text}).")


def from_os(error: OSError, where: str, unavailable: type[Unavailable]) -> Unavailable:
    """Our error for a file or folder that cannot be made; arguments as of ``translate``."""
    reason = "has no space left on its disk" if error.errno == errno.ENOSPC else "cannot be opened"
    return unavailable(f"{where} {reason} ({error.strerror}).")


def first_line(error: BaseException) -> str:
    """What an error of a library says first."""
    return next(iter(str(error).strip().splitlines()), "no reason given")


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
