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
from dataclasses import dataclass
from pathlib import Path

OLDEST = 15
"""The first version that can be given a language's collation."""


def programs() -> Path | None:
    """Folder of the newest installed server's programs; None without one."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    found = [path for path in found if int(path.parent.name) >= OLDEST]
    return max(found, key=lambda path: int(path.parent.name), default=None)


@dataclass(frozen=True)
class Server:
    """A server that runs until ``stop`` is called, by whichever process has its folder.

    Attributes:
        url: Its address, to which ``/NAME`` of a database is added.
        folder: Its data, socket and log.
        programs: Folder of its programs.
    """

    url: str
    folder: str
    programs: str

    def stop(self) -> None:
        """End the server at once and remove its data."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def halt(self) -> None:
        """End the server as a crash would; its data stay, for ``resume``."""
        self._control("-m", "immediate", "stop")

    def resume(self) -> None:
        """Start it again with the options it had, or restart it when it runs."""
        self._control("-l", f"{self.folder}/log", "restart")

    def _control(self, *order: str) -> None:
        _run(str(Path(self.programs) / "pg_ctl"), "-D", f"{self.folder}/data", "-w", *order)


def start(
    folder_of_programs: Path,
    *,
    prefix: str = "postgres-",
    durable: bool = False,
    within: str = "/tmp",  # noqa: S108 (a folder of a random name in it)
) -> Server:
    """Start a server on a free port; whoever calls this stops it.

    Args:
        folder_of_programs: As ``programs`` finds it.
        prefix: Of the name of its folder.
        durable: Whether a commit waits for the disk, as it does on a server that keeps anything.
        within: Where its folder is made: not in a private one, since the server runs as a user of
            its own when we are root.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=within))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    port = _free_port()
    # The collation of a language, so that text compared without our own would sort wrongly.
    collation = ["--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"]
    data = str(folder / "data")
    initdb = str(folder_of_programs / "initdb")
    _run(initdb, "-D", data, "-A", "trust", "-U", "postgres", "-N", *collation)
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    if not durable:
        options += " -c fsync=off"
    control = str(folder_of_programs / "pg_ctl")
    _run(control, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    url = f"postgresql://postgres@127.0.0.1:{port}"
    return Server(url, str(folder), str(folder_of_programs))


@contextmanager
def server(
    folder_of_programs: Path, *, prefix: str = "postgres-", durable: bool = False
) -> Iterator[str]:
    """Run a server; its data are gone when the block ends.

    Yields:
        Its address, to which ``/NAME`` of a database is added.
    """
    started = start(folder_of_programs, prefix=prefix, durable=durable)
    try:
        yield started.url
    finally:
        started.stop()


def _run(*command: str) -> None:
    as_server_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*as_server_user, *command], check=True, cwd="/", stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
