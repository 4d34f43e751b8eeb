"""The whole platform, with its processes killed: the next loop goes on where the last one was torn out.

Real processes: exchange, code server, run worker, daemon, pages. The market is in lock-step and as
fast as possible, so the worker is always within a cycle when it dies; how long a loop takes to come
back does not depend on the market's speed, but for up to a minute at 1x.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from babingepet.market.intervals import DAY, MINUTE
from babingepet_delivery.supervision.home import free_port
from babingepet_resources.clients.clock import SystemClock
from tests.assets.recording import END, write_recording

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PRODUCT = Path(__file__).resolve().parents[2]
BACK_WITHIN = 240.0
"""Seconds from a kill to the next loop's first decision."""
WORKED = 30
"""Decisions that a loop makes before it is killed."""
HOLDING = (
    "buy_threshold=0.02", "strong_threshold=0.03", "min_votes=1", "min_coverage=0",
    "min_capability=0", "blocked_hours=", "entry_spacing=60000", "max_hold=8640000000",
    "stop_loss=0.5", "target=5", "arm=1",
)  # fmt: skip
"""Rules under which a position is opened soon and held for good."""


@dataclass
class Platform:
    """A running `babingepet run` and the warehouse it writes."""

    process: subprocess.Popen
    file: Path

    def rows(self, query, *values):
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    def decisions(self):
        return self.rows("SELECT * FROM btc_decisions ORDER BY as_of")

    def find(self, *words):
        """The processes below the supervisor whose command line has these words."""
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [p for p in below if all(word in " ".join(p.cmdline()) for word in words)]

    def worker(self):
        (worker,) = self.find("spawn_main")
        return worker

    def code_server(self):
        (server,) = self.find("dagster api grpc")
        return server


@pytest.fixture
def platform(tmp_path):
    recording = write_recording(tmp_path / "BTCUSDT-1m.csv", END + 6 * DAY, drift=1e-5)
    command = [
        sys.executable, "-m", "babingepet_delivery.cli", "run", "--market", "recorded",
        "--data", str(recording), "--from", "2025-04-22T12:00", "--speed", "max",
        "--port", str(free_port()),
    ]  # fmt: skip
    for pair in HOLDING:
        command += ["--set", pair]
    environment = os.environ | {"BABINGEPET_DATA_DIR": str(tmp_path / "data")}
    with (tmp_path / "run.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=PRODUCT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield Platform(process, tmp_path / "data" / "babingepet-recorded.sqlite")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)
    assert process.returncode == 0


def wait_until(holds, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"not within {seconds:.0f} s")


def has_worked(platform, fence):
    """Whether the loop of a fence made enough decisions and holds a position."""
    if not platform.file.exists():
        return False
    try:
        made = platform.rows("SELECT position FROM btc_decisions WHERE fence = ?", fence)
    except sqlite3.OperationalError:  # the tables are being made
        return False
    return len(made) >= WORKED and made[-1]["position"] is not None


def kill(*victims):
    for victim in victims:
        victim.kill()
    for victim in victims:
        wait_until(lambda one=victim: not is_running(one), 10)
    return SystemClock().now()


def is_running(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def killed_and_back(platform, fence, *victims):
    """Kill, wait for the first decision of the next loop; returns (last, first, seconds)."""
    killed_at = kill(*victims)
    last = platform.decisions()[-1]
    wait_until(lambda: platform.rows("SELECT 1 FROM btc_decisions WHERE fence > ?", fence), 300)
    (first, *_) = platform.rows("SELECT * FROM btc_decisions WHERE fence > ? ORDER BY as_of", fence)
    return last, first, (first["decided_at"] - killed_at) / 1000


def assert_goes_on(last, first, seconds):
    assert seconds < BACK_WITHIN
    assert first["as_of"] == last["as_of"] + MINUTE
    assert first["owner"] != last["owner"]
    assert first["state_before_hash"] == last["state_after_hash"]
    before, after = json.loads(last["position"]), json.loads(first["position"])
    for kept in ("position_id", "entry_price", "quantity", "initial_stop"):
        assert before[kept] == after[kept]
    assert after["peak"] >= before["peak"]


def test_a_killed_worker_and_a_killed_code_server_are_replaced(platform, record_property):
    wait_until(lambda: has_worked(platform, 1), 180)
    worker = platform.worker()
    last, first, seconds = killed_and_back(platform, 1, worker)
    record_property("worker_seconds", seconds)
    assert_goes_on(last, first, seconds)

    wait_until(lambda: has_worked(platform, 2), 60)
    server, worker = platform.code_server(), platform.worker()
    last, first, both_seconds = killed_and_back(platform, 2, server, worker)
    record_property("worker_and_code_server_seconds", both_seconds)
    assert_goes_on(last, first, both_seconds)
    assert platform.code_server().pid != server.pid

    wait_until(lambda: has_worked(platform, 3), 60)
    assert_accounted_for(platform)


def assert_accounted_for(platform):
    """Every minute decided once, in order, under fences that rise and have one owner each."""
    made = platform.decisions()
    times = [row["as_of"] for row in made]
    assert times == list(range(times[0], times[-1] + MINUTE, MINUTE))
    fences = [row["fence"] for row in made]
    assert fences == sorted(fences)
    assert set(fences) == {1, 2, 3}
    assert len({(row["fence"], row["owner"]) for row in made}) == 3
    still_open = "SELECT 1 FROM crypto_sim_positions WHERE status = 'OPEN' AND NOT shadow"
    assert len(platform.rows(still_open)) <= 1
    assert platform.rows("SELECT 1 FROM market_gaps WHERE feed = 'decision'") == []
