"""The verbs of `scripts/dev.py`: what each one is called, explains and does.

Here: parsing and order. The work is in `environment.py` (set-up), `checks.py`, `locking.py` and
`mutants.py`.
"""

import argparse
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.devtools import checks, environment, locking, mutants, postgres
from scripts.devtools.process import DISK_FULL_SENTENCE
from scripts.devtools.project import ROOT, VENV_BIN, VENV_PYTHON, VerbError, tool_environment

DAGSTER_PORT = 3000
"""Port of the Dagster UI on 127.0.0.1 when none is given; Dagster's own default."""

_PROCESSES = 3
"""Test processes: one more than the two cores of continuous integration and the smallest laptops,
because tests of sockets and processes wait for most of their time."""

_EVERYDAY = "not nightly and not live"
_QUICK = f"not slow and {_EVERYDAY}"
_NIGHTLY = "(nightly or slow) and not live"
_OF_THE_DATABASE = "database"
"""The tests that take the database of the run: all others already ran, or run on both at once."""


@dataclass(frozen=True)
class Verb:
    """A verb: the function behind it, its help, and whether it hands arguments on."""

    act: Callable[[argparse.Namespace, list[str]], int]
    help: str
    hands_on: str = ""


def dispatch(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit code, having printed a sentence if it failed."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    verb = VERBS[options.verb]
    if rest and not verb.hands_on:
        parser.error(f"{options.verb} does not take: {' '.join(rest)}")
    try:
        return verb.act(options, rest)
    except VerbError as stop:
        print(f"error: {stop}", file=sys.stderr)
        return stop.status
    except KeyboardInterrupt:
        print("\nstopped; call the same command again to go on", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"error: {sentence_for(error)}", file=sys.stderr)
        return 1


def sentence_for(error: OSError) -> str:
    """Say what the operating system refused."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DISK_FULL_SENTENCE.format(folder=ROOT)
    return f"{error.strerror or error}: {error.filename or ROOT}"


def refuse_occupied_port(port: int) -> None:
    """Check that the address of the Dagster UI is free before anything is started.

    Raises:
        VerbError: Another program listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise VerbError(
                f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}): stop the program "
                f"that holds it, or take another one: python3 scripts/dev.py run --port {port + 1}"
            ) from error


def pytest_command(arguments: Sequence[str], marks: str) -> list[str]:
    """Return pytest's command line: in parallel for the whole suite, in one process for a part.

    A file, a folder or an option of one's own means somebody is looking at something, and then the
    order, the output and a debugger matter more than the time.
    """
    parallel = [] if arguments else ["-n", str(_PROCESSES), "--dist", "worksteal"]
    return [str(VENV_PYTHON), "-m", "pytest", "-m", marks, *parallel, *arguments]


def run_on_postgresql(command: Sequence[str]) -> int:
    """Run tests against a PostgreSQL server of their own, and return their exit code.

    Raises:
        VerbError: Its programs are not installed.
    """
    programs = postgres.programs()
    if programs is None:
        raise VerbError(
            f"The programs of PostgreSQL {postgres.OLDEST} or newer are not in /usr/lib/postgresql: "
            "install your system's package (apt-get install postgresql), or name a server that runs "
            "in BABINGEPET_DATABASE_URL and call pytest."
        )
    with postgres.server(programs, prefix="tests-pg-") as url:
        named = tool_environment() | {"BABINGEPET_DATABASE_URL": f"{url}/postgres"}
        return subprocess.run(command, cwd=ROOT, env=named, check=False).returncode


def benchmarks() -> list[str]:
    """Name the programs in scripts/bench/."""
    folder = ROOT / "scripts" / "bench"
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def _setup(_options: argparse.Namespace, _rest: list[str]) -> int:
    environment.ensure()
    print(f"ready: {VENV_PYTHON}")
    return 0


def _run(options: argparse.Namespace, rest: list[str]) -> int:
    refuse_occupied_port(options.port)
    environment.ensure()
    program = [str(VENV_PYTHON), str(VENV_BIN / "babingepet"), "run"]
    return _become([*program, "--port", str(options.port), *rest])


def _test(options: argparse.Namespace, rest: list[str]) -> int:
    environment.ensure()
    marks = _QUICK if options.fast else _EVERYDAY
    if options.database == "sqlite":
        return _become(pytest_command(rest, marks))
    return run_on_postgresql(pytest_command(rest, f"{marks} and {_OF_THE_DATABASE}"))


def _nightly(_options: argparse.Namespace, rest: list[str]) -> int:
    environment.ensure()
    os.environ["HYPOTHESIS_PROFILE"] = "slow"
    command = pytest_command(rest, _NIGHTLY)
    if rest:  # somebody is looking at a part of the tests
        return _become(command)
    tests = subprocess.run(command, cwd=ROOT, check=False).returncode
    return mutants.run_all() or tests


def _mutants(options: argparse.Namespace, _rest: list[str]) -> int:
    mutants.chosen(mutants.read_list(mutants.LIST), options.only)  # a wrong name costs no set-up
    environment.ensure()
    return mutants.run_all(only=options.only, as_json=options.json)


def _check(_options: argparse.Namespace, _rest: list[str]) -> int:
    environment.ensure()
    return 0 if checks.run_all() else 1


def _lock(options: argparse.Namespace, _rest: list[str]) -> int:
    locking.write_locks(upgrade=options.upgrade)
    return 0


def _bench(options: argparse.Namespace, rest: list[str]) -> int:
    if options.name not in benchmarks():
        there = ", ".join(benchmarks()) or "none yet"
        raise VerbError(f"There is no benchmark {options.name!r}; there are: {there}.", status=2)
    environment.ensure()
    return _become([str(VENV_PYTHON), "-m", f"scripts.bench.{options.name}", *rest])


def _become(command: Sequence[str]) -> int:
    # Replacing this process leaves Ctrl-C, the terminal and the exit code to the program itself.
    os.chdir(ROOT)
    sys.stdout.flush()
    # With the caller's PYTHONDONTWRITEBYTECODE each test process would compile every test anew:
    # 19 s of CPU instead of 11, three times.
    os.execve(command[0], list(command), tool_environment())  # noqa: S606 (built here, no shell)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py", description="Set up, run, test and check Babingepet.", allow_abbrev=False
    )
    listed = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    made = {}
    for name, verb in VERBS.items():
        usage = f"dev.py {name} [options] [{verb.hands_on} ...]" if verb.hands_on else None
        made[name] = listed.add_parser(
            name, help=verb.help, description=verb.help, usage=usage, allow_abbrev=False
        )
    made["run"].add_argument(
        "--port", type=int, default=DAGSTER_PORT, help=f"port of the Dagster UI ({DAGSTER_PORT})"
    )
    made["test"].add_argument("--fast", action="store_true", help="leave the slow tests out")
    made["test"].add_argument(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="postgresql: the tests that take the run's database, on a server of their own",
    )
    made["lock"].add_argument("--upgrade", action="store_true", help="take the newest versions")
    made["mutants"].add_argument("--only", metavar="ID", help="try this one alone")
    made["mutants"].add_argument("--json", action="store_true", help="report as JSON")
    made["bench"].add_argument("name", metavar="NAME", help=f"one of: {', '.join(benchmarks())}")
    return parser


VERBS = {
    "setup": Verb(_setup, "make .venv complete (every other verb does this first)"),
    "run": Verb(_run, "run everything; more arguments go to `babingepet run`", "ARGUMENT"),
    "test": Verb(_test, "run the tests; more arguments go to pytest", "ARGUMENT"),
    "check": Verb(_check, "format, lint, types, imports, definitions, files, lock, spelling"),
    "bench": Verb(_bench, "measure; more arguments (--json) go to the benchmark", "ARGUMENT"),
    "lock": Verb(_lock, "write requirements.lock from pyproject.toml"),
    "mutants": Verb(_mutants, "seed mistakes into copies of the rules: some test must notice each"),
    "nightly": Verb(_nightly, "the slow tests, with more examples each; then mutants", "ARGUMENT"),
}
"""The verbs by name, in the order of the help."""
