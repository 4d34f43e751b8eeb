"""A PostgreSQL server: connecting within a limit, and what each transaction must be told.

What belongs here: what PostgreSQL and its driver must be told so that they behave as ``database``
promises. What does not: transactions, SQL about our tables.

Everything is said in each transaction (SET LOCAL) rather than once a connection, and nothing is
prepared on the server: a pooler in transaction mode (Supabase's default) hands the next transaction
to another server connection.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from math import ceil
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from babingepet.errors import ConfigurationError
from babingepet_resources.warehouse.limits import Limits

KEPT_CONNECTIONS, MOST_CONNECTIONS = 2, 5
"""Of one database in one process; a hosted server grants a few dozen to everybody together."""

POOL_PATIENCE = 2.0
"""Seconds to wait for one of them while all are in use."""

UNHEARD = 30.0
"""Seconds after which a machine that confirms nothing it is sent counts as gone, idle or not."""

_patience = ContextVar("seconds to connect", default=5.0)

_SCHEMA_NAME = re.compile("[a-z_][a-z0-9_]{0,62}")


def make_engine(url: URL, schema: str | None) -> Engine:
    """An engine over a server; no connection is made yet.

    Args:
        url: Of the database.
        schema: Of the tables; None for the server's default.

    Raises:
        ConfigurationError: The schema's name would need quoting.
    """
    if schema is not None and not _SCHEMA_NAME.fullmatch(schema):
        raise ConfigurationError(
            f"BABINGEPET_DATABASE_SCHEMA is {schema!r}: use lower-case letters, digits and _ only."
        )
    engine = create_engine(
        url,
        pool_size=KEPT_CONNECTIONS,
        max_overflow=MOST_CONNECTIONS - KEPT_CONNECTIONS,
        pool_timeout=POOL_PATIENCE,
        connect_args={
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": _ms(UNHEARD),
            "application_name": "babingepet",
        },
    )

    @event.listens_for(engine, "do_connect")
    def connect(
        dialect: Dialect, _entry: ConnectionPoolEntry, given: list[Any], named: dict[str, Any]
    ) -> DBAPIConnection:
        patience = _patience.get()
        named["connect_timeout"] = ceil(patience) + 1  # for a thread that is left behind
        try:
            return _connect_within(patience, lambda: dialect.connect(*given, **named))
        except TimeoutError as error:
            raise dialect.loaded_dbapi.OperationalError(str(error)) from None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        given = connection.get_execution_options()
        connection.exec_driver_sql(_settings(given["limits"], schema, writes=given["writes"]))

    return engine


@contextmanager
def connecting_within(seconds: float) -> Iterator[None]:
    """Give a connection that the pool makes inside of the block only so long."""
    before = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(before)


@lru_cache(maxsize=32)
def _settings(limits: Limits, schema: str | None, *, writes: bool) -> str:
    settings = [
        # Said for a snapshot only. The driver, asked for one once, says READ WRITE from then on,
        # and so writes to a database that was set to read-only, as hosts do when its disk is full.
        *([] if writes else ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"]),
        f"SET LOCAL statement_timeout = {_ms(limits.statement)}",
        f"SET LOCAL lock_timeout = {_ms(limits.lock)}",
        # The server may never hear that we are gone: without this, the locks of a transaction whose
        # client was cut off behind a proxy, that of the lease among them, last for two hours.
        f"SET LOCAL idle_in_transaction_session_timeout = {_ms(limits.transaction)}",
    ]
    if schema is not None:
        settings.append(f'SET LOCAL search_path TO "{schema}"')
    return "; ".join(settings)


def _connect_within(seconds: float, connect: Callable[[], DBAPIConnection]) -> DBAPIConnection:
    """Connect, or give up in time.

    The library's own limit holds for each address of a name anew, and not for the look-up of the
    name; a thread that is left behind ends when the library gives up, and closes what it got.
    """
    connected: Future[DBAPIConnection] = Future()

    def attempt() -> None:
        try:
            connected.set_result(connect())
        except BaseException as error:  # noqa: BLE001 (raised again by whoever waits)
            connected.set_exception(error)

    threading.Thread(target=attempt, name="database-connect", daemon=True).start()
    try:
        return connected.result(seconds)
    except TimeoutError:
        connected.add_done_callback(_close)
        raise TimeoutError(f"no connection within {seconds:g} s") from None


def _close(connected: Future[DBAPIConnection]) -> None:
    if connected.exception() is None:
        connected.result().close()


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
