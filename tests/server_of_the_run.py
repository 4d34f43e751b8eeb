"""The PostgreSQL server of a test run: one for all of its processes, or the one that the user named.

The first process that needs it starts it; the process that started the others stops it, and where
that one is killed, a guard does. Belongs here: the server, and orders to it. Does not belong here:
which database a test gets (`databases.py`).
"""

import fcntl
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import open_database
from scripts.devtools import postgres, project

VARIABLE = "BABINGEPET_DATABASE_URL"
OF_THIS_RUN = "TEST_DATABASE_URL"
"""Where the variable's value is kept, so that no test finds the user's own database."""

MAINTENANCE = "postgres"
"""The database that every server has, to give orders from."""


def on_postgresql() -> bool:
    """Whether this run is about PostgreSQL."""
    return os.environ.get(OF_THIS_RUN, "").startswith("postgres")


@dataclass(frozen=True)
class ServerOfTheRun:
    """The server of a run; ``own`` is what to stop, None for one that somebody else runs."""

    url: str
    template: str
    own: dict[str, str] | None

    @classmethod
    def of(cls, root: Path) -> "ServerOfTheRun":
        """The first process that asks starts the server; the others read its note."""
        note = note_in(root)
        with note.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not note.exists():
                note.write_text(json.dumps(asdict(cls._begin())))
        return cls(**json.loads(note.read_text()))

    @classmethod
    def _begin(cls) -> "ServerOfTheRun":
        template = f"test_template_{uuid4().hex[:8]}"
        if on_postgresql():
            shared = cls(_server_of(os.environ[OF_THIS_RUN]), template, None)
        else:
            programs = postgres.programs()
            if programs is None:
                pytest.skip("no PostgreSQL server binaries (15 or later) on this machine")
            started = postgres.start(programs, prefix="warehouse-pg-")
            _stop_after(_first_process(), started)
            shared = cls(started.url, template, asdict(started))
        try:
            order(shared.url, f"CREATE DATABASE {template} TEMPLATE template0")
            upgrade(f"{shared.url}/{template}")
        except BaseException:
            shared.end()
            raise
        return shared

    def end(self) -> None:
        if self.own is not None:
            postgres.Server(**self.own).stop()
        else:
            order(self.url, f"DROP DATABASE IF EXISTS {self.template}")


GUARD = """
import json, os, sys, time
from pathlib import Path
from scripts.devtools.postgres import Server

server = Server(**json.loads(sys.argv[2]))
while Path(server.folder).exists():
    try:
        os.kill(int(sys.argv[1]), 0)
    except ProcessLookupError:
        server.stop()
    time.sleep(1)
"""


def _stop_after(process: int, server: postgres.Server) -> None:
    """Stop a server although its run was killed, and could not do it itself."""
    guard = [sys.executable, "-c", GUARD, str(process), json.dumps(asdict(server))]
    apart = ["sh", "-c", '"$@" < /dev/null > /dev/null 2>&1 &', "sh"]  # nobody waits for it
    subprocess.run([*apart, *guard], cwd=project.ROOT, start_new_session=True, check=True)


def _first_process() -> int:
    """The process that started this run's others, or this one."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def note_in(root: Path) -> Path:
    return root / "postgresql.json"


def _server_of(url: str) -> str:
    named = make_url(url)._replace(database=None, query={})
    return named.render_as_string(hide_password=False)


def name_of(url: str) -> str:
    return str(make_url(url).database)


def upgrade(url: str) -> None:
    database = open_database(url)
    schema.upgrade(database)
    database.close()


def order(server: str, statement: str) -> None:
    url = make_url(f"{server}/{MAINTENANCE}").set(drivername="postgresql+psycopg2")
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
