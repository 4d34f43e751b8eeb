"""What Dagster is told of the loop, how often, and what is forgotten after a break."""

import json

import dagster as dg
import pytest
from dagster import AssetCheckKey
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from babingepet.market.intervals import MINUTE, SECOND
from babingepet_assets.btc.checks import LOOP_CHECK
from babingepet_assets.definitions import build_definitions
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.threaded import serve_in_thread
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import lease, outbox
from babingepet_services.btc.loop_watch import TOPIC
from babingepet_services.market.source import open_warehouse
from sensors.btc_health import BREAK, EVERY, REPORT_EVERY, btc_loop_health, resume
from tests.fakes import FakeClock

NOW = 1_700_000_000_000
KEY = AssetCheckKey(dg.AssetKey(["btc", "decisions"]), LOOP_CHECK)


@pytest.fixture(scope="module")
def exchange():
    source = open_source("simulated", data=(), symbol="BTCUSDT", start=None, seed=0)
    with serve_in_thread(source, speed=1.0) as served:
        yield served


@pytest.fixture
def settings(exchange, data_dir):
    return load_settings(market="simulated", exchange_url=exchange.url)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def warehouse(settings):
    database = open_warehouse(settings, "simulated")
    yield database
    database.close()


class Watcher:
    """The sensor, ticking with its cursor; its events go where the daemon puts them."""

    def __init__(self, instance, settings):
        self.instance, self.settings, self.clock = instance, settings, FakeClock(NOW)
        self.cursor = None

    def tick(self, seconds=EVERY):
        self.clock.advance(seconds)
        resources = {"settings": self.settings, "clock": self.clock}
        with dg.build_sensor_context(
            instance=self.instance, resources=resources, cursor=self.cursor
        ) as context:
            result = btc_loop_health(context)
        self.cursor = result.cursor
        for event in result.asset_events:
            self.instance.report_runless_asset_event(event)
        return result

    def evaluations(self):
        history = self.instance.event_log_storage.get_asset_check_execution_history(KEY, limit=20)
        return [record.status for record in reversed(history)]


@pytest.fixture
def watcher(instance, settings):
    return Watcher(instance, settings)


PASSED = AssetCheckExecutionRecordStatus.SUCCEEDED
FAILED = AssetCheckExecutionRecordStatus.FAILED


def test_before_any_loop_there_is_nothing_to_judge(watcher, data_dir):
    assert watcher.tick().skip_reason.skip_message == "no loop ever ran"
    assert watcher.evaluations() == []
    assert list(data_dir.iterdir()) == []


def test_a_change_is_reported_at_once_and_no_change_every_quarter_of_an_hour(watcher, warehouse):
    held = lease.acquire(warehouse, "btc", "run-1", NOW, 90 * SECOND)
    for _ in range(9):
        watcher.tick()
        lease.renew(warehouse, held, watcher.clock.now())
    assert watcher.evaluations() == [PASSED]
    for _ in range(3):
        watcher.tick()
        lease.renew(warehouse, held, watcher.clock.now())
    assert watcher.evaluations() == [PASSED, FAILED]
    for _ in range(REPORT_EVERY // (EVERY * SECOND)):
        watcher.tick()
        lease.renew(warehouse, held, watcher.clock.now())
    assert watcher.evaluations() == [PASSED, FAILED, FAILED]
    with warehouse.reading() as connection:
        assert [m.topic for m in outbox.pending(connection)] == [TOPIC]


def test_a_loop_that_was_away_while_the_platform_was_down_is_given_time_to_come_back(
    watcher, warehouse
):
    held = lease.acquire(warehouse, "btc", "run-1", NOW, 90 * SECOND)
    lease.release(warehouse, held, NOW)
    watcher.tick()
    watcher.tick(12 * 3600)
    assert watcher.evaluations()[-1] == PASSED
    for _ in range(4):
        watcher.tick()
    assert watcher.evaluations()[-1] == FAILED


def test_a_database_that_does_not_answer_fails_the_check(watcher, settings, warehouse):
    watcher.settings = settings.model_copy(
        update={"database_url": "postgresql://nobody@127.0.0.1:9/none"}
    )
    assert "nothing is known" in watcher.tick().asset_events[0].description
    assert watcher.evaluations() == [FAILED]


def test_the_check_in_the_pages_says_the_same_and_leaves_nothing_planned(
    watcher, settings, warehouse
):
    lease.acquire(warehouse, "btc", "run-1", NOW, 90 * SECOND)
    watcher.tick()
    watcher.clock.advance(300)
    definitions = build_definitions(resources={"settings": settings, "clock": watcher.clock})
    selection = dg.AssetSelection.checks(KEY)
    job = dg.define_asset_job("look", selection, executor_def=dg.in_process_executor)
    graph = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job]))
    graph.resolve_job_def("look").execute_in_process(
        instance=watcher.instance, tags={"dagster/partition": "2025-04-22"}
    )
    assert watcher.evaluations() == [PASSED, FAILED]


@pytest.mark.parametrize("cursor", [None, "", "not json", '{"another": 1}', "[]"])
def test_a_cursor_of_another_kind_begins_anew(cursor):
    assert resume(cursor, NOW).since == NOW


@pytest.mark.parametrize(("pause", "since"), [(BREAK - 1, NOW - MINUTE), (BREAK, NOW + BREAK)])
def test_a_watch_that_was_broken_begins_anew(pause, since):
    cursor = json.dumps({"since": NOW - MINUTE, "seen_at": NOW})
    assert resume(cursor, NOW + pause).since == since
