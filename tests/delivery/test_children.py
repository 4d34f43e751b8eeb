"""A child process is kept alive, and ended with all that it started and nothing else."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from babingepet_delivery.supervision.children import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    STEADY,
    WHOLE_EVERY,
    Child,
    has_child,
)
from babingepet_resources.clients.clock import SystemClock
from tests.fakes import FakeClock

PATIENT = "import time; time.sleep(60)"


@pytest.fixture
def child(tmp_path):
    """Make a child that runs a line of Python."""
    made = []

    def make(program, clock=None):
        one = Child(
            "child", lambda: [sys.executable, "-c", program], dict(os.environ),
            tmp_path / "child.log", clock or SystemClock(),
        )  # fmt: skip
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()


def wait_until(holds, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_running(pid):
    """Whether a process runs; one that nobody has reaped yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.slow
def test_a_dead_child_is_restarted_after_a_pause_that_grows(child):
    clock = FakeClock()
    dying = child("pass", clock)
    dying.start()
    pauses = []
    for _ in range(8):
        wait_until(lambda: dying.exit_code is not None)
        said = dying.tend()
        pauses.append(float(said.rpartition(" in ")[2].removesuffix(" s")))
        assert dying.tend() is None
        clock.advance(pauses[-1])
        assert dying.tend() == "child restarted"
    assert pauses == [2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_child_that_ran_well_is_restarted_soon(child):
    clock = FakeClock()
    one = child("pass", clock)
    one.start()
    wait_until(lambda: one.exit_code is not None)
    clock.advance(STEADY)
    assert one.tend() == f"child ended (exit code 0); restarting it in {FIRST_PAUSE:.0f} s"


def test_a_child_that_was_killed_is_told_so(child):
    one = child(PATIENT)
    one.start()
    os.kill(one.pid, signal.SIGKILL)
    wait_until(lambda: one.exit_code is not None)
    assert "signal SIGKILL" in one.tend()


@pytest.mark.slow
def test_ending_a_child_ends_what_it_started_and_nothing_else(child, tmp_path):
    note = tmp_path / "pid"
    program = (
        "import pathlib, subprocess, sys, time\n"
        f"worker = subprocess.Popen([sys.executable, '-c', {PATIENT!r}])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(worker.pid))\n"
        "time.sleep(60)"
    )
    bystander = subprocess.Popen([sys.executable, "-c", PATIENT])
    one = child(program)
    one.start()
    wait_until(lambda: note.exists() and note.read_text())
    worker = int(note.read_text())
    assert is_running(worker)
    one.stop()
    wait_until(lambda: not is_running(worker))
    assert one.pid is None
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_a_child_may_finish_before_it_is_ended(child, tmp_path):
    note = tmp_path / "note"
    program = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        f"    time.sleep(0.3); pathlib.Path({str(note)!r}).write_text('finished'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)"
    )
    one = child(program)
    one.start()
    wait_until(lambda: "ready" in one.log.read_text())
    one.stop()
    assert note.read_text() == "finished"


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a child of its parent's death"
)
def test_a_child_does_not_outlive_a_supervisor_that_is_killed(tmp_path):
    program = (
        "import os, pathlib, time\n"
        "from babingepet_delivery.supervision.children import Child\n"
        "from babingepet_resources.clients.clock import SystemClock\n"
        f"one = Child('c', lambda: [{sys.executable!r}, '-c', {PATIENT!r}], dict(os.environ),\n"
        f"            pathlib.Path({str(tmp_path / 'log')!r}), SystemClock())\n"
        "one.start(); print(one.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_running(worker))
    parent.stdout.close()


NEEDY = (
    "import subprocess, sys, time; "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"
)


def test_a_child_that_lost_a_process_it_needs_is_ended_and_restarted(tmp_path):
    clock = FakeClock()
    one = Child(
        "child", lambda: [sys.executable, "-c", NEEDY], dict(os.environ), tmp_path / "log",
        clock, has_child,
    )  # fmt: skip
    one.start()
    try:
        assert one.tend() is None, "one that still starts is left alone"
        wait_until(lambda: has_child(one.pid))
        clock.advance(WHOLE_EVERY)
        assert one.tend() is None
        clock.advance(WHOLE_EVERY)
        (needed,) = psutil.Process(one.pid).children()
        needed.kill()
        wait_until(lambda: not has_child(one.pid))
        assert one.tend() == "child lost a process that it needs and was ended"
        assert "signal SIGKILL" in one.tend()
        clock.advance(LONGEST_PAUSE)
        assert one.tend() == "child restarted"
        wait_until(lambda: has_child(one.pid))
    finally:
        one.stop()
    assert not has_child(one._process.pid)
