"""A data check in the UI and the gate of the loop are one thing."""

import dagster as dg
import pytest
from dagster import AssetCheckKey
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from babingepet.cycles.settings import BtcSettings, override
from babingepet.market.intervals import MINUTE
from babingepet_assets.btc.checks import ASSET_CHECKS
from babingepet_assets.definitions import build_definitions
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse import candles, checks
from babingepet_services.btc.checks import CHECKS
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from scripts.bench.common.market import START
from tests.assets.conftest import DAY, MINUTES
from tests.databases import tamper
from tests.services.conftest import EAGER, made_up_feed


def run_checks(settings, instance, **how):
    """Evaluate all checks, without materializing anything."""
    definitions = build_definitions(resources={"settings": settings, "clock": SystemClock()})
    selection = dg.AssetSelection.all_asset_checks()
    job = dg.define_asset_job("checks", selection, executor_def=dg.in_process_executor)
    graph = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job]))
    found = graph.resolve_job_def("checks")
    return found.execute_in_process(instance=instance, raise_on_error=False, **how)


def next_decision(warehouse, extra):
    program = BtcProgram(settings=override(BtcSettings(), EAGER))
    options = LoopOptions("after", max_cycles=1, limits=warehouse.limits)
    feed = made_up_feed(MINUTES + extra)
    loop = BtcLoop(feed, warehouse, SystemClock(), program, options)
    return next(report.decision for report in loop.run() if report.decision)


def stored_low(warehouse, low):
    """Put a price into the last closed candle of the day that no exchange would send."""
    time = START + (MINUTES - 5) * 60_000
    with warehouse.reading() as connection:
        (before,) = candles.read(connection, "BTCUSDT", "1m", "simulated", time, time + MINUTE).low
    update = "UPDATE crypto_candles SET low = ? WHERE interval = '1m' AND open_time = ?"
    assert tamper(warehouse, update, float(low), time) == 1
    return before


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def executions(instance, spec):
    key = AssetCheckKey(dg.AssetKey(spec.asset.split("/")), spec.name)
    return instance.event_log_storage.get_asset_check_execution_history(key, limit=20)


@pytest.mark.slow
def test_a_bad_candle_stops_entries_until_it_is_mended(settings, warehouse, instance):
    low = stored_low(warehouse, -1.0)
    assert not run_checks(settings, instance, tags={"dagster/partition": DAY}).success
    blocked = {refusal.gate: refusal.detail for refusal in next_decision(warehouse, 1).blocked_by}
    assert "btc/candles in_range: 1 of 720 minutes out of range" in blocked["CHECK_FAILED"]

    stored_low(warehouse, low)
    assert run_checks(settings, instance, tags={"dagster/partition": DAY}).success
    gates = [refusal.gate for refusal in next_decision(warehouse, 2).blocked_by]
    assert "CHECK_FAILED" not in gates


@pytest.mark.slow
def test_an_evaluation_leaves_nothing_planned(settings, instance):
    run_checks(settings, instance, tags={"dagster/partition": DAY})
    for spec in CHECKS:
        (record,) = executions(instance, spec)
        assert record.status == AssetCheckExecutionRecordStatus.SUCCEEDED
        assert record.partition == DAY


@pytest.mark.slow
def test_a_range_of_days_is_judged_day_by_day(settings, instance):
    days = ("2025-04-21", DAY)
    tags = dict(
        zip(("dagster/asset_partition_range_start", "dagster/asset_partition_range_end"), days, strict=True)
    )  # fmt: skip
    run_checks(settings, instance, tags=tags)
    in_range = next(spec for spec in CHECKS if spec.name == "in_range")
    found = {record.partition: record.status for record in executions(instance, in_range)}
    assert {found[day] for day in days} == {AssetCheckExecutionRecordStatus.SUCCEEDED}
    assert AssetCheckExecutionRecordStatus.PLANNED not in found.values()


@pytest.mark.slow
def test_a_check_that_is_evaluated_here_is_stored_where_the_loop_looks(
    settings, warehouse, instance
):
    stored_low(warehouse, -1.0)
    run_checks(settings, instance, tags={"dagster/partition": DAY})
    with warehouse.reading() as connection:
        (failure,) = checks.blocking_failures(connection, "btc/")
    assert (failure.name, failure.partition, failure.source) == ("in_range", DAY, "simulated")


def test_there_is_one_asset_check_for_each_data_check():
    assert len(ASSET_CHECKS) == len(CHECKS) + 1  # that of the loop looks at no day
