"""The whole platform, with its processes killed: the next loop goes on where the last one was torn out.

Real processes: exchange, code server, run worker, daemon, pages. The market is in lock-step and as
fast as possible, so the worker is always within a cycle when it dies; how long a loop takes to come
back does not depend on the market's speed, but for up to a minute at 1x.
"""

import time
from contextlib import nullcontext

import httpx
import psutil
import pytest

from babingepet.errors import WarehouseUnavailable
from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from tests.assets.recording import END, write_recording
from tests.faults import invariants
from tests.faults.platform import PASSWORD, guarded_server, kill, running, wait_until

pytestmark = [pytest.mark.timeout(1200)]

BOTH = [
    pytest.param("sqlite", marks=pytest.mark.slow),
    pytest.param("postgresql", marks=pytest.mark.nightly),
]
BACK_WITHIN = 240.0
"""Seconds from a kill to the next loop's first decision."""
WORKED = 30
"""Decisions that a loop makes before it is killed."""
AWAY = 20.0
"""Seconds for which the server is gone: longer than Dagster's own five attempts."""
HOLDING = (
    "buy_threshold=0.02", "strong_threshold=0.03", "min_votes=1", "min_coverage=0",
    "min_capability=0", "blocked_hours=", "entry_spacing=60000", "max_hold=8640000000",
    "stop_loss=0.5", "target=5", "arm=1",
)  # fmt: skip
"""Rules under which a position is opened soon and held for good."""


@pytest.fixture(params=BOTH)
def server(request):
    """The address of a server's database, and the server; neither for the embedded one."""
    with nullcontext((None, None)) if request.param == "sqlite" else guarded_server() as found:
        yield found


@pytest.fixture
def platform(tmp_path, server):
    recording = write_recording(tmp_path / "BTCUSDT-1m.csv", END + 6 * DAY, drift=1e-5)
    settings = load_settings(data_dir=tmp_path / "data", market="recorded", database_url=server[1])
    options = ["--data", str(recording), "--from", "2025-04-22T12:00", "--speed", "max"]
    for pair in HOLDING:
        options += ["--set", pair]
    with running(settings, tmp_path, *options) as started:
        yield started


def has_worked(platform, fence):
    """Whether the loop of a fence made enough decisions and holds a position."""
    try:
        made = [one for one in platform.decisions() if one.fence == fence]
    except WarehouseUnavailable:  # the tables are being made
        return False
    return len(made) >= WORKED and made[-1].position is not None


def killed_and_back(platform, fence, *victims):
    """Kill, wait for the first decision of the next loop; returns (last, first, seconds)."""
    kill(victims)
    killed_at = SystemClock().now()
    last = platform.decisions()[-1]
    wait_until(lambda: platform.decisions(after_fence=fence), 300)
    first = platform.decisions(after_fence=fence)[0]
    return last, first, (first.decided_at - killed_at) / 1000


def assert_goes_on(last, first, seconds):
    assert seconds < BACK_WITHIN
    assert first.as_of == last.as_of + MINUTE
    assert first.owner != last.owner
    assert first.state_before_hash == last.state_after_hash
    before, after = last.position, first.position
    for kept in ("position_id", "entry_price", "quantity", "initial_stop"):
        assert before[kept] == after[kept]
    assert after["peak"] >= before["peak"]


def test_a_killed_worker_and_a_killed_code_server_are_replaced(platform, record_property):
    wait_until(lambda: has_worked(platform, 1), 180)
    last, first, seconds = killed_and_back(platform, 1, platform.worker())
    record_property("worker_seconds", seconds)
    assert_goes_on(last, first, seconds)

    wait_until(lambda: has_worked(platform, 2), 60)
    servers, worker = platform.code_servers(), platform.worker()
    assert len(servers) == 2
    last, first, both_seconds = killed_and_back(platform, 2, *servers, worker)
    record_property("worker_and_code_server_seconds", both_seconds)
    assert_goes_on(last, first, both_seconds)
    assert not {p.pid for p in platform.code_servers()} & {p.pid for p in servers}

    wait_until(lambda: has_worked(platform, 3), 60)
    with platform.warehouse() as database:
        work = invariants.check(database)
    assert (work.fences, work.missed) == (3, 0)


@pytest.mark.parametrize("server", BOTH[1:], indirect=True)
def test_a_server_that_goes_away_and_comes_back_finds_the_platform_alive(
    platform, server, record_property
):
    """Warehouse and Dagster's storage are gone together, in the middle of a cycle."""
    wait_until(lambda: has_worked(platform, 1), 240)
    started = {name: platform.find(word)[0].pid for name, word in PROGRAMS.items()}
    before = platform.decisions()[-1]
    server[0].halt()
    time.sleep(AWAY)
    server[0].resume()
    back_at = SystemClock().now()
    wait_until(lambda: platform.decisions()[-1].as_of > before.as_of + WORKED * MINUTE, 300)
    first = next(one for one in platform.decisions() if one.decided_at > back_at)
    record_property("seconds_to_the_first_decision", (first.decided_at - back_at) / 1000)
    record_property("fences", platform.decisions()[-1].fence)
    assert {name: platform.find(word)[0].pid for name, word in PROGRAMS.items()} == started
    with platform.warehouse() as database:
        invariants.check(database)


PROGRAMS = {"daemon": "dagster._daemon", "pages": "dagster_webserver", "code": "code-server"}


@pytest.mark.parametrize("server", BOTH[1:], indirect=True)
def test_the_password_is_nowhere_but_in_the_environment(platform, tmp_path):
    wait_until(lambda: has_worked(platform, 1), 240)
    everything = [psutil.Process(platform.process.pid), *platform.below()]
    assert len(everything) >= 6
    assert not any(PASSWORD in " ".join(process.cmdline()) for process in everything)
    query = {"query": "{ instance { info } workspaceOrError { __typename } }"}
    answer = httpx.post(f"http://127.0.0.1:{platform.port}/graphql", json=query, timeout=60).text
    assert "PostgresRunStorage" in answer
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 5
    for text in (answer, *(path.read_bytes().decode(errors="replace") for path in written)):
        assert PASSWORD not in text
