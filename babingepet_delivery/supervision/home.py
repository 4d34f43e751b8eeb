"""Where everything that runs finds its place: Dagster's home, logs, variables, ports, commands.

Belongs here: folders, files and command lines. Does not belong here: running them (``children``).
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from babingepet.errors import ConfigurationError, InputError
from babingepet_resources.settings import Settings
from babingepet_services.orchestration.instance import ROOT, VARIABLE, instance_text
from babingepet_services.orchestration.storage import storage_url

LOCAL = "127.0.0.1"
LOCATION = "babingepet"
"""Name of the code location: schedules and sensors keep their state under it."""

_WORKSPACE = """\
load_from:
  - grpc_server:
      host: {host}
      port: {port}
      location_name: {location}
"""


@dataclass(frozen=True)
class Home:
    """The folders of one data folder.

    Attributes:
        folder: The data folder, absolute.
        code_port: Where the code server listens.
    """

    folder: Path
    code_port: int

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.folder / "dagster"

    @property
    def workspace(self) -> Path:
        """Where the web server and the daemon read the code server's address."""
        return self.dagster / "workspace.yaml"

    def log(self, name: str) -> Path:
        """Log of one child."""
        return self.folder / "logs" / f"{name}.log"


def prepare_home(settings: Settings, logs: tuple[str, ...]) -> Home:
    """Make the folders, put Dagster's settings in place and begin new logs.

    A log of the time before is kept as ``<name>.log.1``.

    Raises:
        ConfigurationError: The folder cannot be written, or the installation lacks dagster.yaml.
    """
    home = Home(settings.data_dir.resolve(), free_port())
    instance = instance_text(on_server=storage_url(settings) is not None)
    try:
        home.dagster.mkdir(parents=True, exist_ok=True)
        (home.folder / "logs").mkdir(exist_ok=True)
        _write(home.dagster / "dagster.yaml", instance)
        address = {"host": LOCAL, "port": home.code_port, "location": LOCATION}
        _write(home.workspace, _WORKSPACE.format(**address))
        for name in logs:
            if home.log(name).exists():
                home.log(name).replace(home.log(name).with_suffix(".log.1"))
    except OSError as error:
        raise ConfigurationError(f"{home.folder}: cannot be written: {error.strerror}.") from error
    return home


def _write(path: Path, text: str) -> None:
    """Replace a file whole: a daemon that reads it in between finds the old one."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder: two daemons over one Dagster home launch everything twice.

    Raises:
        ConfigurationError: Another `babingepet run` holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"another `babingepet run` uses {folder}: end it, or name another folder in "
                "BABINGEPET_DATA_DIR"
            ) from None
        yield


def require_free_port(port: int) -> None:
    """Check that nobody listens on the port of the pages.

    Raises:
        InputError: Somebody does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCAL, port))
        except OSError as error:
            raise InputError(
                f"--port {port}: {LOCAL}:{port} cannot be used ({error.strerror}): stop the "
                "program that holds it, or name another port"
            ) from error


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port: int = probe.getsockname()[1]
        return port


def is_served(port: int) -> bool:
    """Whether somebody listens on the port."""
    try:
        socket.create_connection((LOCAL, port), timeout=1).close()
    except OSError:
        return False
    return True


def environment(settings: Settings, home: Home) -> dict[str, str]:
    """Variables of every child: what this process has, Dagster's home, and the settings in full."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    ours = {
        "DAGSTER_HOME": str(home.dagster),
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
    }
    if url := storage_url(settings):
        ours[VARIABLE] = url
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BABINGEPET_")}
    return inherited | ours | settings_as_variables(settings)


def settings_as_variables(settings: Settings) -> dict[str, str]:
    """The settings as the BABINGEPET_* variables that give them back; unset ones are left out."""
    values = {
        "data_dir": str(settings.data_dir.resolve()),
        "data": os.pathsep.join(str(path.resolve()) for path in settings.data),
        "overrides": ";".join(settings.overrides),
    }
    # The key has a variable of its own, which every child inherits.
    plain = settings.model_dump(exclude={*values, "openrouter_api_key"})
    values |= {name: str(value) for name, value in plain.items() if value is not None}
    return {f"BABINGEPET_{name.upper()}": value for name, value in values.items() if value}


def code_server(home: Home) -> list[str]:
    """What loads the graph: a proxy, and below it a server that a reload replaces by a new one.

    The replaced server lives on until its last run worker, its child, has ended: so the loop goes
    on with old code until it is handed over. ``dagster api grpc`` alone never loads new code.
    """
    return [
        sys.executable, "-m", "dagster", "code-server", "start", "-h", LOCAL,
        "-p", str(home.code_port), "-m", "babingepet_assets.definitions",
        "--location-name", LOCATION, "--log-level", "warning",
    ]  # fmt: skip


def daemon(home: Home) -> list[str]:
    """Sensors, schedules, the run queue and run monitoring."""
    return [
        sys.executable, "-m", "dagster._daemon", "run", "-w", str(home.workspace),
        "--log-level", "warning",
    ]  # fmt: skip


def web_server(home: Home, port: int) -> list[str]:
    """The pages; they have no sign-in, so they are served to this machine only."""
    return [
        sys.executable, "-m", "dagster_webserver", "-h", LOCAL, "-p", str(port),
        "-w", str(home.workspace), "--dagster-log-level", "warning",
    ]  # fmt: skip
