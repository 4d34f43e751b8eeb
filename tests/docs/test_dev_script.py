"""`scripts/dev.py` answers every foreseeable trouble with a sentence, never with a traceback."""

import errno
import socket
import subprocess
import sys

import pytest

from scripts import dev
from scripts.devtools import environment, postgres, process, project, verbs


def call_dev(*arguments):
    return subprocess.run(
        [sys.executable, str(project.ROOT / "scripts" / "dev.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_names_every_verb():
    answer = call_dev("--help")
    assert answer.returncode == 0
    assert all(f"\n    {verb} " in answer.stdout for verb in verbs.VERBS)


@pytest.mark.parametrize("verb", verbs.VERBS)
def test_every_verb_explains_itself_without_doing_anything(verb, capsys):
    with pytest.raises(SystemExit) as left:
        verbs.dispatch([verb, "--help"])
    assert left.value.code == 0
    assert verbs.VERBS[verb].help[:30] in capsys.readouterr().out.replace("\n", " ")


def test_an_unknown_verb_is_answered_with_the_list():
    answer = call_dev("tset")
    assert answer.returncode == 2
    assert all(verb in answer.stderr for verb in verbs.VERBS)
    assert "Traceback" not in answer.stderr


def test_an_argument_that_nobody_would_receive_is_refused(capsys):
    with pytest.raises(SystemExit) as left:
        verbs.dispatch(["check", "--fats"])
    assert left.value.code == 2
    assert "check does not take: --fats" in capsys.readouterr().err


def test_an_unknown_benchmark_is_answered_with_those_that_exist(capsys):
    assert verbs.dispatch(["bench", "nonsense"]) == 2
    said = capsys.readouterr().err
    assert "no benchmark 'nonsense'" in said
    assert all(name in said for name in verbs.benchmarks())


@pytest.mark.parametrize(
    ("version", "platform", "said"),
    [
        ((3, 10), "linux", "needs Python 3.11 or newer; this is 3.10"),
        ((2, 7), "linux", "this is 2.7"),
        ((3, 12), "win32", "WSL"),
    ],
)
def test_an_unsuitable_python_or_system_is_named(version, platform, said):
    assert said in dev.what_is_unsuitable(version, platform)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (4, 0)])
def test_a_suitable_python_is_accepted(version):
    assert dev.what_is_unsuitable(version, "linux") is None


def test_an_occupied_port_is_named_with_the_way_around_it(capsys):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        assert verbs.dispatch(["run", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert f"Port {port} on 127.0.0.1 cannot be used" in said
    assert f"dev.py run --port {port + 1}" in said


def test_a_free_port_is_accepted():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
    verbs.refuse_occupied_port(port)


def test_a_python_without_pip_is_named_with_the_remedy(tmp_path):
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(project.VerbError, match=r"pip is missing for .*python3-pip"):
        environment.refuse_without_pip(str(python))


def test_a_disk_without_room_is_refused_before_the_download():
    with pytest.raises(project.VerbError, match=r"2\.5 GB .* 1\.2 GB are free"):
        environment.refuse_full_disk(1_200_000_000)
    environment.refuse_full_disk(environment.NEEDED_BYTES)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_meanwhile_is_named(number):
    assert "The disk is full" in verbs.sentence_for(OSError(number, "x"))


def test_another_refusal_of_the_system_names_the_file():
    refusal = PermissionError(errno.EACCES, "Permission denied", "/somewhere")
    assert verbs.sentence_for(refusal) == "Permission denied: /somewhere"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("error: failed to write\n  cause: No space left on device (os error 28)", "disk is full"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("error: Request failed\n  cause: dns error: failed to lookup", "registry does not answer"),
        ("WARNING: Failed to establish a new connection: [Errno 111]", "registry does not answer"),
        ("error: hash mismatch for numpy", "Installing failed. Its last lines:\n  error: hash"),
    ],
)
def test_a_tool_that_fails_is_quoted_or_understood(output, said):
    assert said in process.sentence_for_failure("Installing", output)


def test_a_failed_step_ends_with_a_sentence_and_shows_only_what_it_was_asked_to(capsys):
    noisy = [sys.executable, "-c", "print('Installed 3'); print('noise'); raise SystemExit(1)"]
    with pytest.raises(project.VerbError, match="Installing failed"):
        process.run_step(noisy, "Installing", shown=("Installed",))
    assert capsys.readouterr().out == "  Installed 3\n"


def test_a_step_is_not_misled_by_the_callers_python_settings(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    shown = process.run([sys.executable, "-c", "import sys; print(sys.dont_write_bytecode)"])
    assert shown.output == "False\n"
    assert "PYTHONPATH" not in project.tool_environment()


def test_only_a_stamp_that_fits_counts_as_complete(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(environment, "VENV_PYTHON", project.Path(sys.executable))
    assert not environment.is_complete()  # interrupted before the end
    environment.STAMP.write_text(" ".join(environment.stamp_expected()))
    assert environment.is_complete()
    changed = tmp_path / "requirements.lock"
    changed.write_text("numpy==1\n")
    monkeypatch.setattr(environment, "LOCK_FILE", changed)
    assert not environment.is_complete()


def test_an_environment_that_is_a_link_to_another_clones_is_never_emptied(tmp_path):
    (tmp_path / "theirs").mkdir()
    link = tmp_path / ".venv"
    link.symlink_to(tmp_path / "theirs")
    with pytest.raises(project.VerbError, match="belongs to another clone"):
        environment.refuse_link(link)
    environment.refuse_link(tmp_path / "theirs")


def test_the_whole_suite_runs_in_parallel_and_a_part_of_it_does_not():
    assert "-n" in verbs.pytest_command([], "not slow")
    assert "-n" not in verbs.pytest_command(["tests/docs", "-x"], "not slow")


PRINT_THE_DATABASE = (
    "import os, sys; from sqlalchemy import create_engine, make_url; "
    "url = make_url(os.environ['BABINGEPET_DATABASE_URL']); "
    "engine = create_engine(url.set(drivername='postgresql+psycopg2')); "
    "print(url, engine.connect().exec_driver_sql('SHOW server_version').scalar()); sys.exit(3)"
)


@pytest.mark.slow
def test_tests_on_postgresql_get_a_server_that_is_gone_afterwards(capfd):
    if postgres.programs() is None:
        pytest.skip("no PostgreSQL server binaries (15 or later) on this machine")
    assert verbs.run_on_postgresql([sys.executable, "-c", PRINT_THE_DATABASE]) == 3
    url, version, *_ = capfd.readouterr().out.split()
    assert int(version.partition(".")[0]) >= postgres.OLDEST
    port = int(url.rpartition(":")[2].partition("/")[0])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_without_the_programs_of_a_server_the_remedy_is_named(monkeypatch, capsys):
    monkeypatch.setattr(postgres, "programs", lambda: None)
    monkeypatch.setattr(environment, "ensure", lambda: None)
    assert verbs.dispatch(["test", "--database", "postgresql"]) == 1
    assert "apt-get install postgresql" in capsys.readouterr().err
