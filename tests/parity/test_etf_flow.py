"""ETF flows against the formula in pandas, on the flows that were published for 16 months."""

import numpy as np
import pandas as pd
import pytest
from pandas.tseries.holiday import GoodFriday, USFederalHolidayCalendar

from babingepet.market.context import EtfFlows
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.signals.etf_flow import etf_flow
from tests import factories as f
from tests.parity.recorded import etf_table

MOURNING = pd.Timestamp("2025-01-09")
"""The exchanges closed for a day of national mourning."""


def as_flows(usd):
    days = usd.index.to_numpy("datetime64[ms]").astype(np.int64)
    return EtfFlows(days, usd.to_numpy(float))


@pytest.fixture(scope="module")
def usd(recorded_data):
    """Flows of trading days: a row of 0.0 for every fund is a holiday."""
    table = etf_table(recorded_data)
    return table.loc[table.ne(0.0).any(axis=1), "total_musd"] * 1e6


def test_zero_for_every_fund_is_a_holiday_and_nothing_else(recorded_data):
    table = etf_table(recorded_data)
    empty = table.index[table.eq(0.0).all(axis=1)]
    first, last = table.index[0], table.index[-1]
    federal = USFederalHolidayCalendar().holidays(first, last)
    closed = {*federal[~federal.month.isin([10, 11]) | (federal.day > 20)], MOURNING}
    assert set(empty) == closed | set(GoodFriday.dates(first, last))
    assert table["total_musd"].eq(0.0).sum() == len(empty) == 15


def test_every_recorded_day_is_scored_as_by_pandas(usd):
    flows = as_flows(usd)
    deviation = usd.rolling(20).std()
    week = usd.rolling(5).sum() / (deviation * 5**0.5)
    strength = np.tanh(0.6 * usd / deviation + 0.4 * week).to_numpy()
    known = flows.day + DAY + 3 * HOUR
    checked = 0
    for as_of in range(int(flows.day[0]), int(flows.day[-1]) + 6 * DAY, 7 * HOUR):
        score = etf_flow(f.signal_inputs(as_of, etf_flows=flows))
        row = int(np.flatnonzero(known <= as_of).max(initial=-1))
        age = (as_of - flows.day[row]) / DAY
        if row < 19 or age > 4.0:
            assert score.value is None
            continue
        expected = strength[row] * 2.0 ** (-max(0.0, age - 1.0) / 2.0)
        assert score.value == pytest.approx(expected, abs=1e-12)
        checked += 1
    assert checked > 1_000


def test_a_long_weekend_leaves_a_gap_until_its_first_flow_is_published(usd):
    flows = as_flows(usd)
    friday = int(pd.Timestamp("2025-01-17").value // 10**6)  # Monday the 20th was a holiday
    silent_from, silent_until = friday + 4 * DAY + MINUTE, friday + 5 * DAY + 3 * HOUR
    spoken = {
        as_of: etf_flow(f.signal_inputs(as_of, etf_flows=flows)).value is not None
        for as_of in (silent_from - MINUTE, silent_from, silent_until - MINUTE, silent_until)
    }
    assert list(spoken.values()) == [True, False, False, True]
