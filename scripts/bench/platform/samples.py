"""What a running platform takes, looked at from outside: processes and storage.

Belongs here: reading numbers. Does not belong here: starting the platform, and what the numbers
should be.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import text

from babingepet_resources.warehouse.database import Database

MIB = 2**20
ROLES: Mapping[str, str] = {
    "worker": "multiprocessing.spawn",
    "code server": "dagster api grpc",
    "code proxy": "dagster code-server",
    "daemon": "dagster._daemon",
    "pages": "dagster_webserver",
    "exchange": "babingepet_resources.exchange",
    "supervisor": "babingepet_delivery.cli",
}
"""A part of the command line by which a process is known."""


@dataclass(frozen=True)
class Usage:
    """What the processes of one role take together.

    Attributes:
        processes: How many.
        rss_mib: Resident memory; what they share is counted in each.
        handles: Open files and sockets.
    """

    processes: int
    rss_mib: float
    handles: int


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Every process that works on a data folder, a worker that outlived its code server too."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("BABINGEPET_DATA_DIR") == str(data_dir):
                found.append(process)
    return found


def by_role(processes: Sequence[psutil.Process]) -> dict[str, list[psutil.Process]]:
    """Processes that run, by role."""
    found: dict[str, list[psutil.Process]] = {role: [] for role in ROLES}
    for process in processes:
        with suppress(psutil.Error):
            line = " ".join(process.cmdline())
            role = next((name for name, words in ROLES.items() if words in line), None)
            if role is not None and process.status() != psutil.STATUS_ZOMBIE:
                found[role].append(process)
    return found


def usage(processes: Sequence[psutil.Process]) -> Usage:
    """What processes take now; one that ends meanwhile counts nothing."""
    taken = []
    for process in processes:
        with suppress(psutil.Error):
            taken.append((process.memory_info().rss / MIB, process.num_fds()))
    return Usage(len(taken), round(sum(m for m, _ in taken), 1), sum(n for _, n in taken))


def table_bytes(database: Database) -> dict[str, int]:
    """Bytes of each table with its indexes: the warehouse's and, on a server, Dagster's."""
    query = (
        "SELECT m.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_master m ON m.name = d.name GROUP BY 1"
        if database.is_sqlite
        else "SELECT schemaname || '.' || relname, pg_total_relation_size(relid) FROM pg_stat_user_tables"
    )
    with database.reading() as connection:
        return {name: int(size) for name, size in connection.execute(text(query))}


def event_log_rows(database: Database, dagster_home: Path, dagster_schema: str) -> int:
    """Events in Dagster's log, of all runs."""
    if database.is_sqlite:
        return sum(_event_rows(dagster_home))
    with database.reading() as connection:
        query = text(f'SELECT count(*) FROM "{dagster_schema}".event_logs')  # noqa: S608 (our own)
        return int(connection.execute(query).scalar_one())


def _event_rows(dagster_home: Path) -> Iterator[int]:
    """Rows of each run's file; the index repeats some of them and is left out."""
    for file in dagster_home.glob("history/runs/*.db"):
        if file.stem == "index":
            continue
        with (
            suppress(sqlite3.OperationalError),  # it is being made
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as one,
        ):
            yield int(one.execute("SELECT count(*) FROM event_logs").fetchone()[0])
