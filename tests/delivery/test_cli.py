"""What all commands share: help, exit codes, errors as a sentence or as one JSON object, pipes."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from babingepet_delivery.cli.main import COMMANDS
from tests.delivery.conftest import PRODUCT, call, command_line, environment

GUIDE = PRODUCT / "docs" / "commands.md"
ALL = [*((name,) for name in COMMANDS), ("replay",), ("replay", "compare"), ("db", "upgrade")]


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_every_command_and_option_is_in_the_guide(command):
    shown = call(*command, "--help").out
    options = set(re.findall(r"--[a-z][a-z-]*", shown)) - {"--help", "--version"}
    section = sections()[" ".join(command)]
    assert {option for option in options if f"`{option}" not in section} == set()


def test_the_guide_names_no_option_that_does_not_exist():
    for command in ALL:
        known = set(re.findall(r"--[a-z][a-z-]*", call(*command, "--help").out))
        named = set(re.findall(r"`(--[a-z][a-z-]*)", sections()[" ".join(command)]))
        assert named <= known


def sections() -> dict[str, str]:
    parts = re.split(r"^## `babingepet ([a-z -]+)[^`]*`$", GUIDE.read_text(), flags=re.MULTILINE)
    return {name.strip(): text for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def test_help_lists_every_command_without_importing_what_is_slow():
    script = (
        "import sys; from babingepet_delivery.cli.main import main; main(['--help']); "
        "print([m for m in ('numba', 'pandas', 'sqlalchemy', 'dagster', 'numpy', 'pydantic') "
        "if m in sys.modules])"
    )
    program = [*command_line()[:1], "-c", script]
    done = subprocess.run(program, env=environment(), capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in [*COMMANDS, "replay", "db"])
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], 'Unknown command "nosuch"'),
        (["demo", "--bogus"], "Unknown option: --bogus"),
        (["demo", "extra"], "Unused Tokens: ['extra']"),
        (["demo", "--cycles", "many"], 'unable to convert "many" into int'),
        (["demo", "--market", "binance"], 'Choose from: "recorded", "simulated"'),
        (["explain"], "requires an argument"),
        (["db", "downgrade"], 'Unknown command "downgrade"'),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(arguments, words):
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1


def test_with_json_an_error_is_one_json_object_on_stderr(tmp_path):
    for arguments, kind in (
        (["demo", "--bogus", "--json"], "UsageError"),
        (["demo", "--cycles", "0", "--json"], "InputError"),
        (["explain", "nothing", "--json"], "InputError"),
    ):
        done = call(*arguments, data_dir=tmp_path)
        assert (done.code, done.out) == (2, "")
        said = json.loads(done.err)
        assert set(said) == {"error", "kind"}
        assert said["kind"] == kind


def test_a_variable_that_does_not_parse_is_named(tmp_path):
    done = call("demo", data_dir=tmp_path, market="mars")
    assert done.code == 2
    assert "BABINGEPET_MARKET" in done.err


def test_a_failure_that_is_nobodys_mistake_has_exit_code_1(tmp_path):
    done = call(
        "db", "upgrade", "--json",
        data_dir=tmp_path, database_url="postgresql://nobody:secret@127.0.0.1:9/none",
    )  # fmt: skip
    assert done.code == 1
    assert json.loads(done.err)["kind"] == "WarehouseUnavailable"
    assert "secret" not in done.err


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["signals"], ["signals", "--json"], ["--help"]])
def test_a_reader_that_leaves_early_sees_no_traceback(arguments):
    program = subprocess.Popen(
        command_line(*arguments), env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    program.stdout.close()
    err = program.stderr.read()
    program.stderr.close()
    assert program.wait(60) == 141
    assert err == ""


@pytest.mark.slow
def test_ctrl_c_ends_a_rehearsal_with_130_and_leaves_a_sound_database(trending_file, tmp_path):
    program = subprocess.Popen(
        command_line("demo", "--data", trending_file, "--speed", "60", "--json"),
        env=environment(data_dir=tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    wait_for_a_decision(tmp_path / "demo.sqlite")
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=60)
    assert (program.returncode, out) == (130, "")
    assert json.loads(err) == {"error": "interrupted", "kind": "Interrupted"}
    assert not (tmp_path / "demo.sqlite-wal").exists()  # checkpointed: closed in order


def wait_for_a_decision(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not decisions(file):
        assert time.monotonic() < deadline, f"no decision in {file}"
        time.sleep(0.05)


def decisions(file: Path) -> int:
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute("SELECT count(*) FROM btc_decisions").fetchone()[0]
        except sqlite3.OperationalError:  # the tables are being made
            return 0
