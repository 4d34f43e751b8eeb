"""The nightly proof as an asset: its numbers, its check, and days of one run."""

from contextlib import closing

import dagster as dg
import pytest
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from babingepet_assets.definitions import build_definitions
from babingepet_assets.learning.parity import is_complete, live_replay_parity
from babingepet_services.market.source import open_warehouse
from babingepet_services.replay.parity_finding import CHECK, NEVER
from babingepet_services.version import code_version
from tests.assets.conftest import DAY, MINUTES
from tests.databases import tamper
from tests.fakes import FakeClock

KEY = live_replay_parity.key
SUCCEEDED = AssetCheckExecutionRecordStatus.SUCCEEDED
FAILED = AssetCheckExecutionRecordStatus.FAILED
EMPTY_DAY = "2025-04-21"


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run_job(settings, instance, **how):
    definitions = build_definitions(resources={"settings": settings, "clock": FakeClock()})
    job = definitions.resolve_job_def("live_replay_parity")
    return job.execute_in_process(instance=instance, raise_on_error=False, **how)


def checked(instance):
    key = dg.AssetCheckKey(KEY, CHECK)
    history = instance.event_log_storage.get_asset_check_execution_history(key, limit=20)
    return {record.partition: record for record in history}


def metadata_by_day(instance):
    records = instance.fetch_materializations(KEY, limit=10).records
    return {r.partition_key: r.asset_materialization.metadata for r in records}


def forge_verdict(settings, cycle_id):
    forgery = "replace(payload, '\"votes\":', '\"votes\":1')"
    with closing(open_warehouse(settings, "simulated")) as database:
        update = f"UPDATE btc_decisions SET payload = {forgery} WHERE cycle_id = ?"
        assert tamper(database, update, cycle_id) == 1


@pytest.mark.slow
def test_called_as_a_function_it_publishes_identical_of_total(settings):
    with dg.build_asset_context(partition_key=DAY) as context:
        shown = live_replay_parity(context, settings=settings, clock=FakeClock()).metadata
    numbers = ("dagster/row_count", "total", "identical", "undecidable", "other_engine", "share")
    assert [shown[name].value for name in numbers] == [MINUTES, MINUTES, MINUTES, 0, 0, 1.0]
    assert shown["source"].value == "simulated"
    assert shown["window"].value == f"{DAY}T10:00:00Z to {DAY}T12:00:00Z"
    assert shown["warning"].value == "SIMULATED market: every price is made up."
    assert shown["code_version"].value == code_version()
    assert shown["first_difference"].value == f"*{MINUTES} of {MINUTES} cycles identical*"
    assert "| 10:00  |       60 |          60 |             0 |" in shown["table"].value


@pytest.mark.slow
def test_a_whole_day_passes_the_check_of_its_day(settings, instance):
    assert run_job(settings, instance, partition_key=DAY).success
    (record,) = checked(instance).values()
    assert (record.partition, record.status) == (DAY, SUCCEEDED)
    assert record.event.asset_check_evaluation.description == "120 of 120 cycles identical"


@pytest.mark.slow
def test_anything_under_a_hundred_per_cent_fails_the_check_and_is_explained(settings, instance):
    forge_verdict(settings, "btc-20250422T1007Z")
    assert run_job(settings, instance, partition_key=DAY).success
    evaluation = checked(instance)[DAY].event.asset_check_evaluation
    assert checked(instance)[DAY].status == FAILED
    assert evaluation.severity == dg.AssetCheckSeverity.ERROR
    assert not evaluation.blocking
    assert evaluation.description.startswith("119 of 120 cycles identical; the first that is not")
    shown = metadata_by_day(instance)[DAY]
    assert shown["share"].value == 119 / 120
    assert shown["first_difference"].value.startswith(
        "**btc-20250422T1007Z**\n\n- `votes: stored 1"
    )


@pytest.mark.slow
def test_several_days_are_one_run_in_which_each_keeps_its_own_finding(settings, instance):
    forge_verdict(settings, "btc-20250422T1007Z")
    days = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    run_job(settings, instance, tags=dict(zip(days, (EMPTY_DAY, DAY), strict=True)))
    found = metadata_by_day(instance)
    assert {day: shown["total"].value for day, shown in found.items()} == {
        EMPTY_DAY: 0, DAY: MINUTES,
    }  # fmt: skip
    assert "share" not in found[EMPTY_DAY]
    records = checked(instance)
    assert (records[EMPTY_DAY].status, records[DAY].status) == (SUCCEEDED, FAILED)
    described = records[EMPTY_DAY].event.asset_check_evaluation.description
    assert described == "no cycle was decided on this day"


def test_a_day_that_was_never_made_again_says_so(settings, instance):
    definitions = build_definitions(resources={"settings": settings, "clock": FakeClock()})
    selection = dg.AssetSelection.checks(is_complete)
    job = dg.define_asset_job("check", selection, executor_def=dg.in_process_executor)
    graph = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job]))
    run = graph.resolve_job_def("check")
    assert run.execute_in_process(instance=instance, tags={"dagster/partition": DAY}).success
    evaluation = checked(instance)[DAY].event.asset_check_evaluation
    assert (evaluation.passed, evaluation.description) == (False, NEVER)
    assert evaluation.severity == dg.AssetCheckSeverity.WARN


def test_the_job_is_the_asset_alone_in_one_process_with_an_end():
    job = build_definitions().resolve_job_def("live_replay_parity")
    assert job.asset_layer.selected_asset_keys == {KEY}
    assert job.executor_def == dg.in_process_executor
    assert int(job.tags["dagster/max_runtime"]) >= 600
