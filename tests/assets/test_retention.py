"""What the nightly job deletes, and what a partition shows afterwards: the same as before."""

import os
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster import AssetCheckKey
from sqlalchemy import func, select

from babingepet.market.intervals import DAY, to_datetime
from babingepet_assets import retention
from babingepet_assets.jobs import KEPT_DAYS, MESSAGES_KEPT, event_log_retention
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import outbox
from babingepet_services.market.source import open_warehouse
from scripts.devtools import postgres
from tests.fakes import FakeClock
from tests.resources.warehouse import builders as b

DAYS = dg.DailyPartitionsDefinition(start_date="2025-01-01")
KEY = dg.AssetKey(["btc", "candles"])
CHECK = AssetCheckKey(KEY, "in_range")
NOW = SystemClock().now()


@dg.asset(key=KEY, partitions_def=DAYS)
def candles():
    os.write(1, b"said on standard output")


@dg.asset_check(asset=KEY, name=CHECK.name)
def in_range():
    return dg.AssetCheckResult(passed=True)


@dg.op
def fails():
    raise RuntimeError("as it may")


@dg.job(executor_def=dg.in_process_executor)
def failing():
    fails()


DEFINITIONS = dg.Definitions(
    assets=[candles], asset_checks=[in_range], jobs=[failing], executor=dg.in_process_executor
)
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)]


@contextmanager
def storage(kind):
    """What dagster.yaml says of the storage; a real server for PostgreSQL."""
    if kind == "sqlite":
        yield {}
        return
    programs = postgres.programs()
    if programs is None:
        pytest.skip("no PostgreSQL server binaries (15 or later) on this machine")
    with postgres.server(programs, prefix="retention-pg-") as url:
        address = f"{url}/postgres".replace("postgresql", "postgresql+psycopg2")
        yield {"storage": {"postgres": {"postgres_url": address}}}


@pytest.fixture(params=BOTH)
def instance(request, tmp_path):
    home = tmp_path / "dagster"
    home.mkdir()
    with (
        storage(request.param) as overrides,
        dg.DagsterInstance.local_temp(str(home), overrides=overrides) as instance,
    ):
        yield instance


def materialize(instance, day):
    job = DEFINITIONS.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, partition_key=day).run_id


def clean(instance, days_later=KEPT_DAYS + 1):
    clock = FakeClock(NOW + days_later * DAY)
    settings = load_settings(data_dir=Path(instance.root_directory), market="recorded")
    resources = {"clock": clock, "settings": settings}
    assert event_log_retention.execute_in_process(instance=instance, resources=resources).success


def rows(instance, table):
    with instance.event_log_storage.index_connection() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.mark.slow
def test_the_newest_of_each_partition_stays_and_all_other_old_runs_go(instance):
    first = materialize(instance, "2025-01-01")
    again = materialize(instance, "2025-01-01")
    other = materialize(instance, "2025-01-02")
    failed = failing.execute_in_process(instance=instance, raise_on_error=False).run_id
    superseded = materialize(instance, "2025-01-03")
    instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="2025-01-03"))
    shown = instance.fetch_materializations(KEY, limit=1).records[0].asset_materialization
    everything = (first, again, other, failed, superseded)

    clean(instance, KEPT_DAYS - 1)
    assert all(instance.has_run(run_id) for run_id in everything)

    clean(instance)
    left = [run_id for run_id in everything if instance.has_run(run_id)]
    assert left == [again, other]
    days = {"2025-01-01", "2025-01-02", "2025-01-03"}
    assert instance.get_materialized_partitions(KEY) == days
    assert instance.fetch_materializations(KEY, limit=1).records[0].asset_materialization == shown


@pytest.mark.nightly
def test_the_newest_evaluation_of_each_check_and_day_stays(instance):
    for passed in (True, False, True):
        for partition in (None, "2025-01-01"):
            if partition is None:
                event = dg.AssetCheckEvaluation(asset_key=KEY, check_name=CHECK.name, passed=passed)
                instance.report_runless_asset_event(event)
            else:
                materialize(instance, partition)
    before = to_datetime(NOW + DAY)
    retention.delete_old_evaluations(instance, before)
    left = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=20)
    assert {record.partition for record in left} == {None, "2025-01-01"}
    assert len(left) == len({(record.partition) for record in left})
    assert rows(instance, retention.Evaluations) == len(left)


@pytest.mark.nightly
def test_many_old_runs_go_in_one_night(instance, monkeypatch):
    monkeypatch.setattr(retention, "PAGE", 3)
    made = [instance.create_run_for_job(failing) for _ in range(8)]
    for run in made:
        instance.report_run_failed(run)
    deleted, kept = retention.delete_old_runs(instance, to_datetime(NOW + DAY))
    assert (deleted, kept) == (8, 0)
    assert instance.get_run_records() == []


@pytest.mark.nightly
def test_a_deleted_run_leaves_nothing_behind(instance):
    runs = [materialize(instance, "2025-01-01") for _ in range(2)]
    home = Path(instance.root_directory)

    def traces(run_id):
        return [path for path in home.rglob("*") if run_id in str(path) and path.is_file()]

    assert traces(runs[0])
    clean(instance)
    assert traces(runs[0]) == []
    storage = instance.run_storage
    with storage.connect() as connection:
        tagged = connection.execute(select(retention.RunTagsTable.c.run_id).distinct())
        assert runs[0] not in {row.run_id for row in tagged}


def test_messages_are_deleted_long_after_they_were_delivered_and_never_before(tmp_path):
    settings = load_settings(data_dir=tmp_path, market="recorded")
    database = open_warehouse(settings, "recorded")
    with database.writing() as connection:
        outbox.add(connection, [b.message("old"), b.message("young"), b.message("waits")])
        ids = {message.key: message.id for message in outbox.pending(connection)}
        outbox.mark_delivered(connection, ids["old"], NOW)
        outbox.mark_delivered(connection, ids["young"], NOW + DAY)
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {"clock": FakeClock(NOW + MESSAGES_KEPT + 1), "settings": settings}
        done = event_log_retention.execute_in_process(instance=instance, resources=resources)
        assert done.success
    with database.reading() as connection:
        left = {row.key for row in connection.execute(select(outbox.table.c.key))}
    database.close()
    assert left == {"young", "waits"}
