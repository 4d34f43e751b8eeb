"""The volume clock over recorded trades, against fractions, against numpy, and against minutes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from babingepet.market.frames import Trades
from babingepet.market.volume_clock import advance, volume_clock
from babingepet.signals import vpin as v
from tests.parity.recorded import trades

RECORDED = (
    ("usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz"),
    ("usdm_btcusdt_20240718.gz", "usdm_btcusdt_20240719.gz"),
)
"""Some minutes before midnight and some after, each."""


def tape(folder, names):
    return Trades.concat(trades(folder, name) for name in names)


def by_fractions(tape, size):
    """The text of the paper in exact numbers: (imbalances of the buckets, what is left over)."""
    buckets, bought, sold = [], Fraction(), Fraction()
    for quantity, is_sold in zip(tape.quantity.tolist(), tape.is_buyer_maker.tolist(), strict=True):
        left = Fraction(str(quantity))  # the decimal number that the exchange sent
        while left:
            part = min(left, size - bought - sold)
            bought, sold = bought + (not is_sold) * part, sold + is_sold * part
            left -= part
            if bought + sold == size:
                buckets.append((bought - sold) / size)
                bought, sold = Fraction(), Fraction()
    return buckets, bought + sold


def by_numpy(tape, size):
    """Signed volume interpolated at the borders of the buckets."""
    side = np.where(tape.is_buyer_maker, -1.0, 1.0)
    volume, signed = np.cumsum(tape.quantity), np.cumsum(tape.quantity * side)
    borders = size * np.arange(1, int(volume[-1] / size) + 1)
    row = np.searchsorted(volume, borders)
    at = signed[row] - (volume[row] - borders) * side[row]
    return np.diff(np.concatenate([[0.0], at])) / size


@pytest.mark.slow
@pytest.mark.parametrize("names", RECORDED)
@pytest.mark.parametrize("size", ["17.25", "3.33333333", "0.05"])
def test_buckets_are_those_of_exact_fractions(recorded_data, names, size):
    recorded = tape(recorded_data, names)
    assert len(recorded) > 10_000
    expected, left = by_fractions(recorded, Fraction(size))
    clock, found = advance(volume_clock(float(size)), recorded.quantity, recorded.is_buyer_maker)
    assert len(expected) >= 60
    assert found.tolist() == [float(bucket) for bucket in expected]
    assert clock.filled == left * 10**8


@pytest.mark.parametrize("names", RECORDED)
def test_vpin_of_trades_is_that_of_an_interpolated_cumulative_sum(recorded_data, names):
    recorded = tape(recorded_data, names)
    size = 4.7
    _, found = advance(volume_clock(size), recorded.quantity, recorded.is_buyer_maker)
    expected = by_numpy(recorded, size)
    assert len(found) == len(expected) > 200
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    means = np.convolve(np.abs(expected), np.full(50, 1 / 50), mode="valid")
    np.testing.assert_allclose(v.rolling_vpin(found), means, rtol=0, atol=1e-9)


def in_bars(tape, bar_of_trade, size):
    """The buckets of the scored clock, which reads bars with their taker-buy volume."""
    volume = np.bincount(bar_of_trade, tape.quantity)
    bought = np.bincount(bar_of_trade, tape.quantity * ~tape.is_buyer_maker)
    clock = (np.array([0, len(volume)]), np.array([size]), 0)
    return v.signed_buckets(volume, bought, *clock)[0]


@pytest.mark.parametrize("names", RECORDED)
def test_bars_of_one_trade_each_are_the_trades(recorded_data, names):
    recorded = tape(recorded_data, names)
    _, by_trade = advance(volume_clock(4.7), recorded.quantity, recorded.is_buyer_maker)
    by_bar = in_bars(recorded, np.arange(len(recorded)), 4.7)
    assert len(by_bar) == len(by_trade)
    np.testing.assert_allclose(by_bar, by_trade, rtol=0, atol=1e-9)


def vpin_gap(by_trade, by_bar):
    """VPIN of trades less VPIN of bars, bucket by bucket."""
    both = min(len(by_trade), len(by_bar))
    return v.rolling_vpin(by_trade[:both]) - v.rolling_vpin(by_bar[:both])


@pytest.mark.parametrize("names", RECORDED)
def test_bars_and_trades_agree_within_a_few_hundredths_of_vpin(recorded_data, names):
    # Eight seconds a bucket. A bar spreads its trades evenly over the buckets that it touches,
    # which hides some imbalance: seen are means of .010 and .008, at most .032 and .011.
    recorded = tape(recorded_data, names)
    size = float(recorded.quantity.sum()) / 60
    seconds = recorded.event_time // 1000
    _, by_trade = advance(volume_clock(size), recorded.quantity, recorded.is_buyer_maker)
    gap = vpin_gap(by_trade, in_bars(recorded, seconds - seconds[0], size))
    assert len(gap) >= 8
    assert np.abs(gap).max() < 0.05
    assert 0.0 < gap.mean() < 0.02


def test_at_fifty_buckets_a_day_minutes_and_trades_agree_within_a_hundredth():
    # Drawn trades, 100 a minute, whose aggressors come in runs; 29 minutes a bucket, as in the
    # market itself. x.
    random = np.random.default_rng(7)
    days, per_minute = 4, 100
    count = days * 1_440 * per_minute
    runs = np.repeat(random.random(count // 20) < 0.5, 20)
    makers = np.where(random.random(count) < 0.3, random.random(count) < 0.5, runs)
    quantity = np.round(random.gamma(0.5, 0.2, count) + 0.001, 3)
    drawn = Trades(
        np.arange(count), np.arange(count) * 600, np.full(count, 100.0), quantity, makers
    )
    size = float(quantity.sum()) / days / 50
    _, by_trade = advance(volume_clock(size), drawn.quantity, drawn.is_buyer_maker)
    gap = vpin_gap(by_trade, in_bars(drawn, np.arange(count) // per_minute, size))
    assert len(gap) >= 149
    assert np.abs(gap).max() < 0.01
