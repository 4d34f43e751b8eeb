import math

import numpy as np
import pytest

from babingepet.market.frames import Trades
from babingepet.market.intervals import MINUTE, SECOND
from babingepet.market.tape import reduce_minute
from babingepet.signals.as_fair_value import (
    as_fair_value,
    mid_changes,
    optimal_spread,
    weighted_mid_price,
)
from tests import factories as f

GAMMA, KAPPA = 1e-4, 0.5


def mids(count, seed=1):
    """Minutes of one-second mid prices."""
    walk = 60_000.0 + np.random.default_rng(seed).normal(0, 3, count * 60).cumsum()
    return [walk[i * 60 : (i + 1) * 60] for i in range(count)]


def inputs_of(minutes, **quote):
    tape = f.tape(len(minutes), mids=list(minutes))
    newest = f.tape_minute(mids=minutes[-1], last_quote=f.quote(**quote))
    return f.signal_inputs(tape=(*tape[:-1], newest))


@pytest.mark.parametrize(
    ("bid_size", "ask_size", "expected"),
    [(1.0, 1.0, 100.0), (3.0, 1.0, 100.25), (1.0, 3.0, 99.75), (1e9, 1e-9, 100.5)],
)
def test_the_side_with_less_size_gives_way(bid_size, ask_size, expected):
    quote = f.quote(bid_size=bid_size, ask_size=ask_size)  # 99.5 to 100.5
    assert weighted_mid_price(quote) == pytest.approx(expected)


@pytest.mark.parametrize("sigma", [0.0, 1.0, 25.0, 400.0])
def test_the_spread_is_the_closed_form_over_one_minute(sigma):
    expected = GAMMA * sigma**2 + 2 / GAMMA * math.log(1 + GAMMA / KAPPA)
    assert optimal_spread(sigma) == pytest.approx(expected, rel=1e-11)


def test_the_spread_of_a_calm_market_is_nearly_two_over_kappa():
    assert optimal_spread(0.0) == pytest.approx(2 / KAPPA, rel=1e-3)


@pytest.mark.parametrize(("bid_size", "ask_size"), [(5.0, 3.0), (3.0, 5.0), (4.0, 4.0)])
def test_the_score_is_the_fair_price_in_half_spreads(bid_size, ask_size):
    minutes = mids(70)
    quote = {
        "bid_price": 60_000.0,
        "ask_price": 60_000.1,
        "bid_size": bid_size,
        "ask_size": ask_size,
    }
    score = as_fair_value(inputs_of(minutes, **quote))
    changes = np.diff(np.concatenate(minutes[-60:]))
    sigma = math.sqrt(sum((c - changes.mean()) ** 2 for c in changes) / (len(changes) - 1) * 60)
    fair = (60_000.0 * ask_size + 60_000.1 * bid_size) / (bid_size + ask_size)
    half_spread = (GAMMA * sigma**2 + 2 / GAMMA * math.log(1 + GAMMA / KAPPA)) / 2
    assert score.value == pytest.approx((fair - 60_000.05) / half_spread, abs=1e-11)
    assert score.observations == 3_599


def test_a_heavy_bid_is_clipped_to_one():
    score = as_fair_value(inputs_of(mids(10), bid_price=1.0, ask_price=1e4, bid_size=9e9))
    assert score.value == 1.0


@pytest.mark.parametrize(("known", "available"), [(180, False), (181, True)])
def test_it_needs_180_changes_of_the_mid(known, available):
    minutes = mids(4)
    flat = np.concatenate(minutes)
    flat[: 240 - known] = np.nan
    score = as_fair_value(inputs_of(np.split(flat, 4)))
    assert (score.value is not None) is available
    if not available:
        assert "179 of 180" in score.reason


@pytest.mark.parametrize(("age", "available"), [(60 * SECOND, True), (60 * SECOND + 1, False)])
def test_a_quote_older_than_a_minute_says_nothing(age, available):
    score = as_fair_value(inputs_of(mids(4), event_time=f.NOON - age))
    assert (score.value is not None) is available
    if not available:
        assert "two-sided quote" in score.reason


def test_without_a_quote_or_its_minute_there_is_no_score():
    silent = (*f.tape(5, until=f.NOON - MINUTE), f.tape_minute(last_quote=None))
    for tape in ((), f.tape(5, until=f.NOON - MINUTE), silent):
        score = as_fair_value(f.signal_inputs(tape=tape))
        assert score.value is None
        assert score.reason


def test_only_the_last_sixty_minutes_count():
    wild = [np.linspace(1.0, 1e6, 60)] * 5
    quiet = mids(60)
    assert as_fair_value(inputs_of(wild + quiet)) == as_fair_value(inputs_of(quiet))


def test_a_jump_over_a_missing_minute_is_no_change_of_one_second():
    calm = np.full(60, 100.0)
    tape = (
        f.tape_minute(f.NOON - 3 * MINUTE, mids=calm),
        f.tape_minute(f.NOON - MINUTE, mids=calm + 50.0),
    )
    assert mid_changes(tape, f.NOON).tolist() == [0.0] * 118


def newest_minute(*quotes):
    """The last minute before noon, reduced from raw quotes."""
    return reduce_minute(
        f.NOON - MINUTE, Trades.empty(), f.quotes(*quotes), previous=None, trades_from=0,
        quotes_from=0, book=None, minimum_notional=1.0,
    )  # fmt: skip


def test_a_crossed_quote_is_skipped_for_the_one_before():
    good = (f.NOON - 20_000, 100.0, 3.0, 101.0, 1.0)
    crossed = (f.NOON - 10_000, 102.0, 3.0, 101.0, 1.0)
    tape = f.tape(9, until=f.NOON - MINUTE)
    with_it, without = (
        as_fair_value(f.signal_inputs(tape=(*tape, newest_minute(*rows))))
        for rows in ((good, crossed), (good,))
    )
    assert with_it.value == without.value > 0.0


def test_a_book_that_lost_one_side_has_no_fair_value():
    good = (f.NOON - 20_000, 100.0, 3.0, 101.0, 1.0)
    one_sided = (f.NOON - 10_000, 100.0, 3.0, 101.0, 0.0)
    tape = (*f.tape(9, until=f.NOON - MINUTE), newest_minute(good, one_sided))
    assert as_fair_value(f.signal_inputs(tape=tape)).value is None
