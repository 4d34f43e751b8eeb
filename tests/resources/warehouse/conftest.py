"""The same tests on both databases: SQLite in a file, and a real PostgreSQL server."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from babingepet_resources.warehouse import lease, schema
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.records import Lease

_numbers = count()


def _postgres_binaries() -> Path | None:
    """The newest installed server that can be given a language's collation (15 or later)."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    found = [path for path in found if int(path.parent.name) >= 15]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def _as_server_user() -> list[str]:
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _server(binaries: Path) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="warehouse-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    port = _free_port()

    def run(*command: str) -> None:
        subprocess.run(
            [*_as_server_user(), *command], check=True, cwd="/", stdout=subprocess.DEVNULL
        )

    # The collation of a language, so that text compared without our own would sort wrongly.
    collation = ["--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"]
    data = str(folder / "data")
    run(str(binaries / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-N", *collation)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = str(binaries / "pg_ctl")
    run(control, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        run(control, "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _create_database(server: str, template: str = "template0") -> str:
    name = f"t{next(_numbers)}"
    engine = create_engine(f"{server}/postgres".replace("postgresql", "postgresql+psycopg2"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server binaries (15 or later) on this machine")
    with _server(binaries) as url:
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
