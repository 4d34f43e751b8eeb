"""A loop killed anywhere in its cycles: nothing half, nothing twice, nothing lost."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from babingepet_resources.warehouse import (
    candles,
    gaps,
    history,
    outbox,
    predictions,
    swarm,
)
from babingepet_resources.warehouse.database import open_database
from babingepet_services.btc_day.checks import check_day
from babingepet_services.btc_day.day import DayScope
from scripts.bench.common.market import START
from tests.faults import invariants
from tests.faults.kill_points import PHASES

PRODUCT = Path(__file__).resolve().parents[2]
SEED = 20250422
FEW, MANY, MOST = 55, 260, 2_000
"""Kill points every day, in the slow set on each database, and at night on each."""
MINUTES_A_POINT = 1.25
"""Of market: so many are decided between two deaths that it does not end before the last one."""


def run_program(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.crashing_loop", *map(str, arguments)],
        cwd=PRODUCT, capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def facts(database):
    """What is decided and what comes of it; who decided and when it was written left out."""
    with database.reading() as connection:
        decided = history.decisions(connection, "paper", "BTCUSDT", 0, 2**60)
        rows = candles.read(connection, "BTCUSDT", "1m", "recorded", 0, 2**60)
        return {
            "decisions": [(d.payload, d.inputs_hash, d.state_after_hash) for d in decided],
            "signals": [history.signals(connection, "paper", d.cycle_id) for d in decided],
            "open positions": history.open_positions(connection, "paper"),
            "closed positions": history.closed_positions(connection, "paper", 0, 2**60),
            "accounts": history.portfolio(connection, "paper", "BTCUSDT", 0, 2**60),
            "candles": {name: column.tolist() for name, column in rows.columns().items()},
            "messages": [(row.key, row.payload) for row in outbox.pending(connection, 10_000)],
            "gaps": gaps.read(connection, "BTCUSDT", 0, 2**60),
            "analysts": predictions.since(connection, "BTC", "rules", 0),
            "verdicts": swarm.series(connection, "BTC", 0, 2**60).to_bytes(),
        }


def the_data_checks_hold(database):
    scope = DayScope(database, "BTCUSDT", "recorded", "2025-04-22")
    found = check_day(scope, START)
    assert [record.detail for record in found if not record.passed] == []


def the_deaths_were_everywhere(deaths, points, seldom):
    """Each death was one, each phase saw some, and loops worked between them."""
    assert {death["signal"] for death in deaths} == {9, 14}
    assert len(deaths) == points
    assert {death["way"] for death in deaths} == {"counted", "timed"}
    where = Counter(death["phase"] for death in deaths)
    assert {phase for phase in PHASES if where[phase] < seldom} == set()
    assert sum(death["cycles"] > 0 for death in deaths) > points / 4
    assert sum(death["cycles"] == 0 for death in deaths) > points / 10


@pytest.mark.parametrize(
    ("points", "seldom"),
    [
        pytest.param(FEW, 0, id="few"),
        pytest.param(MANY, 5, id="many", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
        pytest.param(MOST, 20, id="most", marks=[pytest.mark.nightly, pytest.mark.timeout(1800)]),
    ],
)
def test_loops_killed_anywhere_decide_what_one_decides_that_never_died(
    points, seldom, both, sqlite_databases, tmp_path, record_property
):
    """Byte for byte: the position, its stop and its trail outlive every death."""
    minutes = 30 + int(points * MINUTES_A_POINT)
    url, unbroken = both.upgraded(tmp_path), sqlite_databases.upgraded(tmp_path, "unbroken")
    deaths = run_program(url, unbroken, SEED, points, minutes)
    record_property("died_in", dict(Counter(death["phase"] for death in deaths)))
    the_deaths_were_everywhere(deaths, points, seldom)
    with closing(open_database(url)) as database:
        work = invariants.check(database)
        found = facts(database)
        the_data_checks_hold(database)
    assert (work.decided, work.missed) == (minutes, 0)
    assert work.fences > points / 4
    assert work.positions >= 3
    with closing(open_database(unbroken)) as database:
        whole = facts(database)
    for what in whole:
        assert found[what] == whole[what], what
    assert len(found["messages"]) >= 6
