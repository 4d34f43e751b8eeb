"""The whole platform as its user starts it: real processes over one warehouse, of either database.

Belongs here: starting and ending it, finding its processes, reading what it wrote. Does not belong
here: what is done to it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import psutil
import psycopg2
import pytest

from babingepet_delivery.supervision.home import free_port
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import DecisionRecord
from babingepet_services.market.source import open_existing
from scripts.devtools import postgres

PRODUCT = Path(__file__).resolve().parents[2]
PASSWORD = "Zx9-never-shown"
"""Of the one user who may read the platform's database."""
EVER = 2**60

T = TypeVar("T")


@dataclass
class Platform:
    """A running `babingepet run` and the warehouse it writes.

    Attributes:
        process: The supervisor.
        settings: What it was started with.
        port: Of Dagster's pages.
        log: What it says to people.
    """

    process: subprocess.Popen[bytes]
    settings: Settings
    port: int
    log: Path

    @contextmanager
    def warehouse(self) -> Iterator[Database | None]:
        """What it writes; None as long as there is nothing."""
        database = open_existing(self.settings, self.settings.source)
        try:
            yield database
        finally:
            if database is not None:
                database.close()

    def decisions(self, after_fence: int = 0) -> list[DecisionRecord]:
        """The decisions of later fences, in order."""
        with self.warehouse() as database:
            if database is None:
                return []
            with database.reading() as connection:
                made = history.decisions(connection, "paper", "BTCUSDT", 0, EVER)
        return [one for one in made if one.fence > after_fence]

    def below(self) -> list[psutil.Process]:
        """Every process that it started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def find(self, *words: str) -> list[psutil.Process]:
        """The processes below the supervisor whose command line has these words."""
        return [p for p in self.below() if all(word in _command_line(p) for word in words)]

    def worker(self) -> psutil.Process:
        """The process that decides."""
        (worker,) = self.find("spawn_main")
        return worker

    def code_servers(self) -> list[psutil.Process]:
        """What loads the graph: the proxy, and the server below it."""
        return [*self.find("dagster code-server"), *self.find("dagster api grpc")]


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it ended since it was listed
        return ""


@contextmanager
def running(
    settings: Settings, folder: Path, *options: str, variables: Mapping[str, str] | None = None
) -> Iterator[Platform]:
    """Run the platform for the length of a block; it must end well when it is told to."""
    port, log = free_port(), folder / "run.log"
    given = {
        "DATA_DIR": settings.data_dir,
        "MARKET": settings.market,
        "DATABASE_URL": settings.database_url,
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BABINGEPET_")}
    environment |= {f"BABINGEPET_{name}": str(value) for name, value in given.items() if value}
    environment |= variables or {}
    command = [
        sys.executable,
        "-m",
        "babingepet_delivery.cli",
        "run",
        "--port",
        str(port),
        *options,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=PRODUCT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield Platform(process, settings, port, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)
    assert process.returncode == 0


@contextmanager
def guarded_server(password: str = PASSWORD) -> Iterator[tuple[postgres.Server, str]]:
    """A server of one's own that asks for a password; yields it and the address of a database."""
    programs = postgres.programs()
    if programs is None:
        pytest.skip("no PostgreSQL server binaries (15 or later) on this machine")
    server = postgres.start(programs, prefix="platform-pg-")
    try:
        with closing(psycopg2.connect(f"{server.url}/postgres")) as connection:
            connection.autocommit = True
            orders = connection.cursor()
            orders.execute(f"CREATE ROLE trader LOGIN PASSWORD '{password}'")
            orders.execute("CREATE DATABASE platform OWNER trader")
            rules = (
                "host all postgres 127.0.0.1/32 trust",
                "host all all 127.0.0.1/32 scram-sha-256",
            )
            (Path(server.folder) / "data" / "pg_hba.conf").write_text("\n".join(rules) + "\n")
            orders.execute("SELECT pg_reload_conf()")
        yield (
            server,
            server.url.replace("postgres@", f"trader:{quote(password, safe='')}@") + "/platform",
        )
    finally:
        server.stop()


def wait_until(holds: Callable[[], T], seconds: float) -> T:
    """What a question answers once it answers with something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"not within {seconds:.0f} s")


def kill(victims: Sequence[psutil.Process]) -> None:
    """End processes as a crash would, and wait until they are gone."""
    for victim in victims:
        victim.kill()
    wait_until(lambda: not any(map(is_running, victims)), 10)


def is_running(process: psutil.Process) -> bool:
    """Whether a process still does something."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
