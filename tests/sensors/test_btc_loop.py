"""When the sensor launches a loop, and when it does not."""

import dagster as dg
import pytest

from babingepet_assets.btc.loop import btc_loop as btc_loop_job
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.threaded import serve_in_thread
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import lease
from babingepet_services.btc.loop import STALE_AFTER
from babingepet_services.market.source import open_warehouse
from babingepet_services.version import code_version
from sensors.btc_loop import btc_loop, read_lease
from tests.fakes import FakeClock

NOW = 1_700_000_000_000


@pytest.fixture
def exchange():
    source = open_source("simulated", data=(), symbol="BTCUSDT", start=None, seed=0)
    with serve_in_thread(source, speed=1.0) as served:
        yield served


def tick(instance, settings, clock=None):
    return look(instance, settings, clock)[0]


def look(instance, settings, clock=None, cursor=None):
    """One tick: what the sensor says, and the cursor after it."""
    resources = {"settings": settings, "clock": clock or FakeClock(NOW)}
    with dg.build_sensor_context(instance=instance, resources=resources, cursor=cursor) as context:
        return btc_loop(context), context.cursor


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
    later = FakeClock(
        int(instance.get_run_records()[0].create_timestamp.timestamp() * 1000) + STALE_AFTER
    )
    settings = load_settings(market="simulated", exchange_url=exchange.url)
    assert isinstance(tick(instance, settings, later), dg.RunRequest)
    assert instance.get_run_by_id(run_of_loop.run_id).status == dg.DagsterRunStatus.FAILURE


def lease_of(settings):
    return read_lease(settings, FakeClock())


def owned(settings, code):
    """A loop that is alive and runs the given code."""
    database = open_warehouse(settings, "simulated")
    held = lease.acquire(database, "btc", "somebody", NOW - 1000, STALE_AFTER, code)
    database.close()
    return held


def test_a_loop_with_other_code_than_the_location_is_asked_once_and_sent_a_successor(
    instance, exchange, data_dir
):
    settings = load_settings(market="simulated", exchange_url=exchange.url)
    owned(settings, "0.0.1+old")
    said, cursor = look(instance, settings)
    assert isinstance(said, dg.RunRequest)
    assert cursor == code_version()
    asked = f"code 0.0.1+old was replaced by {code_version()}"
    assert lease_of(settings).handover_reason == asked


def test_a_loop_with_the_location_s_code_is_left_alone(instance, exchange, data_dir):
    settings = load_settings(market="simulated", exchange_url=exchange.url)
    owned(settings, code_version())
    said, cursor = look(instance, settings, cursor="0.0.1+old")
    assert "a loop is alive" in said.skip_message
    assert cursor == code_version()
    assert lease_of(settings).handover_reason is None


def test_a_run_that_loaded_newer_files_than_the_location_is_not_replaced_for_ever(
    instance, exchange, data_dir
):
    settings = load_settings(market="simulated", exchange_url=exchange.url)
    owned(settings, "0.2.0+newer")
    said, cursor = look(instance, settings, cursor=code_version())
    assert "a loop is alive" in said.skip_message
    assert cursor == code_version()


def test_a_loop_is_not_asked_again_while_its_successor_starts(instance, exchange, data_dir):
    settings = load_settings(market="simulated", exchange_url=exchange.url)
    owned(settings, "0.0.1+old")
    instance.create_run_for_job(btc_loop_job)
    started = int(instance.get_run_records()[0].create_timestamp.timestamp() * 1000)
    database = open_warehouse(settings, "simulated")
    lease.renew(database, lease.read(database, "btc"), started)
    database.close()
    said, cursor = look(instance, settings, FakeClock(started + 1000))
    assert "is starting" in said.skip_message
    assert cursor is None
    assert lease_of(settings).handover_reason is None
