"""The lock file: made from pyproject.toml by uv, and compared with it.

`requirements.lock` names every package with its hashes for all systems and Python 3.11 or newer, and
no registry. Not here: installing from it (`environment.py`).
"""

import shutil
import tempfile
from pathlib import Path

from scripts.devtools import environment
from scripts.devtools.process import Finished, run, sentence_for_failure
from scripts.devtools.project import LOCK_FILE, PYPROJECT, VerbError

_HEADER = "# {what} with its hashes. Made by: python3 scripts/dev.py lock\n"
_INSTALLER_INPUT = environment.INSTALLER_LOCK.with_suffix(".in")


def write_locks(*, upgrade: bool) -> None:
    """Write both lock files anew; without `upgrade`, versions move only where they must.

    Raises:
        VerbError: uv found no solution, or the registry does not answer.
    """
    newest = ("--upgrade",) if upgrade else ()
    _write(PYPROJECT, LOCK_FILE, "Every package", ("--extra", "dev", *newest))
    _write(_INSTALLER_INPUT, environment.INSTALLER_LOCK, "The installer of set-up", ())


def drift() -> tuple[Finished, bool]:
    """Compile the lock in a scratch folder and compare.

    Returns:
        What uv said, and whether the lock file would change.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(LOCK_FILE, folder))
        done = _compile(PYPROJECT, copy, ("--extra", "dev"))
        return done, _pins(copy) != _pins(LOCK_FILE)


def _write(source: Path, target: Path, what: str, options: tuple[str, ...]) -> None:
    done = _compile(source, target, options)
    if done.status != 0:
        raise VerbError(sentence_for_failure(f"Locking {source.name}", done.output))
    target.write_text(_HEADER.format(what=what) + "\n".join(_pins(target)) + "\n")
    print(f"{target.name}: {sum('==' in line for line in _pins(target))} packages")


def _compile(source: Path, target: Path, options: tuple[str, ...]) -> Finished:
    everywhere = ("--universal", "--python-version", "3.11", "--generate-hashes")
    quiet = ("--no-annotate", "--no-header", "--quiet")
    command = [environment.uv(), "pip", "compile", str(source), *everywhere, *quiet]
    return run([*command, *options, "--output-file", str(target)])


def _pins(lock: Path) -> list[str]:
    return [line for line in lock.read_text().splitlines() if not line.startswith("#")]
