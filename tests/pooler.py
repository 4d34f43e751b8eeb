"""A pooler as Supabase and others put in front of PostgreSQL: PgBouncer, on a port of its own.

Belongs here: starting and stopping it. Does not belong here: the server behind it.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url

from babingepet_delivery.supervision.home import free_port, is_served

PROGRAM = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")


@contextmanager
def pooler(server: str, *, mode: str, port: int | None = None, **settings: str) -> Iterator[str]:
    """Run a pooler for the length of a block.

    Args:
        server: Address of the server, without a database.
        mode: session or transaction.
        port: Where it listens; a free one if None.
        settings: More lines of its configuration.

    Yields:
        Its address, to which ``/NAME`` is added; it asks for no password.
    """
    if PROGRAM is None:
        pytest.skip("no pgbouncer on this machine")
    behind, port = make_url(server), port or free_port()
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))
    lines = {
        "listen_addr": "127.0.0.1", "listen_port": str(port), "unix_socket_dir": "",
        "auth_type": "any", "pool_mode": mode, "logfile": str(folder / "log"),
    }  # fmt: skip
    known = f"* = host={behind.host} port={behind.port} user={behind.username}"
    body = "\n".join(f"{name} = {value}" for name, value in (lines | settings).items())
    (folder / "ini").write_text(f"[databases]\n{known}\n[pgbouncer]\n{body}\n")
    command = [PROGRAM, "-q", str(folder / "ini")]
    if os.geteuid() == 0:  # it refuses to run as root
        shutil.chown(folder, "postgres")
        folder.chmod(0o755)
        command = ["runuser", "-u", "postgres", "--", *command]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        deadline = time.monotonic() + 20
        while not is_served(port):
            assert process.poll() is None, "pgbouncer ended at once"
            assert time.monotonic() < deadline, "pgbouncer does not listen"
            time.sleep(0.05)
        yield f"postgresql://{behind.username}@127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
