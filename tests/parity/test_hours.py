"""The table of hours against statsmodels and whole-number arithmetic, on eight years of hours."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from babingepet.learning.seasonality import hour_table
from babingepet.market.intervals import to_ms
from tests.parity.recorded import spot_hours

MONTHS = [(2019, 9), (2021, 6), (2023, 1), (2024, 1), (2025, 5)]


def by_hour(hours, month):
    """Rises and hours by hour of the day before a month, by pandas."""
    table = pd.DataFrame(hours.columns())
    times = pd.to_datetime(table["open_time"], unit="ms", utc=True)
    table = table[times < pd.Timestamp(*month, 1, tz="UTC")]
    rose = (table["close"] > table["open"]).groupby(times.dt.hour)
    return rose.sum().to_numpy(), rose.count().to_numpy()


def exact_p_value(k, n, up, of):
    """Probability of what is no likelier than k of n, each with probability up / of.

    Whole numbers throughout: C(n, i) up^i (of - up)^(n - i), each from the one before.
    """
    down = of - up
    likelihood = [down**n]
    for i in range(1, n + 1):
        likelihood.append(likelihood[-1] * (n - i + 1) * up // (i * down))
    return sum(x for x in likelihood if x <= likelihood[k]) / of**n


@pytest.mark.parametrize("month", MONTHS)
def test_shares_and_discoveries_are_those_of_the_libraries(recorded_data, month):
    hours = spot_hours(recorded_data)
    rises, counted = by_hour(hours, month)
    mean = rises.sum() / counted.sum()
    table = hour_table(hours, to_ms(datetime(*month, 17, 5, tzinfo=UTC)))
    assert table.rises.tolist() == rises.tolist()
    assert table.hours.tolist() == counted.tolist()
    assert table.mean_share == pytest.approx(mean, rel=1e-15)
    np.testing.assert_allclose(table.share, (rises + 50 * mean) / (counted + 50), rtol=1e-14)
    found = multipletests(table.p_value, alpha=0.10, method="fdr_bh")[0]
    assert table.significant.tolist() == found.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("month", [MONTHS[0], MONTHS[-1]])
def test_the_binomial_test_is_exact(recorded_data, month):
    hours = spot_hours(recorded_data)
    rises, counted = (column.tolist() for column in by_hour(hours, month))
    table = hour_table(hours, to_ms(datetime(*month, 1, tzinfo=UTC)))
    expected = [
        exact_p_value(k, n, sum(rises), sum(counted)) for k, n in zip(rises, counted, strict=True)
    ]
    np.testing.assert_allclose(table.p_value, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("month", "up", "down"),
    [
        ((2019, 9), [], []),
        ((2020, 5), [19], []),
        ((2022, 1), [19, 21], [2, 14]),
        ((2024, 5), [19, 21, 22], [1, 2]),
        ((2025, 5), [19, 21], []),
    ],
)
def test_few_hours_of_the_record_are_special_and_they_change(recorded_data, month, up, down):
    table = hour_table(spot_hours(recorded_data), to_ms(datetime(*month, 1, tzinfo=UTC)))
    above = table.share > table.mean_share
    assert np.flatnonzero(table.significant & above).tolist() == up
    assert np.flatnonzero(table.significant & ~above).tolist() == down


def test_the_record_is_too_short_until_september_2019(recorded_data):
    # It begins on 2017-08-17, so August 2019 lacks the first days of its two years.
    hours = spot_hours(recorded_data)
    assert hour_table(hours, to_ms(datetime(2019, 8, 31, 23, 59, tzinfo=UTC))) is None
    assert hour_table(hours, to_ms(datetime(2019, 9, 1, tzinfo=UTC))) is not None
