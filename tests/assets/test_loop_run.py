"""The loop as a Dagster run: how it ends, and what it leaves behind."""

import os
import signal

import dagster as dg
import pytest
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import OperationalError

from babingepet_assets.btc.loop import btc_loop
from babingepet_assets.btc.loop_stop import STATUS_EVERY, StopWatch, uninterrupted
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import history, lease
from babingepet_services.btc.loop import STALE_AFTER
from babingepet_services.market.source import open_warehouse
from tests.assets.recording import END, write_recording
from tests.fakes import FakeClock

MATERIALIZED = dg.DagsterEventType.ASSET_MATERIALIZATION
STARTED, CANCELING = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING


@pytest.fixture
def settings(tmp_path, data_dir):
    """The last twenty minutes of a recording, as fast as possible."""
    return load_settings(
        market="recorded",
        data=(write_recording(tmp_path / "BTCUSDT-1m.csv"),),
        start="2025-04-22T11:40",
        speed="max",
        overrides=("min_capability=0",),
    )


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run_loop(settings, instance):
    return btc_loop.execute_in_process(
        instance=instance,
        resources={"settings": settings, "clock": SystemClock()},
        raise_on_error=False,
    )


def decisions(settings):
    database = open_warehouse(settings, "recorded")
    with database.reading() as connection:
        found = history.decisions(connection, "paper", "BTCUSDT", 0, 1 << 60)
    held = lease.read(database, "btc")
    database.close()
    return found, held


@pytest.mark.slow
def test_a_recording_is_decided_to_its_end_under_the_run_s_own_name(settings, instance):
    result = run_loop(settings, instance)
    found, held = decisions(settings)
    assert result.success
    assert [d.as_of for d in found] == [END - 60_000 * k for k in reversed(range(21))]
    assert {d.owner for d in found} == {result.run_id} == {held.owner}
    assert held.released_at is not None
    assert instance.get_materialized_partitions(dg.AssetKey(["btc", "portfolio"])) == {"2025-04-22"}


def test_a_lease_that_another_holds_is_left_alone_without_a_failure(settings, instance):
    database = open_warehouse(settings, "recorded")
    lease.acquire(database, "btc", "another", SystemClock().now(), STALE_AFTER)
    database.close()
    assert run_loop(settings, instance).success
    found, held = decisions(settings)
    assert (found, held.owner) == ([], "another")


def test_a_mistake_of_the_user_fails_the_run_with_a_sentence(settings, instance):
    wrong = settings.model_copy(update={"overrides": ("no_such=1",)})
    result = run_loop(wrong, instance)
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "no such setting" in failure.step_failure_data.user_failure_data.description


@pytest.mark.slow
def test_a_run_that_the_user_terminates_ends_after_the_minute_in_hand(
    settings, instance, monkeypatch
):
    looks = []

    def status_on_the_way_to_the_end(run_log):
        run_id = run_log._context.run_id
        looks.append(run_id)
        if len(looks) == 5:
            instance.report_run_canceling(instance.get_run_by_id(run_id))
        return instance.get_run_by_id(run_id).status

    monkeypatch.setattr("babingepet_assets.btc.loop_stop.STATUS_EVERY", 0.0)
    monkeypatch.setattr("babingepet_assets.btc.run_log.RunLog.status", status_on_the_way_to_the_end)
    result = run_loop(settings, instance)
    found, held = decisions(settings)
    assert not result.success
    assert 0 < len(found) < 20
    assert held.released_at is not None
    assert instance.get_run_by_id(result.run_id).status == dg.DagsterRunStatus.CANCELED


def test_a_signal_is_kept_until_the_item_is_made_and_asked_for_afterwards():
    watch = StopWatch(lambda: STARTED, SystemClock())
    made = []

    def items():
        for number in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
            made.append(number)
            yield number
            if watch.should_stop():
                return

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        assert list(uninterrupted(items(), watch)) == [0]
    finally:
        signal.signal(signal.SIGTERM, before)
    assert made == [0]
    assert watch.reason == "a signal asked it to end"


def test_dagster_is_asked_every_few_seconds_and_not_every_cycle():
    clock, asked = FakeClock(), []
    watch = StopWatch(lambda: asked.append(1) or STARTED, clock)
    for _ in range(60):
        assert not watch.should_stop()
        clock.advance(STATUS_EVERY / 10)
    assert len(asked) == 5


@pytest.mark.parametrize("status", [CANCELING, dg.DagsterRunStatus.FAILURE, None])
def test_a_run_that_is_not_started_any_more_leaves(status):
    clock = FakeClock()
    watch = StopWatch(lambda: status, clock)
    clock.advance(STATUS_EVERY)
    assert watch.should_stop()
    assert not watch.is_wanted()


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT", {}, None), DagsterPostgresException()]
)
def test_a_storage_that_does_not_say_is_no_reason_to_leave(error):
    clock, asked = FakeClock(), []

    def status():
        asked.append(1)
        raise error

    watch = StopWatch(status, clock)
    for _ in range(5):
        clock.advance(STATUS_EVERY)
        assert not watch.should_stop()
    assert len(asked) == 5
    assert watch.is_wanted()


@pytest.mark.slow
def test_the_loop_outlives_a_storage_that_takes_no_events(settings, instance, monkeypatch):
    wrote, away = instance.event_log_storage.store_event, [0]

    def store(event):
        if event.is_dagster_event and event.dagster_event.event_type == MATERIALIZED:
            away[0] += 1
            if away[0] == 1:
                raise OperationalError("INSERT", {}, None)
        return wrote(event)

    monkeypatch.setattr(instance.event_log_storage, "store_event", store)
    result = run_loop(settings, instance)
    found, _ = decisions(settings)
    assert away[0] > 1
    assert result.success
    assert len(found) == 21
    assert instance.get_materialized_partitions(dg.AssetKey(["btc", "portfolio"])) == {"2025-04-22"}
