"""The set-up: from a clone and a plain Python to a complete `.venv`, in one path.

pip brings the pinned uv into a private folder, uv brings exactly what `requirements.lock` names, the
project itself is linked in, the compiled rules are warmed up, and a stamp is written last. A set-up
that was interrupted has no stamp and is built anew by the next call; a complete one costs a hash.
"""

import fcntl
import hashlib
import json
import shutil
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.devtools.process import DISK_FULL_SENTENCE, run, run_step
from scripts.devtools.project import (
    LOCK_FILE,
    PYPROJECT,
    ROOT,
    TOOLS,
    VENV,
    VENV_BIN,
    VENV_PYTHON,
    VerbError,
)

INSTALLER_LOCK = ROOT / "scripts" / "devtools" / "installer.lock"
STAMP = VENV / ".complete"

NEEDED_BYTES = 2_500_000_000
"""Free space a first set-up needs: 1.6 GB installed and compiled, and a margin for what runs next."""

_LAUNCHER = """\
#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from {module} import {function}

sys.exit({function}())
"""
"""A console script. The shell line stands for a #! line, which breaks on a space or 127 characters."""


def ensure() -> None:
    """Make `.venv` complete and current; return within milliseconds when it already is.

    Raises:
        VerbError: It cannot be made; the sentence says what to do.
    """
    if is_complete():
        return
    with _only_one_at_a_time():
        if not is_complete():  # another call may have finished it while this one waited
            _build()


def is_complete() -> bool:
    """Tell whether the stamp fits the lock file, the project table, this Python and this folder."""
    return VENV_PYTHON.exists() and _stamp_found() == stamp_expected()


def uv() -> str:
    """Return the path of the pinned uv, brought in by pip when it is not there yet.

    Raises:
        VerbError: pip is missing, or could not bring it.
    """
    program = TOOLS / "bin" / "uv"
    brought = TOOLS / INSTALLER_LOCK.name
    if program.exists() and brought.exists() and brought.read_text() == INSTALLER_LOCK.read_text():
        return str(program)
    refuse_without_pip(sys.executable)
    print("bringing the installer (uv) into .venv-tools", flush=True)
    pip = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "install"]
    kept_apart = ["--upgrade", "--no-deps", "--target", str(TOOLS)]
    pinned = ["--require-hashes", "--requirement", str(INSTALLER_LOCK)]
    run_step([*pip, *kept_apart, *pinned], "Installing uv with pip")
    shutil.copy(INSTALLER_LOCK, brought)
    return str(program)


def _build() -> None:
    refuse_link(VENV)
    started = time.monotonic()
    can_be_kept = VENV_PYTHON.exists() and _stamp_found()[:1] == stamp_expected()[:1]
    STAMP.unlink(missing_ok=True)
    if not can_be_kept:
        if VENV.exists():
            print("building .venv anew: no complete set-up of this Python and folder is in it")
            shutil.rmtree(VENV, ignore_errors=True)
        refuse_full_disk(shutil.disk_usage(ROOT).free)
        create = [uv(), "venv", "--no-project", "--no-config", "--python", sys.executable]
        run_step([*create, str(VENV)], "Creating .venv")
    print("installing what requirements.lock names into .venv", flush=True)
    sync = [uv(), "pip", "sync", "--require-hashes", "--compile-bytecode"]
    named = ["--python", str(VENV_PYTHON), str(LOCK_FILE)]
    shown = ("Downloading", "Prepared", "Installed", "Uninstalled", "Bytecode")
    run_step([*sync, *named], "Installing the packages", shown)
    link_project()
    print("compiling the trading rules", flush=True)
    run_step([str(VENV_PYTHON), "-m", "babingepet.warm"], "Compiling the rules")
    STAMP.write_text(" ".join(stamp_expected()) + "\n")
    print(f"set-up complete in {time.monotonic() - started:.0f} s", flush=True)


def refuse_link(folder: Path) -> None:
    """Check that the environment is this clone's own: building it empties the folder.

    Raises:
        VerbError: It is a link, so it belongs to another clone.
    """
    if folder.is_symlink():
        raise VerbError(
            f"{folder} is a link to {folder.resolve()}, which belongs to another clone. "
            "Remove the link, and this clone gets an environment of its own."
        )


def link_project() -> None:
    """Make the clone importable from `.venv` and write its console scripts.

    A path file and a launcher are what an editable install comes to. Writing them here needs no build
    tool, which would be fetched without a hash, past everything the lock file promises.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (VENV / "lib" / version / "site-packages" / "babingepet.pth").write_text(f"{ROOT}\n")
    for name, target in _project_table()["scripts"].items():
        module, function = target.split(":")
        script = VENV_BIN / name
        script.write_text(_LAUNCHER.format(python=VENV_PYTHON, module=module, function=function))
        script.chmod(0o755)


def _project_table() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = tomllib.loads(PYPROJECT.read_text())["project"]
    return table


def stamp_expected() -> list[str]:
    """Return the two words of a current stamp: the first for the place, the second for the packages.

    A new place (Python or folder) means that nothing can be kept. Of pyproject.toml only the project
    table counts: an edit to a linter's settings must not cost a set-up.
    """
    place = f"{sys.version_info.major}.{sys.version_info.minor} {ROOT}".encode()
    project = json.dumps(_project_table(), sort_keys=True).encode()
    content = LOCK_FILE.read_bytes() + INSTALLER_LOCK.read_bytes() + project
    return [hashlib.sha256(part).hexdigest() for part in (place, content)]


def _stamp_found() -> list[str]:
    return STAMP.read_text().split() if STAMP.exists() else []


@contextmanager
def _only_one_at_a_time() -> Iterator[None]:
    TOOLS.mkdir(exist_ok=True)
    with Path(TOOLS / "set-up.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another set-up of this folder is running: waiting for it", flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield  # the system lets go of the lock with the file, also when this process is killed


def refuse_full_disk(free_bytes: int) -> None:
    """Check that a first set-up fits on the disk.

    Raises:
        VerbError: It does not.
    """
    if free_bytes < NEEDED_BYTES:
        there = f" {free_bytes / 1e9:.1f} GB are free."
        raise VerbError(DISK_FULL_SENTENCE.format(folder=ROOT) + there)


def refuse_without_pip(python: str) -> None:
    """Check that this Python can bring in the installer.

    Raises:
        VerbError: It has no pip, as Debian's has not until python3-pip is installed.
    """
    if run([python, "-m", "pip", "--version"]).status != 0:
        raise VerbError(
            f"pip is missing for {python}. Install it (Debian: apt-get install python3-pip; "
            f"elsewhere: {python} -m ensurepip) and call the same command again."
        )
