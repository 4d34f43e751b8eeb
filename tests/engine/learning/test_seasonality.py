import math
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pytest

from babingepet.learning.seasonality import hour_table
from babingepet.market.intervals import DAY, HOUR, iso, month_start, to_ms
from tests import factories as f


def at(*parts):
    return to_ms(datetime(*parts, tzinfo=UTC))


MAY = at(2025, 5, 1)
START = at(2023, 5, 1)
AS_OF = f.NOON
DAYS = (MAY - START) // DAY


def hours_of(rises_by_hour, days=DAYS, first=START):
    """Hours of some days; each hour of the day rises on its first so many days."""
    day, hour = np.divmod(np.arange(days * 24), 24)
    rose = day < np.asarray(rises_by_hour)[hour]
    return f.candles(
        closes=np.where(rose, 101.0, 99.0), open=100.0, first=first, interval="1h"
    )  # fmt: skip


def even(**changed):
    """Rises that are half the days, but for some hours: h12=400."""
    rises = np.full(24, DAYS // 2)
    for name, count in changed.items():
        rises[int(name[1:])] = count
    return rises


def exact_p_value(k, n, p):
    """Probability, under p, of all outcomes that are no likelier than k; in whole numbers."""
    up, down = p.numerator, p.denominator - p.numerator
    likelihood = [math.comb(n, i) * up**i * down ** (n - i) for i in range(n + 1)]
    return Fraction(sum(x for x in likelihood if x <= likelihood[k]), p.denominator**n)


def step_up(p_values, rate):
    """Benjamini and Hochberg: all up to the largest rank whose p-value is below rank / m * rate."""
    order = np.argsort(p_values)
    passed = [rank for rank, i in enumerate(order, 1) if p_values[i] <= rank / 24 * rate]
    found = np.zeros(24, bool)
    found[order[: max(passed, default=0)]] = True
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "rises",
    [
        even(),
        even(h12=430),
        even(h12=408),
        even(h12=430, h3=290, h4=320, h5=410),
        np.arange(24) * 30,
    ],
)
def test_shares_tests_and_discoveries_are_those_of_the_formulas(rises):
    table = hour_table(hours_of(rises), AS_OF)
    mean = Fraction(int(rises.sum()), 24 * DAYS)
    p_values = [float(exact_p_value(int(k), DAYS, mean)) for k in rises]
    assert table.rises.tolist() == rises.tolist()
    assert table.hours.tolist() == [DAYS] * 24
    assert table.mean_share == pytest.approx(float(mean), rel=1e-15)
    shrunk = [float((int(k) + 50 * mean) / (DAYS + 50)) for k in rises]
    np.testing.assert_allclose(table.share, shrunk, rtol=1e-14)
    np.testing.assert_allclose(table.p_value, p_values, rtol=1e-9, atol=1e-300)
    assert table.significant.tolist() == step_up(p_values, 0.10).tolist()


@pytest.mark.parametrize("rises", [408, 440])
def test_one_hour_that_rises_far_too_often_is_found_and_only_that(rises):
    table = hour_table(hours_of(even(h12=rises)), AS_OF)  # p = .0027 of 408, .1 / 24 = .0042
    assert np.flatnonzero(table.significant).tolist() == [12]


def test_a_luckiest_of_24_hours_is_not_significant_by_itself():
    table = hour_table(hours_of(even(h12=395)), AS_OF)  # p = .03, one of 24 tests
    assert table.p_value[12] < 0.05
    assert not table.significant.any()


def test_an_hour_that_closes_at_its_open_did_not_rise():
    flat = f.candles(DAYS * 24, first=START, interval="1h")
    table = hour_table(flat, AS_OF)
    assert table.rises.sum() == 0
    assert table.mean_share == 0.0
    assert table.share.tolist() == [0.0] * 24
    assert not table.significant.any()


@pytest.mark.parametrize(
    ("first", "as_of", "known"),
    [
        (START, AS_OF, True),
        (START + HOUR, AS_OF, False),
        (START, MAY, True),  # the first minute of the month
        (START, MAY - 1, False),  # April's table needs April of 2023
        (at(2022, 2, 1), at(2024, 2, 29, 12), True),
        (at(2022, 2, 1, 1), at(2024, 2, 29, 12), False),
    ],
)
def test_history_reaches_two_calendar_years_before_the_month(first, as_of, known):
    days = (month_start(as_of) - first) // DAY + 40
    table = hour_table(hours_of(even(), days, first), as_of)
    assert (table is not None) is known
    if table is not None:
        assert iso(table.until) == iso(month_start(as_of))
        assert table.since == first


def test_no_hour_of_this_month_is_read():
    hours = hours_of(even(h12=440), DAYS + 7)
    known = hour_table(hours, AS_OF)
    before = hour_table(hours.between(0, MAY), AS_OF)
    assert all(np.array_equal(one, other) for one, other in zip(known, before, strict=True))
    assert known.hours.tolist() == [DAYS] * 24


def test_all_history_counts_not_only_two_years():
    table = hour_table(hours_of(even(), DAYS + 365, START - 365 * DAY), AS_OF)
    assert table.hours.tolist() == [DAYS + 365] * 24


@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_hour_without_a_number_is_dropped(column, value):
    hours = hours_of(even())
    columns = {name: values.copy() for name, values in hours.columns().items()}
    columns[column][36] = value  # 12:00 of the second day, a rise
    table = hour_table(type(hours)(**columns), AS_OF)
    assert table.hours.tolist() == [DAYS - (h == 12) for h in range(24)]
    assert table.rises[12] == DAYS // 2 - 1


def test_history_begins_with_its_first_number():
    hours = hours_of(even())
    columns = {name: values.copy() for name, values in hours.columns().items()}
    columns["close"][0] = np.nan
    assert hour_table(type(hours)(**columns), AS_OF) is None


def test_an_hour_that_was_never_seen_has_the_mean_share_and_is_no_discovery():
    hours = hours_of(even(h12=440))
    table = hour_table(hours.where(hours.open_time // HOUR % 24 != 5), AS_OF)
    assert (table.hours[5], table.p_value[5]) == (0, 1.0)
    assert table.share[5] == pytest.approx(table.mean_share, rel=1e-15)
    assert np.flatnonzero(table.significant).tolist() == [12]


def test_without_hours_there_is_no_table():
    assert hour_table(f.candles(0), AS_OF) is None
