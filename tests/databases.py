"""Databases for tests: SQLite in a file, or PostgreSQL on one server for all processes of a run.

``databases`` makes databases of the kind that this run is about: SQLite every day, PostgreSQL when
BABINGEPET_DATABASE_URL named a server. ``both`` runs a test on each. A database is a test's own and
goes with it; the one that the variable names is connected to and never written.

Belongs here: databases without facts. Not here: the server (`server_of_the_run.py`), and rows, which
belong into factories and builders.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest

from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.limits import ORDINARY, Limits
from babingepet_resources.warehouse.tables import metadata
from tests.pooler import pooler
from tests.server_of_the_run import (
    OF_THIS_RUN,
    VARIABLE,
    ServerOfTheRun,
    name_of,
    note_in,
    on_postgresql,
    order,
    upgrade,
)


class Databases(Protocol):
    """Makes databases of one kind; none is open when its address is returned."""

    name: str
    """``sqlite`` or ``postgresql``."""

    def empty(self, folder: Path, name: str = "warehouse") -> str:
        """The address of a database without any table."""

    def upgraded(self, folder: Path, name: str = "warehouse") -> str:
        """The address of a database with this version's tables."""

    def copy_of(self, url: str, folder: Path, name: str = "warehouse") -> str:
        """The address of a copy of a database that nobody has open."""

    def place(self, folder: Path) -> dict[str, object]:
        """Settings of a program with this data folder, whose facts are kept in this kind."""

    def copy_of_place(self, place: dict[str, object], folder: Path) -> dict[str, object]:
        """The same place again, with what was kept in it."""


@dataclass
class SqliteDatabases:
    """Files in the folder that is given."""

    template: Path
    name: str = "sqlite"

    def empty(self, folder: Path, name: str = "warehouse") -> str:
        return f"sqlite:///{folder / name}.sqlite"

    def upgraded(self, folder: Path, name: str = "warehouse") -> str:
        return self.copy_of(f"sqlite:///{self.template}", folder, name)

    def copy_of(self, url: str, folder: Path, name: str = "warehouse") -> str:
        shutil.copyfile(name_of(url), folder / f"{name}.sqlite")
        return self.empty(folder, name)

    def place(self, folder: Path) -> dict[str, object]:
        return {"data_dir": folder}  # the product makes the rest

    def copy_of_place(self, place: dict[str, object], folder: Path) -> dict[str, object]:
        shutil.copytree(str(place["data_dir"]), folder, dirs_exist_ok=True)
        return self.place(folder)


@dataclass
class PostgresDatabases:
    """Databases of random names on one server; folders only tell programs apart."""

    server: str
    template: str
    name: str = "postgresql"
    by_way_of: str | None = None
    """Address of a pooler to go through; None for straight to the server."""
    _made: set[str] = field(default_factory=set)

    def empty(self, folder: Path, name: str = "warehouse") -> str:
        return self._create("template0")

    def upgraded(self, folder: Path, name: str = "warehouse") -> str:
        return self._create(self.template)

    def copy_of(self, url: str, folder: Path, name: str = "warehouse") -> str:
        return self._create(name_of(url))

    def place(self, folder: Path) -> dict[str, object]:
        return {"data_dir": folder, "database_url": self.upgraded(folder)}

    def copy_of_place(self, place: dict[str, object], folder: Path) -> dict[str, object]:
        shutil.copytree(str(place["data_dir"]), folder, dirs_exist_ok=True)
        url = self.copy_of(str(place["database_url"]), folder)
        return {"data_dir": folder, "database_url": url}

    def drop(self) -> None:
        """Remove all that were made here."""
        while self._made:
            order(self.server, f"DROP DATABASE IF EXISTS {self._made.pop()} WITH (FORCE)")

    def _create(self, template: str) -> str:
        name = f"test_{uuid4().hex[:16]}"
        order(self.server, f"CREATE DATABASE {name} TEMPLATE {template}")
        self._made.add(name)
        return f"{self.by_way_of or self.server}/{name}"


def pytest_configure() -> None:
    """Take the variable out of the environment of every test, and of what they start."""
    if url := os.environ.pop(VARIABLE, None):
        os.environ[OF_THIS_RUN] = url


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the server that a run started, or remove the template from one that runs on."""
    # The process that started the others is the last to finish: nobody needs the server any more.
    note = note_in(session.config._tmp_path_factory.getbasetemp())
    if "PYTEST_XDIST_WORKER" not in os.environ and note.exists():
        ServerOfTheRun(**json.loads(note.read_text())).end()
        note.unlink()


@pytest.hookimpl(tryfirst=True)  # before the markers choose what runs
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that another kind of database could make fail, and those that need a server."""
    for item in items:
        taken = set(getattr(item, "fixturenames", ()))
        if taken & {"databases", "lasting_databases"}:
            item.add_marker(pytest.mark.database)
        if "_shared" in taken:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> ServerOfTheRun:
    root = tmp_path_factory.getbasetemp()
    return ServerOfTheRun.of(root.parent if "PYTEST_XDIST_WORKER" in os.environ else root)


@pytest.fixture(scope="session")
def postgres_server(_shared: ServerOfTheRun) -> str:
    """The server's address, to which ``/NAME`` is added; nobody stops this one."""
    return _shared.url


@pytest.fixture
def postgres_databases(_shared: ServerOfTheRun) -> Iterator[PostgresDatabases]:
    made = PostgresDatabases(_shared.url, _shared.template)
    yield made
    made.drop()


@pytest.fixture(scope="session")
def _pooler(_shared: ServerOfTheRun) -> Iterator[str]:
    with pooler(_shared.url, mode="transaction", max_client_conn="200") as url:
        yield url


@pytest.fixture
def pooled_databases(_shared: ServerOfTheRun, _pooler: str) -> Iterator[PostgresDatabases]:
    """As ``postgres_databases``, by way of a pooler in transaction mode."""
    made = PostgresDatabases(_shared.url, _shared.template, by_way_of=_pooler)
    yield made
    made.drop()


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    template = tmp_path_factory.mktemp("template") / "upgraded.sqlite"
    upgrade(f"sqlite:///{template}")
    return SqliteDatabases(template)


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> Databases:
    """The kind that this run is about; what is made of it goes with the test."""
    kind = "postgres_databases" if on_postgresql() else "sqlite_databases"
    return request.getfixturevalue(kind)


@pytest.fixture(scope="session")
def lasting_databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """The same for fixtures of the whole session."""
    if not on_postgresql():
        yield request.getfixturevalue("sqlite_databases")
        return
    shared = request.getfixturevalue("_shared")
    made = PostgresDatabases(shared.url, shared.template)
    yield made
    made.drop()


BOTH = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.slow),
    pytest.param("pooled", marks=pytest.mark.nightly),
]
"""The same rules on both databases; the fast set leaves the server out, and only the nightly one
goes by way of a pooler."""


@pytest.fixture(params=BOTH)
def both(request: pytest.FixtureRequest) -> Databases:
    """Each kind in turn, in every run."""
    kind = "postgres" if request.param == "postgresql" else request.param
    return request.getfixturevalue(f"{kind}_databases")


@pytest.fixture
def configured(databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of this test, and `load_settings`, find a database in their environment.

    In a run on SQLite they find none: a file in their data folder is what the product takes then.
    """
    if databases.name == "postgresql":
        monkeypatch.setenv(VARIABLE, databases.upgraded(tmp_path))


def tamper(database: Database, statement: str, *values: object) -> int:
    """Do to stored rows what the product never does, past its constraints; return how many."""
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        if database.is_sqlite:
            cursor.execute("PRAGMA foreign_keys = OFF")
        else:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f'SET search_path TO "{database.schema or "public"}"')
            statement = statement.replace("?", "%s")
        cursor.execute(statement, values)
        raw.commit()
        return cursor.rowcount
    finally:
        raw.invalidate()  # nobody else gets a connection that checks nothing


@contextmanager
def blocked(database: Database) -> Iterator[None]:
    """Another program holds what every writer needs; readers go on."""
    other = open_database(database.engine.url.render_as_string(hide_password=False))
    with closing(other), other.writing() as connection:
        if not other.is_sqlite:  # there the transaction is the lock
            connection.exec_driver_sql(f"LOCK TABLE {', '.join(metadata.tables)} IN EXCLUSIVE MODE")
        yield


@pytest.fixture
def empty_url(both: Databases, tmp_path: Path) -> str:
    """The address of a database without any table, on each kind in turn."""
    return both.empty(tmp_path)


@pytest.fixture
def url(both: Databases, tmp_path: Path) -> str:
    """The address of an upgraded database, on each kind in turn."""
    return both.upgraded(tmp_path)


@pytest.fixture
def warehouse_url(databases: Databases, tmp_path: Path) -> str:
    """The address of an upgraded database of the kind that this run is about."""
    return databases.upgraded(tmp_path)


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases, tmp_path: Path) -> str:
    """The address of a PostgreSQL database without any table."""
    return postgres_databases.empty(tmp_path)


@pytest.fixture
def connect(request: pytest.FixtureRequest) -> Callable[..., Database]:
    """Open databases that the test's end closes."""

    def opened(address: str, schema_name: str | None = None, limits: Limits = ORDINARY) -> Database:
        database = open_database(address, schema_name, limits=limits)
        request.addfinalizer(database.close)
        return database

    return opened


@pytest.fixture
def database(url: str, connect: Callable[..., Database]) -> Database:
    """An upgraded database, open, on each kind in turn."""
    return connect(url)
