"""A loop killed between the claim of a cycle and its commit: nothing half, nothing twice, nothing lost."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from babingepet.market.intervals import MINUTE
from babingepet_services.btc_day.checks import check_day
from babingepet_services.btc_day.day import DayScope
from babingepet_services.market.source import open_embedded_or_current
from scripts.bench.common.market import START
from tests.faults import crashing_loop

PRODUCT = Path(__file__).resolve().parents[2]
POINTS = 60
SEED = 20250422


def run_program(file, points):
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.crashing_loop", str(file), str(SEED), str(points)],
        cwd=PRODUCT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory):
    """The deaths, and the warehouse they left behind."""
    file = tmp_path_factory.mktemp("crashed") / "warehouse.sqlite"
    return run_program(file, POINTS), file


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The same market, decided by one loop."""
    file = tmp_path_factory.mktemp("unbroken") / "warehouse.sqlite"
    assert run_program(file, 0) == []
    return file


def rows(file, query):
    with sqlite3.connect(file) as connection:
        return connection.execute(query).fetchall()


def test_every_loop_but_the_last_was_killed_and_some_had_worked(crashed):
    deaths, _ = crashed
    assert len(deaths) == POINTS
    assert {death["signal"] for death in deaths} == {9}
    assert sum(death["cycles"] == 0 for death in deaths) >= 10
    assert sum(death["cycles"] for death in deaths) >= 20


def test_every_minute_is_decided_once(crashed):
    _, file = crashed
    decided = [as_of for (as_of,) in rows(file, "SELECT as_of FROM btc_decisions ORDER BY as_of")]
    assert decided == [START + (k + 1) * MINUTE for k in range(crashing_loop.MINUTES)]
    assert rows(file, "SELECT count(*) FROM market_gaps") == [(0,)]


def test_what_was_decided_is_what_a_loop_decides_that_never_died(crashed, unbroken):
    """Byte for byte: the position, its stop and its trail outlive every death."""
    _, file = crashed
    query = "SELECT payload FROM btc_decisions ORDER BY as_of"
    assert rows(file, query) == rows(unbroken, query)
    held = "SELECT count(*) FROM btc_decisions WHERE position IS NOT NULL"
    assert rows(file, held)[0][0] > 20


def test_positions_and_accounts_are_those_of_a_loop_that_never_died(crashed, unbroken):
    _, file = crashed
    for table in ("crypto_sim_positions", "sim_portfolio", "crypto_signals", "crypto_candles"):
        query = f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4"
        assert rows(file, query) == rows(unbroken, query), table
    assert len(rows(file, "SELECT 1 FROM crypto_sim_positions WHERE NOT shadow")) >= 3


def test_fences_only_rise_and_each_has_one_owner(crashed):
    _, file = crashed
    fences = [f for (f,) in rows(file, "SELECT fence FROM btc_decisions ORDER BY as_of")]
    assert fences == sorted(fences)
    assert len(set(fences)) >= 20
    owners = rows(file, "SELECT fence, count(DISTINCT owner) FROM btc_decisions GROUP BY fence")
    assert {count for _, count in owners} == {1}


def test_every_fact_to_be_told_is_stored_once(crashed, unbroken):
    _, file = crashed
    query = "SELECT key FROM outbox ORDER BY key"
    assert rows(file, query) == rows(unbroken, query)
    assert len(rows(file, query)) >= 6


def test_the_data_checks_hold(crashed):
    _, file = crashed
    database = open_embedded_or_current(f"sqlite:///{file}", None)
    scope = DayScope(database, "BTCUSDT", "recorded", "2025-04-22")
    found = {record.name: record for record in check_day(scope, START)}
    database.close()
    assert [name for name, record in found.items() if not record.passed] == []
    assert found["is_conserved"].detail == f"{crashing_loop.MINUTES} accounts add up"
