"""The report of a replay, on numbers that can be checked by hand."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from babingepet.cycles.btc_values import initial_state
from babingepet.domain.codes import ExitReason, Gate
from babingepet.market.frames import FundingRates
from babingepet.market.intervals import DAY, HOUR, MINUTE, month_start
from babingepet.paper.position import NO_POSITION
from babingepet.signals.registry import capability
from babingepet_services.replay.baselines import beside
from babingepet_services.replay.measures import LONGEST_HOLES
from babingepet_services.replay.report import Timing, report_of
from tests.factories import WEDNESDAY
from tests.services import replays

EQUITY = (1000.0, 1010.0, 990.0, 1004.0)
"""After each of four days that are over; the capital is 1,000."""
NET = (6.0, -4.0, 1.0)
TIMING = Timing(seconds=2.0, read_seconds=0.5)
METRIC = {"value", "n", "low", "high", "reason"}


def four_days(**columns):
    """A minute at the end of each day, and one in the middle of it at the same equity."""
    as_of = WEDNESDAY + MINUTE + np.sort(np.r_[np.arange(4) * DAY, np.arange(4) * DAY + 12 * HOUR])
    as_of[1::2] = WEDNESDAY + (1 + np.arange(4)) * DAY
    values = {"as_of": as_of, "equity": np.repeat(EQUITY, 2), "blocked": np.zeros(8, np.int32)}
    return replays.minutes(8, **(values | columns))


def told(minutes=None, trades=None, **given):
    closed = replays.trades(NET, shadows=0) if trades is None else trades
    replay = replays.replay(decided=four_days() if minutes is None else minutes, closed=closed)
    return report_of(replay, TIMING, **given)


def test_every_plain_number_of_three_trades_can_be_checked_by_hand():
    document = told().document()
    assert document["trades"] == 3
    assert document["win_rate"] == pytest.approx(2 / 3)
    assert document["profit_factor"] == pytest.approx((6 + 1) / 4)
    assert document["expectancy_r"] == pytest.approx(1.0 / 0.625)
    assert document["net_pnl"] == pytest.approx(3.0)
    assert document["fees_paid"] == pytest.approx(3 * 0.04)
    assert document["slippage_paid"] == pytest.approx(3 * 0.01)
    assert document["funding_paid"] == pytest.approx(-3 * 0.005)
    assert document["costs"]["gross_pnl"]["value"] == pytest.approx(3.0 + 0.12 - 0.015)
    assert document["final_equity"] == 1004.0
    assert document["max_drawdown"] == pytest.approx(990 / 1010 - 1)


def test_ratios_read_days_from_the_capital_on():
    document = told().document()
    daily = np.array([1000 / 1000, 1010 / 1000, 990 / 1010, 1004 / 990]) - 1
    sharpe = daily.mean() / daily.std(ddof=1) * math.sqrt(365)
    downside = math.sqrt(np.mean(np.minimum(daily, 0.0) ** 2))
    growth = 1.004 ** (365 / 4) - 1
    assert document["sharpe_ratio"] == pytest.approx(sharpe)
    assert document["sortino_ratio"] == pytest.approx(daily.mean() / downside * math.sqrt(365))
    assert document["calmar_ratio"] == pytest.approx(growth / (1 - 990 / 1010))
    assert document["metrics"]["sharpe_ratio"]["n"] == 4
    assert document["metrics"]["sharpe_ratio"]["low"] < sharpe
    assert "not reliable" in document["metrics"]["sharpe_ratio"]["reason"]


def test_the_document_has_the_keys_that_scripts_rely_on():
    document = told().document()
    assert list(document)[:20] == [
        "market", "bars", "seconds", "bars_per_second", "signals_available", "trades", "win_rate",
        "profit_factor", "expectancy_r", "net_pnl", "final_equity", "max_drawdown", "sharpe_ratio",
        "sortino_ratio", "calmar_ratio", "fees_paid", "slippage_paid", "funding_paid", "vetoes",
        "ledger_sha256",
    ]  # fmt: skip
    assert {
        "run_id", "symbol", "source", "start", "end", "read_seconds", "capability", "capital",
        "signals_outside", "weight_present", "weight_measured", "proxies", "metrics", "drawdown", "months", "costs",
        "entries", "only_vetoes", "exits", "shadows", "gaps", "buy_and_hold", "coin_flips", "notes",
        "settings", "weights_version", "periods_per_year",
    } == set(list(document)[20:])  # fmt: skip
    assert all(set(metric) == METRIC for metric in document["metrics"].values())
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert (document["bars"], document["bars_per_second"]) == (8, 4.0)


def test_the_ledger_hash_is_that_of_the_replay():
    replay = replays.replay(decided=four_days())
    assert report_of(replay, TIMING).document()["ledger_sha256"] == replay.ledger_sha256


def test_shadow_trades_are_in_no_number_but_their_own():
    plain, shadowed = told().document(), told(trades=replays.trades(NET, shadows=2)).document()
    assert shadowed["shadows"]["count"] == 6
    assert plain["shadows"]["count"] == 0
    assert plain["shadows"]["expectancy"]["value"] is None
    for key in ("trades", "win_rate", "net_pnl", "fees_paid", "profit_factor", "metrics", "costs"):
        assert plain[key] == shadowed[key]


def test_a_gate_counts_each_minute_in_which_it_said_no_and_those_that_it_alone_decided():
    hold, grade, edge = (1 << gate for gate in (Gate.HOLD, Gate.GRADE, Gate.EDGE))
    blocked = np.array([hold | grade, hold, hold, grade | hold | edge, edge, 0, 0, 0], np.int32)
    document = told(four_days(blocked=blocked)).document()
    assert document["vetoes"] == {"HOLD": 4, "GRADE": 2, "EDGE": 2}
    assert document["only_vetoes"] == {"HOLD": 2, "EDGE": 1}
    assert document["entries"] == 3


def test_exits_are_counted_with_what_they_came_to():
    reasons = [ExitReason.STOP_LOSS, ExitReason.TARGET, ExitReason.STOP_LOSS]
    document = told(trades=replays.trades(NET, shadows=0, exit_reason=np.array(reasons))).document()
    assert document["exits"] == {
        "STOP_LOSS": {"count": 2, "net_pnl": 7.0, "average_r": pytest.approx(7 / 2 / 0.625)},
        "TARGET": {"count": 1, "net_pnl": -4.0, "average_r": pytest.approx(-4 / 0.625)},
    }


def test_missing_minutes_are_counted_and_the_longest_holes_listed():
    as_of = WEDNESDAY + MINUTE * np.array([1, 2, 5, 6, 7, 17, 18, 20])
    document = told(four_days(as_of=as_of)).document()
    assert (document["gaps"]["count"], document["gaps"]["missing_minutes"]) == (3, 2 + 9 + 1)
    holes = [
        ((hole["start"] - WEDNESDAY) // MINUTE, (hole["end"] - WEDNESDAY) // MINUTE)
        for hole in document["gaps"]["longest"]
    ]
    assert holes == [(7, 16), (2, 4), (18, 19)]
    assert [hole["minutes"] for hole in document["gaps"]["longest"]] == [9, 2, 1]
    assert "12 minutes are missing in 3 holes" in " ".join(document["notes"])


def test_of_many_holes_the_longest_are_listed():
    as_of = WEDNESDAY + MINUTE * np.cumsum(1 + np.arange(30))
    minutes = replays.minutes(30, as_of=as_of)
    listed = told(minutes).document()["gaps"]["longest"]
    assert [hole["minutes"] for hole in listed] == list(range(29, 29 - LONGEST_HOLES, -1))


def test_a_signal_is_available_in_its_share_of_the_minutes():
    scores = {"vpin": np.array([0.5] * 6 + [np.nan] * 2), "regime": np.zeros(8)}
    shares = told(four_days(scores=scores)).document()["signals_available"]
    assert (shares["vpin"], shares["regime"], shares["sentiment"]) == (0.75, 1.0, 0.0)
    assert len(shares) == 13


def test_what_the_source_can_never_supply_is_told_with_its_reason_and_its_weight():
    document = told().document()
    assert document["capability"] == [
        "vpin", "mtf_alignment", "regime", "vwap", "funding_rate", "hour_seasonality",
    ]  # fmt: skip
    assert document["weight_present"] == pytest.approx(0.46 / 0.88)
    half = told(four_days(coverage=np.tile([0.0, 1.0], 4))).document()
    assert half["weight_measured"] == pytest.approx(0.23 / 0.88)
    assert set(document["signals_outside"]).isdisjoint(document["capability"])
    assert len(document["signals_outside"]) + len(document["capability"]) == 13
    assert document["signals_outside"]["whale_flow"] == "needs single trades, which no replay reads"
    assert document["proxies"] == []


def test_a_feed_that_was_not_given_is_told_apart_from_one_that_no_replay_reads():
    replay = replays.replay(decided=four_days())
    feeds = frozenset({"candles"})
    poorer = replace(
        replay,
        market=replace(replay.market, feeds=feeds, funding=FundingRates.empty()),
        capability=capability(feeds),
    )
    outside = report_of(poorer, TIMING).document()["signals_outside"]
    assert outside["vpin"] == "not given: taker volume"
    assert outside["funding_rate"] == "not given: funding"
    assert outside["ml_xgboost"] == "needs a trained model, which no replay reads"


def test_months_add_up_to_the_whole_return():
    document = told().document()
    growth = math.prod(1 + month["value"] for month in document["months"])
    assert growth - 1 == pytest.approx(document["metrics"]["total_return"]["value"])


def whole_months(first, last):
    """The months of a replay from ``first`` up to before ``last``, a minute an hour."""
    decided = replays.minutes(
        (last - first) // HOUR,
        as_of=np.arange(first, last, HOUR),
        equity=np.full((last - first) // HOUR, 1e3),
    )
    replay = replace(replays.replay(decided=decided), start=first, end=last)
    return [(month.month, month.is_whole) for month in report_of(replay, TIMING).months]


def test_a_period_from_the_first_of_a_month_to_the_first_of_another_holds_whole_months():
    april, june = month_start(WEDNESDAY, 1), month_start(WEDNESDAY, -1)
    assert whole_months(april, june) == [("2025-04", True), ("2025-05", True)]
    assert whole_months(april, june - DAY) == [("2025-04", True), ("2025-05", False)]
    assert whole_months(april + DAY, june) == [("2025-04", False), ("2025-05", True)]
    assert whole_months(april + DAY, june - 31 * DAY) == [("2025-04", False)]


def test_the_day_before_a_replay_that_begins_at_midnight_is_not_counted():
    as_of = WEDNESDAY + np.arange(0, 3 * DAY, HOUR)
    decided = replays.minutes(72, as_of=as_of, equity=np.linspace(1000.0, 1071.0, 72))
    report = report_of(replays.replay(decided=decided), TIMING)
    assert (report.bars, report.returns.sharpe_ratio.n) == (72, 2)
    assert report.returns.total_return.value == pytest.approx(0.071)


def test_what_must_be_known_is_noted():
    quiet = told(trades=replays.trades((), shadows=0), notes=("from somewhere",))
    assert quiet.notes[:2] == ("from somewhere", "no trade was closed in this period")
    replay = replays.replay(decided=four_days())
    state = initial_state(1000.0)._replace(position=NO_POSITION._replace(side=-1))
    held = report_of(replace(replay, state=state), TIMING)
    assert "a SHORT is open at the end: its P&L is in the equity and in no trade" in held.notes


def test_without_a_trade_there_is_no_number_rather_than_a_zero():
    document = told(trades=replays.trades((), shadows=0)).document()
    assert document["trades"] == 0
    for name in ("win_rate", "profit_factor", "expectancy_r"):
        assert document[name] is None
    assert document["metrics"]["hit_rate"]["reason"] == "no closed trades"
    assert document["exits"] == {}


def test_rows_of_trades_are_the_newest_without_the_shadows():
    report = told(trades=replays.trades(NET, shadows=1))
    assert [row["net_pnl"] for row in report.trade_rows()] == list(NET)
    assert [row["net_pnl"] for row in report.trade_rows(last=2)] == list(NET[1:])
    assert all(row["shadow"] for row in report.trade_rows(shadows=True))


def test_it_stands_beside_the_coin_held_and_accounts_that_flip_one():
    close = np.linspace(100.0, 110.0, 8)
    replay = replays.replay(decided=four_days(close=close))
    document = report_of(replay, TIMING, beside(replay, runs=20)).document()
    held = document["buy_and_hold"]
    assert held["final_equity"] == pytest.approx(1000 * 1.1, rel=0.01)
    assert held["metrics"]["total_return"]["value"] == pytest.approx(0.1, abs=0.01)
    flips = document["coin_flips"]
    assert (flips["runs"], flips["entries"]) == (20, 3)
    assert flips["net_pnl"]["strategy"] == pytest.approx(4.0)
    assert flips["net_pnl"]["as_good"]["n"] == 20
    assert json.dumps(document, allow_nan=False)
