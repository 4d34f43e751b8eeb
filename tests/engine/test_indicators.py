import math

import numpy as np
import pytest

from babingepet import indicators
from babingepet.indicators import (
    bollinger_position,
    chandelier,
    efficiency_ratio,
    ema,
    garman_klass,
    hurst,
    macd_histogram,
    mid_rank,
    relative_strength,
    rolling_hurst,
    rolling_z,
    volatility_over,
    window_sums,
)


def wilder_range(high, low, close, period):
    """Average true range from the text: first value the mean of TR 1..n, then smoothed by 1/n."""
    reach = [
        max(top - bottom, abs(top - before), abs(bottom - before))
        for top, bottom, before in zip(high[1:], low[1:], close[:-1], strict=True)
    ]
    average = sum(reach[:period]) / period
    result = [float("nan")] * period + [average]
    for value in reach[period:]:
        average = (average * (period - 1) + value) / period
        result.append(average)
    return result


def test_ema_starts_at_the_first_value_and_steps_by_alpha():
    # alpha = 2 / (3 + 1) = 1/2
    assert ema(np.array([8.0, 16.0, 4.0, 4.0]), 3).tolist() == [8.0, 12.0, 8.0, 6.0]


@pytest.mark.parametrize("count", [0, 1, 14])
def test_a_range_needs_one_bar_more_than_its_period(count):
    values = np.linspace(1.0, 2.0, count)
    assert np.isnan(indicators.average_true_range(values + 1, values - 1, values, 14)).all()


def test_the_first_range_is_the_mean_true_range_and_later_ones_are_smoothed():
    rng = np.random.default_rng(1)
    close = 100 + rng.normal(0, 1, 40).cumsum()
    high, low = close + rng.random(40), close - rng.random(40)
    ours = indicators.average_true_range(high, low, close, 14)
    np.testing.assert_allclose(ours, wilder_range(high, low, close, 14), rtol=0, atol=1e-11)


def test_a_gap_counts_toward_the_true_range():
    high, low, close = np.array([10.0, 21.0]), np.array([9.0, 20.0]), np.array([9.5, 20.5])
    two = np.array([0, 1, 1]), np.array([0, 1, 1])
    reach = indicators.average_true_range(high[two[0]], low[two[0]], close[two[0]], 2)
    assert reach[-1] == pytest.approx((11.5 + 1.0) / 2)  # 21 - 9.5, then 21 - 20


@pytest.mark.parametrize(("count", "defined"), [(27, 0), (28, 1), (29, 2)])
def test_adx_is_first_defined_at_index_two_periods_less_one(count, defined):
    close = np.linspace(100, 120, count)
    adx, plus, minus = indicators.directional_movement(close + 1, close - 1, close, 14)
    assert np.count_nonzero(~np.isnan(adx)) == defined
    assert len(plus) == len(minus) == count


def test_a_straight_rise_has_full_adx_and_only_positive_movement():
    close = np.linspace(100, 200, 60)
    adx, plus, minus = indicators.directional_movement(close + 1, close - 1, close, 14)
    assert adx[-1] == pytest.approx(100.0)
    assert plus[-1] > 0.0 == minus[-1]


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ([1.0, 2.0, 3.0, 4.0], 1.0),
        ([4.0, 3.0, 2.0, 1.0], 1.0),
        ([1.0, 2.0, 1.0, 2.0], 1 / 3),
        ([1.0, 2.0, 2.0, 1.0], 0.0),
        ([5.0, 5.0, 5.0, 5.0], 0.0),  # nothing moved
    ],
)
def test_efficiency_is_net_change_over_the_path(closes, expected):
    result = efficiency_ratio(np.array(closes), 3)
    assert np.isnan(result[:3]).all()
    assert result[3] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0.0), (1.0, 0.125), (2.0, 0.5), (3.0, 0.875), (9.0, 1.0)]
)
def test_mid_rank_counts_half_of_the_equal_ones(value, expected):
    assert mid_rank(np.array([1.0, 2.0, 2.0, 3.0]), value) == expected


def test_the_chandelier_hangs_three_ranges_from_the_extreme_of_22_bars():
    close = np.full(30, 100.0)
    high, low = close + 2.0, close - 2.0  # every true range is 4
    high[5], low[5] = 150.0, 50.0  # outside the window of 22
    high[20], low[21] = 103.0, 96.0
    reach = indicators.average_true_range(high, low, close, 22)[-1]
    levels = chandelier(high, low, close, 22, 3.0)
    assert [level[-1] for level in levels] == [103.0 - 3 * reach, 96.0 + 3 * reach]


@pytest.mark.parametrize(("count", "known"), [(0, 0), (22, 0), (23, 1), (30, 8)])
def test_the_chandelier_needs_23_bars(count, known):
    close = np.full(count, 100.0)
    for levels in chandelier(close + 1, close - 1, close, 22, 3.0):
        assert np.isnan(levels).tolist() == [True] * (count - known) + [False] * known


def test_strength_is_the_share_of_the_gains_smoothed_by_wilder():
    close = np.array([10.0, 12.0, 11.0, 11.0, 15.0])
    # gains 2 0 0 4, losses 0 1 0 0: over two bars (1, .5), then (.5, .25), then (2.25, .125)
    assert relative_strength(close, 2)[2:] == pytest.approx(
        [100 / 1.5, 50 / 0.75, 225 / 2.375], abs=1e-12
    )


@pytest.mark.parametrize(("count", "defined"), [(0, 0), (14, 0), (15, 1), (20, 6)])
def test_strength_is_first_defined_at_its_period(count, defined):
    assert np.count_nonzero(~np.isnan(relative_strength(np.linspace(1, 2, count), 14))) == defined


@pytest.mark.parametrize(
    ("step", "expected"), [(0.0, 50.0), (1.0, 100.0), (-1.0, 0.0), (1e-12, 100.0)]
)
def test_a_price_that_never_moved_is_of_middle_strength(step, expected):
    close = 100.0 + step * np.arange(40)
    assert relative_strength(close, 14)[14:] == pytest.approx(expected)


def test_the_histogram_is_the_gap_of_two_averages_less_its_own_average():
    # alphas 2/3, 1/2 and 1/2; averages 0, 6, 8 and 0, 4.5, 6.75 of 0, 9, 9
    close = np.array([0.0, 9.0, 9.0])
    gaps = [0.0, 1.5, 1.25]
    assert macd_histogram(close, 2, 3, 3) == pytest.approx(
        [0.0, gaps[1] - 0.75, gaps[2] - (0.75 + gaps[2]) / 2]
    )


def test_sums_are_those_of_the_last_values_and_forget_what_left():
    values = np.array([1e16, 1.0, 2.0, 4.0, np.nan, 8.0, 16.0, 32.0])
    expected = [np.nan, np.nan, 1e16 + 2.0, 7.0, np.nan, np.nan, np.nan, 56.0]
    np.testing.assert_array_equal(window_sums(values, 3), expected)


def test_volatility_over_is_the_root_of_the_squared_returns():
    close = np.exp([0.0, 3.0, -1.0, -1.0])
    result = volatility_over(close, 2)
    assert np.isnan(result[:2]).all()
    assert result[2:] == pytest.approx([5.0, 4.0])


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        # each bar as open, high, low, close
        ([(1.0, math.e, 1.0, 1.0)], math.sqrt(0.5)),  # reach 1, no body
        ([(1.0, math.e, 1.0, math.e)], math.sqrt(0.5 - (2 * math.log(2) - 1))),
        ([(1.0, math.e, 1.0, 1.0), (5.0, 5.0, 5.0, 5.0)], math.sqrt(0.25)),  # a bar without reach
        ([(1.0, 1.0, 1.0, math.e)], 0.0),  # closed outside its own range
    ],
)
def test_garman_klass_reads_reach_and_body(bars, expected):
    columns = np.array(bars).T
    assert garman_klass(*columns, len(bars))[-1] == pytest.approx(expected, abs=1e-15)


def test_a_price_that_is_not_positive_has_no_volatility_rather_than_none_at_all():
    assert np.isnan(garman_klass(*np.array([[1.0, 2.0, -1.0, 1.0]]).T, 1)).all()


def test_z_counts_the_value_itself_and_is_0_where_nothing_moved():
    values = np.array([0.1, 0.1, 0.1, 4.1, 0.1])
    result = rolling_z(values, 3)
    assert np.isnan(result[:2]).all()
    # 0, 0, 4 about their mean 4/3: deviation sqrt(16/3), z of the last (8/3) / sqrt(16/3)
    expected = [0.0, math.sqrt(4 / 3), -math.sqrt(1 / 3)]
    assert result[2:] == pytest.approx(expected, abs=1e-12)
    assert rolling_z(np.full(400, 0.1), 288)[287:].tolist() == [0.0] * 113


def test_small_moves_of_a_large_value_keep_their_z():
    values = 1e8 + np.tile([0.0, 1.0], 10) / 64
    assert rolling_z(values, 20)[-1] == pytest.approx(math.sqrt(19 / 20), abs=1e-9)


def test_the_bands_lie_two_deviations_off_the_average():
    close = np.array([1.0, 2.0, 3.0])  # average 2, sample deviation 1
    assert bollinger_position(close, 3)[-1] == 0.5
    assert bollinger_position(-close, 3)[-1] == -0.5


def walk(seed, count, persistence=0.0):
    """A price whose returns carry on (or turn back) by a share of the one before."""
    steps = np.random.default_rng(seed).normal(0.0, 1e-3, count)
    for i in range(1, count):
        steps[i] += persistence * steps[i - 1]
    return 100.0 * np.exp(steps.cumsum())


def test_hurst_tells_trends_from_walks_from_turns():
    turning, random, carrying = (
        np.mean([hurst(walk(seed, 2_000, share)) for seed in range(20)])
        for share in (-0.9, 0.0, 0.9)
    )
    assert random == pytest.approx(0.5, abs=0.03)
    assert turning < 0.40
    assert carrying > 0.60


@pytest.mark.parametrize(
    "close",
    [
        np.full(200, 100.0),
        100.0 * np.exp(0.01 * np.arange(200)),
        np.tile([100.0, 101.0], 100),  # over two bars nothing moves
        walk(1, 119),
        np.append(walk(1, 199), np.nan),
    ],
    ids=["flat", "drift", "swing", "short", "nan"],
)
def test_what_does_not_spread_has_no_hurst_exponent(close):
    assert math.isnan(hurst(close))


def test_hurst_is_rolled_over_the_last_closes_only():
    close = walk(2, 130)
    result = rolling_hurst(close, 125)
    assert np.isnan(result[:124]).all()
    assert result[124:].tolist() == [hurst(close[i - 124 : i + 1].copy()) for i in range(124, 130)]
