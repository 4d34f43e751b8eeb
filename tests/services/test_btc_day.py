"""A day's report says what is stored, fetches what the exchange still tells, and writes no ledger."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from babingepet.cycles.settings import BtcSettings, override
from babingepet.market.intervals import DAY, HOUR, MINUTE, iso
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse import candles, history
from babingepet_resources.warehouse.database import open_database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from babingepet_services.btc_day.checks import check_day
from babingepet_services.btc_day.day import DayScope, hours, known, table
from babingepet_services.btc_day.decided import (
    describe_decisions,
    describe_portfolio,
    describe_positions,
    describe_signals,
)
from babingepet_services.btc_day.market import (
    describe_candles,
    describe_funding,
    describe_order_book,
    describe_order_flow,
)
from scripts.bench.common.market import START
from tests.databases import tamper
from tests.services.conftest import EAGER, made_up_feed

TODAY = "2025-04-22"
MINUTES = 120


@pytest.fixture(scope="module")
def decided_url(lasting_databases, tmp_path_factory):
    """Two hours of the made-up market, decided once."""
    url = lasting_databases.upgraded(tmp_path_factory.mktemp("decided"))
    database = open_database(url)
    program = BtcProgram(settings=override(BtcSettings(), EAGER))
    options = LoopOptions("test", limits=database.limits)
    list(BtcLoop(made_up_feed(MINUTES), database, SystemClock(), program, options).run())
    database.close()
    return url


@pytest.fixture
def scope(decided_url, databases, tmp_path, connect):
    database = connect(databases.copy_of(decided_url, tmp_path))
    return DayScope(database, "BTCUSDT", "simulated", TODAY)


def query(scope, statement):
    with scope.database.reading() as connection:
        return connection.exec_driver_sql(statement).fetchall()


def is_picture(png):
    image = Image.open(io.BytesIO(png))
    return image.size == (960, 390) and len(png) < 60_000


@pytest.mark.slow
def test_every_asset_is_described_with_a_picture_and_a_table(scope):
    for describe in (
        describe_candles, describe_order_flow, describe_order_book, describe_funding,
        describe_signals, describe_decisions, describe_positions, describe_portfolio,
    ):  # fmt: skip
        report = describe(scope)
        assert report.rows > 0, describe
        assert report.source == "simulated, perpetual"
        assert is_picture(report.plot_png), describe
        assert report.table.startswith("|"), describe


def test_candles_are_counted_and_averaged_by_volume(scope):
    report = describe_candles(scope)
    with scope.database.reading() as connection:
        bars = candles.read(connection, "BTCUSDT", "1m", "simulated", scope.start, scope.end)
    typical = (bars.high + bars.low + bars.close) / 3
    vwap = float((typical * bars.base_volume).sum() / bars.base_volume.sum())
    assert report.rows == len(bars) == 12 * 60
    assert report.numbers["vwap"] == round(vwap, 2)
    assert report.numbers["minutes_missing"] == 0
    assert [iso(t) for t in report.window] == ["2025-04-22T00:00:00Z", "2025-04-22T12:00:00Z"]


def test_a_hole_in_the_candles_is_counted(scope):
    hole = (START, START + 2 * MINUTE)
    tamper(scope.database, "DELETE FROM crypto_candles WHERE open_time BETWEEN ? AND ?", *hole)
    assert describe_candles(scope).numbers["minutes_missing"] == 3


def test_signals_that_were_unavailable_are_counted_and_explained(scope):
    report = describe_signals(scope)
    (stored,) = query(scope, "SELECT count(*), count(score) FROM crypto_signals")
    assert report.rows == stored[0] == MINUTES * 13
    assert report.numbers["unavailable"] == stored[0] - stored[1]
    (payload,) = query(scope, "SELECT payload FROM btc_decisions ORDER BY as_of DESC LIMIT 1")[0]
    reasons = json.loads(payload)["reasons"]
    assert reasons
    for name, reason in reasons.items():
        assert any(name in row and reason in row for row in report.table.splitlines())


def test_decisions_are_counted_by_verdict_and_by_gate(scope):
    report = describe_decisions(scope)
    verdicts = dict(query(scope, "SELECT verdict, count(*) FROM btc_decisions GROUP BY 1"))
    for verdict, count in verdicts.items():
        share = f"{count / MINUTES:.1%}"
        assert any(
            verdict in line and str(count) in line and share in line
            for line in report.table.splitlines()
        )
    assert report.numbers["verdicts_other_than_hold"] == MINUTES - verdicts.get("HOLD", 0)
    assert report.numbers["entries"] >= 1


def test_a_minute_that_was_not_decided_is_counted(scope):
    last = query(scope, "SELECT max(as_of) FROM btc_decisions")[0][0]
    tamper(scope.database, "DELETE FROM btc_decisions WHERE as_of = ?", last - MINUTE)
    assert describe_decisions(scope).numbers["minutes_not_decided"] == 1


def test_positions_of_the_day_add_up_to_the_realised_result(scope):
    report = describe_positions(scope)
    with scope.database.reading() as connection:
        closed = history.closed_positions(connection, "paper", 0, 1 << 60)
        account = history.last_portfolio(connection, "paper", "BTCUSDT", "simulated")
    net = sum(float(row.net_pnl) for row in closed if not row.shadow)
    assert report.numbers["net_pnl"] == pytest.approx(net, abs=1e-9)
    assert report.numbers["traded"] >= len([row for row in closed if not row.shadow]) > 0
    assert describe_portfolio(scope).numbers["equity"] == float(account.equity)


def test_a_position_of_another_day_is_not_this_day_s(scope):
    yesterday = DayScope(scope.database, "BTCUSDT", "simulated", "2025-04-21")
    assert describe_positions(yesterday).rows == 0


def test_facts_of_another_source_are_not_reported(scope):
    other = DayScope(scope.database, "BTCUSDT", "recorded", TODAY)
    assert describe_candles(other).rows == describe_decisions(other).rows == 0


def test_a_running_day_is_judged_up_to_its_last_decision(scope):
    found = {record.name: record for record in check_day(scope, now=START + 9 * DAY)}
    assert all(record.passed for record in found.values())
    assert "0 s old" in found["is_fresh"].detail
    assert found["is_fresh"].partition == TODAY


def test_a_day_without_decisions_is_judged_as_a_whole(scope):
    yesterday = DayScope(scope.database, "BTCUSDT", "simulated", "2025-04-21")
    found = {record.name: record for record in check_day(yesterday, now=START + 9 * DAY)}
    assert found["no_gaps"].detail.startswith("1440 minutes, 0 missing")


def test_one_check_alone_is_stored_alone(scope):
    (record,) = check_day(scope, START, "in_range")
    assert record.name == "in_range"


def test_hours_name_only_hours_that_have_rows():
    times = np.array([START, START + MINUTE, START + 3 * HOUR])
    assert [(name, list(at)) for name, at in hours(times)] == [("10:00", [0, 1]), ("13:00", [2])]


def test_an_unknown_number_is_a_dash_and_not_a_zero():
    assert known(float("nan"), 2) is None
    assert "| -" in table(("a", "b"), [("x", None)]).replace("|   ", "| ")
