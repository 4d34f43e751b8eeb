"""Mutants: seeded mistakes in the trading rules, each of which some test must notice.

`tests/mutants.toml` names them: a text of a rule, and the text that breaks it. Each is put into a
temporary copy of the project, never into the working tree, and the tests near the rule run there
until the first failure. A mutant that survives is a rule that no test states: write that test. A
text that is no longer found exactly once means that the list has not followed the code.
"""

import json
import re
import shutil
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.devtools.files import repository_files
from scripts.devtools.project import ROOT, VENV_PYTHON, VerbError, tool_environment

LIST = ROOT / "tests" / "mutants.toml"
KILLED, SURVIVED, UNUSABLE = "killed", "SURVIVED", "UNUSABLE"

_PROCESSES = 2
"""Mutants tried at a time: continuous integration and the smallest laptops have two cores."""

_ENVIRONMENT = {
    "NUMBA_DISABLE_JIT": "1",  # compiling a changed engine takes longer than its tests
    "PYTHONDONTWRITEBYTECODE": "1",
    "HYPOTHESIS_PROFILE": "fast",
}
_PYTEST = ("-x", "-q", "--tb=no", "-p", "no:cacheprovider", "--timeout=60")
_MARKS = "not slow and not nightly and not live"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
_PASSES, _FAILS = 0, 1
"""Exit codes of pytest; the others mean that it could not run the tests."""


@dataclass(frozen=True)
class Mutant:
    """One seeded mistake.

    Attributes:
        id: What it is called.
        file: Where it goes, from the root of the project.
        old: Text of the rule, found exactly once.
        new: Text that breaks it.
        breaks: The rule in a sentence.
        tests: Files and folders of the tests near it.
    """

    id: str
    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """What became of a mutant: killed and by which test, survived, or could not be run."""

    id: str
    file: str
    breaks: str
    verdict: str
    by: str
    seconds: float


def run_all(*, only: str | None = None, as_json: bool = False) -> int:
    """Try every mutant of the list, or one; report, and return 0 when all were killed.

    Raises:
        VerbError: The list does not fit the code, or the tests fail without any mutant.
    """
    started = time.monotonic()
    trials = []
    for trial in try_all(chosen(read_list(LIST), only), ROOT, repository_files()):
        trials.append(trial)
        if not as_json:
            told = trial.by if trial.verdict == KILLED else f"{trial.breaks} {trial.by}"
            print(f"{trial.verdict:<9} {trial.id:<34} {told}".rstrip(), flush=True)
    left = [trial.id for trial in trials if trial.verdict != KILLED]
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        found = [asdict(trial) for trial in trials]
        print(json.dumps({"mutants": found, "left": left, "seconds": seconds}, indent=2))
    else:
        print(f"{len(trials) - len(left)} of {len(trials)} mutants killed in {seconds:.0f} s")
    return 1 if left else 0


def read_list(path: Path) -> list[Mutant]:
    """Read the list of mutants.

    Raises:
        VerbError: It is not a list of mutants.
    """
    try:
        content = tomllib.loads(path.read_text())
        tests = {group: tuple(paths) for group, paths in content["tests"].items()}
        return [Mutant(**row | {"tests": tests[row["tests"]]}) for row in content["mutant"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise VerbError(f"{path.name} is no list of mutants: {error!r}") from error


def chosen(mutants: list[Mutant], only: str | None) -> list[Mutant]:
    """All mutants, or the one that is named.

    Raises:
        VerbError: There is none of that name.
    """
    named = [mutant for mutant in mutants if only in {None, mutant.id}]
    if not named:
        known = ", ".join(mutant.id for mutant in mutants)
        raise VerbError(f"There is no mutant {only!r}; there are: {known}.", status=2)
    return named


def misfits(mutants: Sequence[Mutant], root: Path) -> list[str]:
    """Say in a sentence each where the list does not fit the code."""
    found = []
    ids = [mutant.id for mutant in mutants]
    for mutant in mutants:
        if ids.count(mutant.id) > 1:
            found.append(f"{mutant.id}: the name is used more than once")
        if mutant.new == mutant.old:
            found.append(f"{mutant.id}: nothing is changed")
        source = root / mutant.file
        times = source.read_text().count(mutant.old) if source.is_file() else 0
        if times != 1:
            found.append(f"{mutant.id}: its text is found {times} times in {mutant.file}, not once")
        found += [
            f"{mutant.id}: there is no {tests}"
            for tests in mutant.tests
            if not (root / tests).exists()
        ]
    return found


def try_all(mutants: Sequence[Mutant], root: Path, paths: Sequence[Path]) -> Iterator[Trial]:
    """Try mutants side by side, in the order of the list.

    Args:
        mutants: What to try.
        root: Folder of the project; nothing in it is changed.
        paths: Its files that are copied.

    Raises:
        VerbError: The list does not fit the code, or the tests fail without any mutant.
    """
    wrong = misfits(mutants, root)
    if wrong:
        raise VerbError("\n".join(["the mutants have to follow the code:", *wrong]))
    with ThreadPoolExecutor(_PROCESSES) as pool:
        try:
            groups = list(dict.fromkeys(mutant.tests for mutant in mutants))
            for failing in pool.map(lambda tests: _unmutated(tests, root, paths), groups):
                if failing:
                    raise VerbError(f"without any mutant, these tests do not pass: {failing}")
            yield from pool.map(lambda mutant: _try(mutant, root, paths), mutants)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _unmutated(tests: Sequence[str], root: Path, paths: Sequence[Path]) -> str:
    """Run tests in a copy that nothing was changed in; name what fails."""
    with _copy(root, paths) as copy:
        status, output = _run(tests, copy)
    return "" if status == _PASSES else _first_failure(output)


def _try(mutant: Mutant, root: Path, paths: Sequence[Path]) -> Trial:
    """Put one mutant into a copy of the project and run the tests near it there."""
    started = time.monotonic()
    with _copy(root, paths) as copy:
        source = copy / mutant.file
        source.write_text(source.read_text().replace(mutant.old, mutant.new))
        status, output = _run(mutant.tests, copy)
    verdict = {_PASSES: SURVIVED, _FAILS: KILLED}.get(status, UNUSABLE)
    by = "" if verdict == SURVIVED else _first_failure(output)
    seconds = round(time.monotonic() - started, 1)
    return Trial(mutant.id, mutant.file, mutant.breaks, verdict, by, seconds)


@contextmanager
def _copy(root: Path, paths: Sequence[Path]) -> Iterator[Path]:
    """A folder with copies of the files, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        for path in paths:
            target = Path(folder) / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        yield Path(folder)


def _run(tests: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run tests in a folder: pytest's exit code and everything it printed."""
    done = subprocess.run(
        [str(VENV_PYTHON), "-m", "pytest", *_PYTEST, "-m", _MARKS, *tests],
        cwd=folder,
        env=tool_environment() | _ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def _first_failure(output: str) -> str:
    """The test that failed, or the last line when none was reached."""
    found = _FAILED.search(output)
    if found:
        return found[1]
    return (output.strip().splitlines() or ["nothing was printed"])[-1]
