"""One database, SQLite or PostgreSQL, behind three ways to use it.

What belongs here: transactions, their limits, and their repetition. What does not: what each
database must be told (``sqlite``, ``postgres``), SQL about our tables.

``reading()`` is one consistent snapshot that never blocks a writer; ``writing()`` is one
transaction that commits at the end of the block or leaves nothing behind; ``transact(work)`` is
``writing()`` for work that can be run again when the server lets another transaction go first.
Use ``transact`` wherever two programs may write the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from math import inf
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, exc, make_url
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random,
)

from babingepet.errors import ConfigurationError, WarehouseUnavailable
from babingepet_resources.warehouse import failures, postgres, sqlite
from babingepet_resources.warehouse.limits import ORDINARY, Limits
from babingepet_resources.warehouse.watchdog import Watchdog

Result = TypeVar("Result")

MOST_ATTEMPTS = 4
"""Of a transaction that has to give way: the first, and three more."""
_PAUSE = wait_random(0.01, 0.1)
"""Seconds before the next attempt: two that met once must not meet again."""


@dataclass(frozen=True)
class Database:
    """An open database.

    Attributes:
        engine: SQLAlchemy's engine; repositories use the methods instead.
        schema: PostgreSQL schema that holds the tables; None for the server's default.
        limits: Of each transaction.
        watchdog: Ends transactions that outlive their limit; None for SQLite, which needs none.
        deadline: Reading of the monotonic clock, s, that no transaction outlives either.
    """

    engine: Engine
    schema: str | None = None
    limits: Limits = ORDINARY
    watchdog: Watchdog | None = None
    deadline: float = inf

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @property
    def where(self) -> str:
        """The database's address, with the schema if any, without the password."""
        url = self.engine.url
        if self.is_sqlite:
            return str(url.database)
        place = f"{url.host or 'local socket'}:{url.port or 5432}/{url.database}"
        return place if self.schema is None else f"{place} (schema {self.schema})"

    def within(self, limits: Limits) -> Database:
        """The same database under other limits; SQLite keeps its own."""
        return replace(self, limits=limits)

    def sharing_a_limit(self) -> Database:
        """The same database, whose transactions from now on together get the time of one."""
        return replace(self, deadline=monotonic() + self.limits.transaction)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent snapshot.

        Raises:
            WarehouseUnavailable: Unreachable, too slow, locked, or without our tables.
        """
        with self._transaction({"writes": False}) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of the block's statements, or none.

        Raises:
            WarehouseUnavailable: Locked, full, read-only, too slow or unreachable; nothing was
                written.
            OutcomeUnknown: The connection broke while it was told to commit: it may have.
            IntegrityBroken: A row contradicts a constraint; nothing was written.
        """
        with self._transaction({"writes": True}) as connection:
            yield connection

    def transact(self, work: Callable[[Connection], Result]) -> Result:
        """Run work in one transaction; again, when it has to give way to another's.

        Args:
            work: All statements of the transaction. Whatever else it does, it may do several times.

        Raises:
            WarehouseUnavailable: As ``writing``; also when it gave way again and again.
        """
        if self.is_sqlite:  # writers wait for its one lock before they begin, and never give way
            with self.writing() as connection:
                return work(connection)
        shared = self.sharing_a_limit() if self.deadline == inf else self

        def once() -> Result:
            with shared.writing() as connection:
                return work(connection)

        retrying = Retrying(
            retry=retry_if_exception_type(failures.GaveWay),
            stop=stop_after_attempt(MOST_ATTEMPTS),
            wait=_PAUSE,
        )
        try:
            return retrying(once)
        except RetryError as error:
            last = error.last_attempt
            raise WarehouseUnavailable(
                f"{last.exception()} It was tried {last.attempt_number} times."
            ) from last.exception()

    def close(self) -> None:
        """Close every connection; the object may be used again."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self, options: Mapping[str, Any]) -> Iterator[Connection]:
        driver = self.engine.dialect.loaded_dbapi
        attempt = failures.Attempt(self.limits)
        try:
            with ExitStack() as stack:
                if self.watchdog is None:
                    pooled = stack.enter_context(self.engine.connect())
                    connection = _begin(stack, pooled, options)
                else:
                    connection = self._begin_in_time(stack, self.watchdog, options, attempt)
                yield connection
                attempt.is_committing = True
        except (exc.DBAPIError, exc.TimeoutError, driver.Error) as error:
            ours = failures.translate(error, self.where, attempt)
            if ours is None:
                raise
            raise ours from error

    def _begin_in_time(
        self,
        stack: ExitStack,
        watchdog: Watchdog,
        options: Mapping[str, Any],
        attempt: failures.Attempt,
    ) -> Connection:
        """Begin on a connection of the pool; when its server end is gone, on a new one.

        The first statement of a transaction tells whether a connection still lives: asking before
        would cost a round trip more, and prove nothing about the next.
        """
        deadline = min(self.deadline, monotonic() + self.limits.transaction)
        options = {**options, "limits": self.limits}
        try:
            with ExitStack() as first:
                connection = self._begin_watched(first, watchdog, options, attempt, deadline)
                stack.enter_context(first.pop_all())
                return connection
        except exc.DBAPIError as error:
            has_time = monotonic() + self.limits.connect <= deadline
            if not (error.connection_invalidated and has_time):
                raise
        return self._begin_watched(stack, watchdog, options, attempt, deadline)

    def _begin_watched(
        self,
        stack: ExitStack,
        watchdog: Watchdog,
        options: Mapping[str, Any],
        attempt: failures.Attempt,
        deadline: float,
    ) -> Connection:
        left = deadline - monotonic()
        if left <= 0:
            raise WarehouseUnavailable(
                f"The database {self.where} used up the {self.limits.transaction:g} s that it had."
            )
        with postgres.connecting_within(min(left, self.limits.connect)):
            pooled = stack.enter_context(self.engine.connect())
        answer_by = min(deadline, monotonic() + self.limits.connect)
        socket = pooled.connection.dbapi_connection.fileno()  # type: ignore[union-attr]
        attempt.watched = stack.enter_context(watchdog.watching(socket, answer_by))
        connection = _begin(stack, pooled, options)
        attempt.has_begun = True
        watchdog.move(attempt.watched, deadline)
        return connection


def _begin(stack: ExitStack, pooled: Connection, options: Mapping[str, Any]) -> Connection:
    connection = pooled.execution_options(**options)
    stack.enter_context(connection.begin())
    return connection


def open_database(url: str, schema: str | None = None, *, limits: Limits = ORDINARY) -> Database:
    """Make a database ready for use; no connection is made before the first transaction.

    Args:
        url: ``sqlite:///path/to/file`` or ``postgresql://user:password@host/name``.
        schema: PostgreSQL schema for the tables; None for the server's default.
        limits: Of each transaction, unless it is used ``within`` others.

    Raises:
        ConfigurationError: The URL cannot be read or names another kind of database.
        WarehouseUnavailable: The folder of a SQLite file cannot be made.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() != "sqlite":
        engine = postgres.make_engine(parsed, schema)
        return Database(engine, schema, limits, Watchdog())
    if schema is not None:
        raise ConfigurationError(
            "A SQLite file has no schemas: unset BABINGEPET_DATABASE_SCHEMA, or name another "
            "file in BABINGEPET_DATABASE_URL."
        )
    return Database(sqlite.make_engine(parsed, limits), limits=limits)


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
