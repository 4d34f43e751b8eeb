"""The same tests on both databases: SQLite in a file, and a real PostgreSQL server."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from babingepet_resources.warehouse import lease, schema
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.records import Lease
from scripts.devtools import postgres

_numbers = count()


def _create_database(server: str, template: str = "template0") -> str:
    name = f"t{next(_numbers)}"
    engine = create_engine(f"{server}/postgres".replace("postgresql", "postgresql+psycopg2"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    programs = postgres.programs()
    if programs is None:
        pytest.skip("no PostgreSQL server binaries (15 or later) on this machine")
    with postgres.server(programs, prefix="warehouse-pg-") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    name = _create_database(postgres_server)
    database = open_database(f"{postgres_server}/{name}")
    schema.upgrade(database)
    database.close()
    return name


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
"""The same rules on both databases; the fast set leaves the server out, which takes 40 s."""


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/warehouse.sqlite"
    server = request.getfixturevalue("postgres_server")
    return f"{server}/{_create_database(server)}"


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an upgraded database."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path}/warehouse.sqlite"
        database = open_database(address)
        schema.upgrade(database)
        database.close()
        return address
    server = request.getfixturevalue("postgres_server")
    return f"{server}/{_create_database(server, request.getfixturevalue('postgres_template'))}"


@pytest.fixture
def connect(request: pytest.FixtureRequest) -> Callable[..., Database]:
    """Open databases that the test's end closes."""

    def opened(address: str, schema_name: str | None = None, **options: int) -> Database:
        database = open_database(address, schema_name, **options)
        request.addfinalizer(database.close)
        return database

    return opened


@pytest.fixture
def database(url: str, connect: Callable[..., Database]) -> Database:
    return connect(url)


@pytest.fixture
def sqlite_database(tmp_path: Path, connect: Callable[..., Database]) -> Database:
    opened = connect(f"sqlite:///{tmp_path}/warehouse.sqlite")
    schema.upgrade(opened)
    return opened


@pytest.fixture
def held(database: Database) -> Lease:
    """A lease taken by ``run-1`` at time 0."""
    taken = lease.acquire(database, "btc", "run-1", now=0, stale_after_ms=90_000)
    assert taken is not None
    return taken


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of a PostgreSQL database without any table."""
    return f"{postgres_server}/{_create_database(postgres_server)}"
