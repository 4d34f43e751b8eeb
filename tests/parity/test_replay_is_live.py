"""A replay decides what the live path decides, to the last bit, with the same money in the end."""

from dataclasses import replace

import numpy as np
import pytest

from babingepet.cycles.btc_state import dump_state
from babingepet.market.frames import Candles, FundingRates
from babingepet.market.history import resample
from babingepet.market.intervals import DAY, HOUR, MINUTE, iso, month_start
from babingepet.replay.market import BAR_FEEDS, BASE_RULES, ReplayMarket, ReplayRules
from babingepet.replay.run import replay
from babingepet.signals.registry import SWARM
from tests import factories as f
from tests.parity import live_path, walks
from tests.parity.recorded import funding_rates, spot_hours

EAGER = ReplayRules(
    f.settings(
        "buy_threshold=0.05", "strong_threshold=0.12", "min_votes=2", "blocked_hours=",
        "edge_policy=veto", "flatten_on_drawdown=true", "daily_drawdown=0.004",
        "first_cooldown=600000", "leverage=3", "target=0.008", "arm=0.004", "max_hold=14400000",
    )
)  # fmt: skip
"""Rules under which every day holds entries, shadows, trails, targets, pauses and breakers."""


def market_of(folder, minutes):
    """The recorded market with these minutes, and hours from the years before it."""
    first = int(minutes.open_time[0]) // HOUR * HOUR
    hours = [spot_hours(folder).between(0, first), resample(minutes, "1h", walks.END)]
    return ReplayMarket(
        "BTCUSDT", "recorded", minutes, Candles.concat(hours), funding_rates(folder), BAR_FEEDS
    )


def whole(folder):
    return market_of(folder, walks.two_years(folder).minutes)


def assert_same(market, rules, start, cycles, restart_every=700):
    end = start + cycles * MINUTE
    replayed = replay(market, rules, start=start, end=end)
    decided = list(live_path.live(market, rules, start, end, restart_every))
    assert len(decided) == len(replayed.minutes)
    for row, (decision, _) in enumerate(decided):
        told = live_path.told_live(decision)
        assert live_path.told_by_replay(replayed, row) == told, f"{iso(decision.as_of)}"
    assert live_path.trades_told_by_replay(replayed) == live_path.trades_told_live(
        [decision for decision, _ in decided]
    )
    assert dump_state(replayed.state) == dump_state(decided[-1][1])
    return replayed


def with_analysts(market):
    return replace(market, feeds=market.feeds | {SWARM})


@pytest.mark.slow
@pytest.mark.parametrize("offset", [-300, -7, 20 * 60 + 1])
def test_analysts_are_asked_and_weighed_and_heard_alike(recorded_data, offset):
    """Around the end of a month, from moments within and at the edge of their twenty minutes."""
    start = month_start(walks.FIRST + 400 * DAY) + offset * MINUTE
    replayed = assert_same(with_analysts(whole(recorded_data)), EAGER, start, 400, 250)
    heard = replayed.minutes.scores["ai_consensus"]
    assert np.flatnonzero(np.isnan(heard)).tolist() == [0]  # the first round comes after it
    assert len(np.unique(heard)) > 15


@pytest.mark.slow
def test_analysts_fade_and_come_back_around_holes(recorded_data):
    start = walks.FIRST + 200 * DAY
    holed = walks.with_holes(walks.two_years(recorded_data), start, start + 2 * DAY, seed=3)
    market = with_analysts(market_of(recorded_data, holed.minutes))
    assert_same(market, EAGER, start, 1_000)


@pytest.mark.slow
def test_over_the_end_of_a_month_both_decide_alike(recorded_data):
    start = month_start(walks.FIRST + 400 * DAY) - 300 * MINUTE
    replayed = assert_same(whole(recorded_data), EAGER, start, 700, restart_every=250)
    assert len(replayed.trades) > 0


@pytest.mark.slow
def test_minutes_that_are_missing_or_hold_no_number_need_no_special_case(recorded_data):
    start = walks.FIRST + 200 * DAY
    holed = walks.with_holes(walks.two_years(recorded_data), start, start + 2 * DAY, seed=3)
    replayed = assert_same(market_of(recorded_data, holed.minutes), EAGER, start, 1_500)
    assert len(replayed.minutes) < 1_500


def test_the_first_minutes_of_a_recording_are_decided_alike(recorded_data):
    minutes = walks.two_years(recorded_data).minutes.rows(0, 500)
    market = ReplayMarket(
        "BTCUSDT", "recorded", minutes, Candles.empty(), FundingRates.empty(),
        frozenset({"candles", "taker_volume", "funding"}),
    )  # fmt: skip
    assert_same(market, EAGER, walks.FIRST + MINUTE, 400, restart_every=10_000)


@pytest.mark.nightly
@pytest.mark.parametrize("rules", [BASE_RULES, EAGER], ids=["base", "eager"])
@pytest.mark.parametrize("day", [3, 95, 180, 290, 365, 455, 540, 690])
def test_of_a_hundred_thousand_cycles_not_one_differs(recorded_data, day, rules):
    """Eight blocks of 6,600 cycles under two sets of rules: 105,600."""
    random = np.random.default_rng(day)
    start = walks.FIRST + day * DAY + int(random.integers(1_440)) * MINUTE
    assert_same(whole(recorded_data), rules, start, 6_600, restart_every=1_700)
