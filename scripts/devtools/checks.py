"""What `dev.py check` looks at: one line of result each, the tool's output only when it failed.

Add a check here when a machine can decide it in seconds. Not here: tests (`dev.py test`).
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.devtools import files, locking
from scripts.devtools.process import is_network_failure, run
from scripts.devtools.project import VENV_BIN


@dataclass(frozen=True)
class Outcome:
    """How a check ended: passed or not, a remark for its line, and the output of a failure."""

    passed: bool
    remark: str = ""
    output: str = ""


def run_all() -> bool:
    """Run every check, print a line for each, and tell whether all passed."""
    all_passed = True
    for name, check in CHECKS.items():
        started = time.monotonic()
        outcome = check()
        taken = time.monotonic() - started
        verdict = "ok" if outcome.passed else "FAILED"
        print(f"{name:<14}{verdict:<8}{taken:5.1f} s  {outcome.remark}".rstrip(), flush=True)
        if not outcome.passed:
            print(outcome.output.rstrip() + "\n", flush=True)
            all_passed = False
    return all_passed


def _tool(*command: str) -> Callable[[], Outcome]:
    def check() -> Outcome:
        done = run([str(VENV_BIN / command[0]), *command[1:]])
        return Outcome(done.status == 0, output=done.output)

    return check


def _definitions() -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        apart = {"DAGSTER_HOME": folder, "BABINGEPET_DATA_DIR": str(Path(folder) / "data")}
        module = ("-m", "babingepet_assets.definitions")
        done = run([str(VENV_BIN / "dagster"), "definitions", "validate", *module], extra=apart)
    return Outcome(done.status == 0, output=done.output)


def _files() -> Outcome:
    paths = files.repository_files()
    broken = files.problems(paths)
    remark = "".join(f"\n  long: {sentence}" for sentence in files.long_modules(paths))
    return Outcome(not broken, remark, "\n".join(broken))


def _lock() -> Outcome:
    done, differs = locking.drift()
    if done.status != 0 and is_network_failure(done.output):
        return Outcome(passed=True, remark="(skipped: the package registry does not answer)")
    if done.status != 0:
        return Outcome(passed=False, output=done.output)
    advice = "requirements.lock does not fit pyproject.toml; call: python3 scripts/dev.py lock"
    return Outcome(not differs, output=advice)


CHECKS: dict[str, Callable[[], Outcome]] = {
    "format": _tool("ruff", "format", "--check", "."),
    "lint": _tool("ruff", "check", "."),
    "types": _tool("mypy"),
    "imports": _tool("lint-imports", "--no-logo"),
    "definitions": _definitions,
    "files": _files,
    "lock": _lock,
    "spelling": _tool("codespell"),
}
"""The checks by the name on their line, in the order they run: the quickest to mend first."""
