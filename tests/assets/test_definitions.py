"""The graph as a whole: what is in it, how it hangs together, and that loading it does nothing."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
import yaml

from babingepet_assets.btc.checks import ASSET_CHECKS, DECIDED, LOOP_CHECK
from babingepet_assets.btc.context_checks import CONTEXT_CHECKS
from babingepet_assets.btc.group import BTC, CONTEXT_POOL
from babingepet_assets.btc.loop import MAX_RUNTIME, TAGS
from babingepet_assets.definitions import build_definitions, defs
from babingepet_assets.learning.group import LEARNING
from babingepet_assets.memory.checks import MEMORY_CHECKS
from babingepet_assets.memory.group import MEMORY
from babingepet_assets.partitions import DAILY, MONTHLY
from babingepet_services.btc.checks import CHECKS
from babingepet_services.btc_day import context_checks, swarm_checks
from babingepet_services.jobs import OWN_JOBS
from babingepet_services.memory import checks as memory_checks
from babingepet_services.replay import parity_finding as parity
from babingepet_services.version import code_version
from tests.fakes import FakeClock

LINEAGE = {
    "btc/candles": set(),
    "btc/order_flow": set(),
    "btc/order_book": set(),
    "btc/funding": set(),
    "btc/open_interest": set(),
    "btc/tape": {"btc/order_flow"},
    "btc/news": set(),
    "btc/sentiment": {"btc/news"},
    "btc/etf_flow": set(),
    "btc/signals": {
        "btc/candles",
        "btc/order_flow",
        "btc/order_book",
        "btc/funding",
        "btc/open_interest",
        "btc/news",
        "btc/etf_flow",
    },
    "btc/swarm_verdicts": {"btc/signals"},
    "btc/decisions": {"btc/signals"},
    "btc/positions": {"btc/decisions", "btc/positions"},
    "btc/portfolio": {"btc/positions"},
    "learning/live_replay_parity": {"btc/decisions"},
    "learning/hour_seasonality": {"btc/candles"},
    "memory/engrams": {"btc/decisions", "btc/positions"},
    "memory/chronicles": {"memory/engrams", "btc/portfolio"},
}
PRODUCT = Path(__file__).resolve().parents[2]
POOLS = {group.name: group.pool for group in (BTC, LEARNING, MEMORY)}
"""Each group's reports run one at a time."""
CONTEXT = {"btc/news", "btc/sentiment", "btc/etf_flow", "btc/swarm_verdicts"}
"""Assets that ask a feed: what it says now is lost behind a backfill of an hour."""
MONTHS = {"learning/hour_seasonality"}


@pytest.fixture(scope="module")
def graph():
    return defs.resolve_asset_graph()


def name(key):
    return key.to_user_string()


def test_the_assets_depend_on_what_they_are_made_from(graph):
    found = {
        name(key): {name(k) for k in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    own_past = {"btc/positions": {"btc/positions"}}
    assert {k: v | own_past.get(k, set()) for k, v in found.items()} == LINEAGE


def test_positions_begin_with_what_the_day_before_left_open(graph):
    mapping = graph.get(dg.AssetKey(["btc", "positions"])).partition_mappings
    assert mapping[dg.AssetKey(["btc", "positions"])] == dg.TimeWindowPartitionMapping(
        start_offset=-1, end_offset=-1
    )


def test_decisions_and_positions_are_made_together_so_that_a_backfill_is_one_run(graph):
    """Dagster gives an asset with a past of its own a second run, unless it comes with its parents."""
    together = {dg.AssetKey(["btc", one]) for one in ("decisions", "positions")}
    for key in together:
        assert graph.get(key).execution_set_asset_keys == together


def test_every_asset_says_what_it_is(graph):
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        market = key.path[0]
        assert node.group_name == market
        assert node.partitions_def == (MONTHLY if name(key) in MONTHS else DAILY)
        assert node.owners == [f"team:{market}"]
        assert node.kinds
        assert node.code_version
        assert node.pools == {CONTEXT_POOL if name(key) in CONTEXT else POOLS[market]}
        assert "Shape: " in node.description, name(key)
        assert node.backfill_policy == dg.BackfillPolicy.single_run()


def test_today_is_a_partition():
    assert DAILY.end_offset == 1
    assert DAILY.get_first_partition_key() == "2023-01-01"


def test_every_data_check_is_a_partitioned_check_of_its_asset(graph):
    found = {(name(key.asset_key), key.name) for key in graph.asset_check_keys}
    data_checks = {(check.asset, check.name) for check in CHECKS}
    loop_check = (DECIDED, LOOP_CHECK)
    beside = (*context_checks.CHECKS, *swarm_checks.CHECKS, *memory_checks.CHECKS)
    warnings = {(check.asset, check.name) for check in beside}
    assert found == data_checks | warnings | {(parity.ASSET, parity.CHECK), loop_check}
    specs = [spec for check in ASSET_CHECKS for spec in check.check_specs]
    assert len(specs) == len(CHECKS) + 1
    for spec in specs:
        assert spec.partitions_def == DAILY
        assert spec.blocking is (spec.name not in {"feeds_agree", "clocks_agree", LOOP_CHECK})
        assert spec.description


def test_a_month_of_hours_is_made_of_the_days_of_two_years_before_it_and_of_none_of_its_own(graph):
    node = graph.get(dg.AssetKey(["learning", "hour_seasonality"]))
    mapping = node.partition_mappings[dg.AssetKey(["btc", "candles"])]
    month = MONTHLY.subset_with_partition_keys(["2025-05-01"])
    days = mapping.get_upstream_mapped_partitions_result_for_partitions(
        month, MONTHLY, DAILY, current_time=datetime(2026, 1, 1, tzinfo=UTC)
    ).partitions_subset.get_partition_keys()
    assert (min(days), max(days)) == ("2023-05-01", "2025-04-30")


def test_checks_of_context_and_memory_are_partitioned_and_stop_nothing():
    checks = (*CONTEXT_CHECKS, *MEMORY_CHECKS)
    specs = [spec for check in checks for spec in check.check_specs]
    assert {spec.partitions_def for spec in specs} == {DAILY}
    assert not any(spec.blocking for spec in specs)
    assert all(spec.description for spec in specs)


def test_every_schedule_is_a_job_that_the_command_line_lists():
    schedules = {schedule.name for schedule in defs.get_repository_def().schedule_defs}
    assert schedules == {job.job_id for job in OWN_JOBS}
    assert {job.runs_as for job in OWN_JOBS} == {f"schedule {one}" for one in schedules}


def test_what_runs_by_itself_is_known():
    repository = defs.get_repository_def()
    assert {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"} == {
        "btc_loop", "btc_tape", "event_log_retention", "live_replay_parity",
        "btc_news", "btc_swarm", "btc_etf_flow", "hour_seasonality", "memory",
    }  # fmt: skip
    sensors = {s.name: s for s in repository.sensor_defs}
    schedules = {s.name: s for s in repository.schedule_defs}
    assert set(sensors) == {"btc_loop", "btc_loop_health"}
    assert {s.default_status for s in sensors.values()} == {dg.DefaultSensorStatus.RUNNING}
    assert {s.default_status for s in schedules.values()} == {dg.DefaultScheduleStatus.RUNNING}
    assert sensors["btc_loop"].minimum_interval_seconds == 30
    assert {name: one.cron_schedule for name, one in schedules.items()} == {
        "event_log_retention": "20 3 * * *",
        "live_replay_parity": "30 0 * * *",
        "btc_tape": "50 0 * * *",
        "btc_news": "*/30 * * * *",
        "btc_swarm": "1,21,41 * * * *",
        "btc_etf_flow": "20 3,9,15,21 * * *",
        "hour_seasonality": "10 1 1 * *",
        "memory": "20 1 * * *",
    }
    assert {one.execution_timezone for one in schedules.values()} == {"UTC"}


def test_the_loop_goes_first_and_queues_behind_no_other_loop_and_may_outlast_a_day():
    job = defs.get_repository_def().get_job("btc_loop")
    assert job.executor_def == dg.in_process_executor
    assert {node.definition.pool for node in job.nodes} == {None}
    assert job.tags.items() >= TAGS.items()
    assert int(TAGS["dagster/priority"]) > 0
    assert MAX_RUNTIME > 24 * 3600


def test_the_loop_and_its_successor_always_find_a_slot_of_the_run_queue():
    """All else has a pool, and of each pool one run at a time: there are more slots than that."""
    concurrency = yaml.safe_load((PRODUCT / "dagster.yaml").read_text())["concurrency"]
    assert concurrency["pools"] == {"default_limit": 1, "granularity": "run"}
    repository = defs.get_repository_def()
    others = [job for job in repository.get_all_jobs() if job.name != "btc_loop"]
    pools = {job.name: [node.definition.pools for node in job.nodes] for job in others}
    assert all(all(of_job) for of_job in pools.values()), pools
    used = {pool for of_job in pools.values() for of_node in of_job for pool in of_node}
    assert concurrency["runs"]["max_concurrent_runs"] >= len(used) + 2


def test_the_location_says_which_code_it_loaded():
    assert defs.metadata["code_version"].value == code_version()


def test_a_test_can_bring_its_own_resources():
    clock = FakeClock()
    assert build_definitions(resources={"clock": clock}).resources["clock"] is clock


@pytest.mark.slow
def test_loading_the_graph_reads_no_environment_and_opens_nothing(tmp_path):
    program = (
        "import os, socket, sqlite3\n"
        "def refuse(*a, **k): raise SystemExit('opened something')\n"
        "socket.socket.connect = refuse; sqlite3.connect = refuse\n"
        "import babingepet_assets.definitions, sys\n"
        "sys.exit('matplotlib' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={"BABINGEPET_SPEED": "nonsense", "BABINGEPET_DATA_DIR": str(tmp_path / "none"), "PATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_loading_the_graph_is_told_of_nothing_that_dagster_has_not_released():
    """Errors of Dagster's own only: libraries beside it warn, too."""
    program = (
        "import warnings, dagster as dg\n"
        "for kind in (dg.BetaWarning, dg.PreviewWarning, dg.SupersessionWarning):\n"
        "    warnings.simplefilter('error', kind)\n"
        "import babingepet_assets.definitions\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
