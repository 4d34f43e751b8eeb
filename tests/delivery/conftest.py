"""The command line, called in this process and as a real one; and rehearsals that are shared."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from babingepet_delivery.cli.main import main
from tests.delivery.markets import CYCLES, PLAY_FROM, eager_options, write_trending_market

PRODUCT = Path(__file__).resolve().parents[2]
OURS = "BABINGEPET_"


class Result(NamedTuple):
    """How a call ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def call(*arguments: object, **variables: object) -> Result:
    """Run the command line in this process; ``data_dir`` and the like set BABINGEPET_*."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(OURS)]:
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(f"{OURS}{name.upper()}", str(value))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([str(argument) for argument in arguments])
    return Result(code, out.getvalue(), err.getvalue())


def command_line(*arguments: object) -> list[str]:
    """The real program."""
    return [sys.executable, "-m", "babingepet_delivery.cli", *map(str, arguments)]


def environment(**variables: object) -> Mapping[str, str]:
    """Of a real program: this one's without what the user of this machine has set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    given = {f"{OURS}{name.upper()}": str(value) for name, value in variables.items()}
    return kept | given | {"PYTHONPATH": str(PRODUCT)}


def run_program(*arguments: object, **variables: object) -> Result:
    """Run the command line as a process of its own."""
    done = subprocess.run(
        command_line(*arguments),
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def trending_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trending_market(tmp_path_factory.mktemp("market"))


class Rehearsal(NamedTuple):
    """A demo that was run once for all tests."""

    data_dir: Path
    document: dict[str, Any]


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory, trending_file: Path) -> Rehearsal:
    """Two trades on the made-up market."""
    data_dir = tmp_path_factory.mktemp("rehearsal")
    options = ["--from", PLAY_FROM, "--cycles", CYCLES, *eager_options(), "--json"]
    done = call("demo", "--data", trending_file, *options, data_dir=data_dir)
    assert (done.code, done.err) == (0, "")
    return Rehearsal(data_dir, done.document)
