"""When the sensor launches a loop, and when it does not."""

import dagster as dg
import pytest

from babingepet_assets.btc.loop import btc_loop as btc_loop_job
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.threaded import serve_in_thread
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import lease
from babingepet_resources.warehouse.records import Lease
from babingepet_services.btc.loop import STALE_AFTER
from babingepet_services.market.source import open_warehouse
from sensors.btc_loop import (
    FIRST_BACKOFF,
    LIVED,
    START_PATIENCE,
    Launch,
    Replace,
    RunView,
    Wait,
    btc_loop,
    decide_launch,
    read_lease,
)
from tests.fakes import FakeClock

NOW = 1_700_000_000_000
SECOND = 1000


def held(age=0, *, owner="run", released=None):
    heartbeat = NOW - age
    return Lease("btc", owner, 3, heartbeat, heartbeat, "btc-20231114T2213Z", released)


def run(status, age=0, *, started=None, ended=None, run_id="run"):
    times = [None if t is None else NOW - t for t in (started, ended)]
    return RunView(run_id, status, NOW - age, *times)


def failed(age, lasted=5 * SECOND):
    return run("FAILURE", age + lasted, started=age + lasted, ended=age)


OLD, FRESH = STALE_AFTER, STALE_AFTER - 1
GIVEN_BACK = held(OLD, released=NOW - OLD)

TABLE = [
    ("nothing ever ran", [], None, Launch),
    ("a heartbeat is fresh", [run("STARTED", OLD)], held(FRESH), Wait),
    ("a heartbeat is fresh although Dagster says failed", [failed(SECOND)], held(FRESH), Wait),
    ("a heartbeat is fresh although Dagster says canceled", [run("CANCELED", 9)], held(FRESH), Wait),
    ("a heartbeat is stale and its run ended", [failed(OLD, LIVED)], held(OLD), Launch),
    ("a heartbeat is stale and its run counts as started", [run("STARTED", OLD, started=OLD)], held(OLD), Replace),
    ("the run is being canceled for too long", [run("CANCELING", OLD, started=OLD)], held(OLD), Replace),
    ("a run is queued", [run("QUEUED", START_PATIENCE - 1)], None, Wait),
    ("a run is queued for too long", [run("QUEUED", START_PATIENCE)], None, Replace),
    ("a run is starting", [run("STARTING", 5 * SECOND)], held(OLD), Wait),
    ("a run has just started and holds no lease yet", [run("STARTED", OLD, started=FRESH)], None, Wait),
    ("a run started long ago and never held the lease", [run("STARTED", OLD, started=OLD)], None, Replace),
    ("the lease was given back", [run("SUCCESS", 60 * SECOND, started=59 * SECOND, ended=0)], GIVEN_BACK, Launch),
    ("the lease was given back by a run that writes its last report", [run("STARTED", OLD, started=OLD)], held(SECOND, released=NOW), Launch),
    ("the lease was given back, another run is warming up", [run("STARTED", 9, started=9, run_id="next")], GIVEN_BACK, Wait),
    ("the last run failed at once", [failed(SECOND)], None, Launch),
    ("the last two runs failed at once", [failed(SECOND), failed(90 * SECOND)], None, Wait),
    ("two runs failed at once a while ago", [failed(FIRST_BACKOFF), failed(9 * FIRST_BACKOFF)], None, Launch),
    ("three runs failed at once", [failed(FIRST_BACKOFF), failed(3 * FIRST_BACKOFF), failed(5 * FIRST_BACKOFF)], None, Wait),
    ("two runs failed, but they had lived", [failed(SECOND, LIVED), failed(LIVED, LIVED)], None, Launch),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "runs", "lease_now", "kind"), TABLE, ids=[row[0] for row in TABLE]
)
def test_what_is_decided_when(said, runs, lease_now, kind):
    assert isinstance(decide_launch(runs, lease_now, NOW), kind)


def test_a_replaced_run_is_named_with_the_sign_of_life_it_lacks():
    decision = decide_launch([run("STARTED", OLD, started=OLD)], held(OLD), NOW)
    assert decision == Replace(
        ("run",), "the loop gives no sign of life: run, fence 3, heartbeat 90 s ago"
    )


def test_a_market_that_is_over_is_not_started_again():
    assert decide_launch([], None, NOW, market_over=True) == Wait("the recorded market is over")


def test_a_loop_that_still_runs_is_left_alone_when_the_market_is_over():
    assert "alive" in decide_launch([], held(0), NOW, market_over=True).reason


def test_a_pause_says_how_long_it_lasts():
    reason = decide_launch([failed(20 * SECOND), failed(90 * SECOND)], None, NOW).reason
    assert reason == "the last runs failed at once; the next is launched in 40 s"


@pytest.fixture
def exchange():
    source = open_source("simulated", data=(), symbol="BTCUSDT", start=None, seed=0)
    with serve_in_thread(source, speed=1.0) as served:
        yield served


def tick(instance, settings, clock=None):
    resources = {"settings": settings, "clock": clock or FakeClock(NOW)}
    with dg.build_sensor_context(instance=instance, resources=resources) as context:
        return btc_loop(context)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_a_tick_launches_where_nobody_holds_the_market(instance, exchange, data_dir):
    settings = load_settings(market="simulated", exchange_url=exchange.url)
    request = tick(instance, settings)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key is None
    assert list(data_dir.iterdir()) == []


def test_a_tick_reads_the_lease_of_the_market_s_own_warehouse(instance, exchange, data_dir):
    settings = load_settings(market="simulated", exchange_url=exchange.url)
    database = open_warehouse(settings, "simulated")
    lease.acquire(database, "btc", "somebody", NOW - 1000, STALE_AFTER)
    database.close()
    assert "somebody, fence 1" in tick(instance, settings).skip_message
    assert read_lease(settings, FakeClock()).owner == "somebody"


@pytest.mark.parametrize("market", ["auto", "recorded", "simulated"])
def test_without_an_exchange_a_played_market_cannot_be_run(instance, data_dir, market):
    assert "babingepet run" in tick(instance, load_settings(market=market)).skip_message


def test_an_exchange_that_does_not_answer_is_named(instance, data_dir):
    settings = load_settings(market="simulated", exchange_url="http://127.0.0.1:9")
    assert "http://127.0.0.1:9" in tick(instance, settings).skip_message


def test_a_run_without_a_sign_of_life_is_marked_failed_and_replaced(instance, exchange, data_dir):
    run_of_loop = instance.create_run_for_job(btc_loop_job)
    instance.report_run_canceling(run_of_loop)
    later = FakeClock(int(instance.get_run_records()[0].create_timestamp.timestamp() * 1000) + OLD)
    settings = load_settings(market="simulated", exchange_url=exchange.url)
    assert isinstance(tick(instance, settings, later), dg.RunRequest)
    assert instance.get_run_by_id(run_of_loop.run_id).status == dg.DagsterRunStatus.FAILURE
