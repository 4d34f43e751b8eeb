"""Series over whole histories say at each moment what the question of one moment says."""

import numpy as np
import pytest

from babingepet.market.frames import Candles, FundingRates
from babingepet.market.funding import funding_by_minute, settlements_due
from babingepet.market.history import (
    has_recent_hole,
    is_after_hole,
    newest_rows,
    usable_rows,
)
from babingepet.market.intervals import HOUR, MINUTE

SPAN = 5 * MINUTE


def grid(random, count, span, missing):
    """Open times on the grid with runs of up to ten missing."""
    keep = np.ones(count, np.bool_)
    for at in random.integers(1, count, missing):
        keep[at : at + random.integers(1, 11)] = False
    return (7_000 + np.flatnonzero(keep)) * span


def test_the_newest_row_is_the_last_one_not_after_the_moment():
    times = np.array([10, 20, 20, 40])
    assert newest_rows(times, np.array([5, 10, 19, 20, 39, 99])).tolist() == [-1, 0, 0, 2, 2, 3]
    assert newest_rows(times[:0], np.array([5, 6])).tolist() == [-1, -1]


@pytest.mark.parametrize("seed", range(6))
def test_a_bar_is_after_a_hole_where_asking_at_its_close_says_so(seed):
    open_time = grid(np.random.default_rng(seed), 600, SPAN, 12)
    asked = [
        has_recent_hole(open_time[: row + 1], SPAN, int(open_time[row]) + SPAN)
        for row in range(len(open_time))
    ]
    assert is_after_hole(open_time, SPAN).tolist() == asked
    assert True in asked
    assert False in asked


@pytest.mark.parametrize("seed", range(6))
def test_usable_rows_are_those_that_asking_at_each_moment_finds(seed):
    random = np.random.default_rng(seed)
    open_time = grid(random, 300, SPAN, 8)
    as_ofs = np.arange(open_time[0] - SPAN, open_time[-1] + 8 * SPAN, MINUTE)
    as_ofs = as_ofs[random.random(len(as_ofs)) > 0.1]
    asked = []
    for as_of in as_ofs.tolist():
        closed = open_time[open_time + SPAN <= as_of]
        usable = len(closed) >= 40 and not has_recent_hole(closed, SPAN, as_of)
        asked.append(len(closed) - 1 if usable else -1)
    found = usable_rows(open_time, SPAN, 40, as_ofs).tolist()
    assert found == asked
    assert {-1} < set(found)


@pytest.mark.parametrize("seed", range(8))
def test_each_minute_pays_what_fell_due_since_the_minute_before(seed):
    random = np.random.default_rng(seed)
    open_time = grid(random, 4_000, MINUTE, 30)
    close = random.uniform(90.0, 110.0, len(open_time))
    first = int(random.integers(0, 300))
    times = np.unique(random.integers(open_time[0], open_time[-1], 12) // MINUTE * MINUTE)
    hours = random.choice([4.0, 8.0], len(times))
    rates = FundingRates(
        times, random.normal(0, 1e-4, len(times)), hours, np.zeros(len(times), bool)
    )
    blank = np.zeros(len(open_time))
    minutes = Candles(open_time, close, close, close, close, blank, blank, blank, blank)
    paid = funding_by_minute(
        times, rates.funding_rate, hours, minutes.open_time, minutes.close, first
    )
    for row in range(first, len(open_time)):
        until = int(open_time[row])
        after = int(open_time[row - 1]) if row > first else until - MINUTE
        due = settlements_due(rates, minutes, after, until)
        assert paid[row - first] == sum(one.funding_rate * one.mark_price for one in due)
    assert np.count_nonzero(paid) > 3


def test_without_rates_nothing_is_due():
    open_time = np.arange(3) * MINUTE + 8 * HOUR
    empty = FundingRates.empty()
    paid = funding_by_minute(
        empty.funding_time, empty.funding_rate, empty.interval_hours, open_time, np.ones(3), 0
    )
    assert paid.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(("first", "paid"), [(0, [0.0, 0.01]), (1, [0.0])])
def test_the_first_minute_does_not_pay_for_a_hole_before_it(first, paid):
    open_time = 8 * HOUR + np.array([0, 10]) * MINUTE
    within = np.array([8 * HOUR + 5 * MINUTE])
    due = funding_by_minute(within, np.array([0.01]), np.array([8.0]), open_time, np.ones(2), first)
    assert due.tolist() == paid
