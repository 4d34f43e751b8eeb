"""A PostgreSQL server of one's own for the length of a block, for tests and benchmarks.

Belongs here: starting the installed server on a free port of this machine, and stopping it. Does
not belong here: databases and tables.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OLDEST = 15
"""The first version that can be given a language's collation."""


def programs() -> Path | None:
    """Folder of the newest installed server's programs; None without one."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    found = [path for path in found if int(path.parent.name) >= OLDEST]
    return max(found, key=lambda path: int(path.parent.name), default=None)


@contextmanager
def server(folder_of_programs: Path, *, prefix: str = "postgres-") -> Iterator[str]:
    """Run a server; its data are gone when the block ends.

    Yields:
        Its address, to which ``/NAME`` of a database is added.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    port = _free_port()
    # The collation of a language, so that text compared without our own would sort wrongly.
    collation = ["--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"]
    data = str(folder / "data")
    initdb = str(folder_of_programs / "initdb")
    _run(initdb, "-D", data, "-A", "trust", "-U", "postgres", "-N", *collation)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = str(folder_of_programs / "pg_ctl")
    _run(control, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        _run(control, "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    as_server_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*as_server_user, *command], check=True, cwd="/", stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
