import numpy as np
import pytest

from babingepet import indicators
from babingepet.indicators import chandelier, efficiency_ratio, ema, mid_rank


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
    assert chandelier(high, low, close, 22, 3.0) == (103.0 - 3 * reach, 96.0 + 3 * reach)


@pytest.mark.parametrize(("count", "known"), [(0, False), (22, False), (23, True)])
def test_the_chandelier_needs_23_bars(count, known):
    close = np.full(count, 100.0)
    levels = chandelier(close + 1, close - 1, close, 22, 3.0)
    assert not np.isnan(levels).any() if known else np.isnan(levels).all()
