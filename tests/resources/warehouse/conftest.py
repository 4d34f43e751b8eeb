"""What the tests of the warehouse begin with; the databases are in `tests/databases.py`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from babingepet_resources.warehouse import lease
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import Lease
from tests.databases import SqliteDatabases


@pytest.fixture
def sqlite_database(
    sqlite_databases: SqliteDatabases, tmp_path: Path, connect: Callable[..., Database]
) -> Database:
    """An upgraded SQLite database, open."""
    return connect(sqlite_databases.upgraded(tmp_path))


@pytest.fixture
def held(database: Database) -> Lease:
    """A lease taken by ``run-1`` at time 0."""
    taken = lease.acquire(database, "btc", "run-1", now=0, stale_after_ms=90_000)
    assert taken is not None
    return taken
