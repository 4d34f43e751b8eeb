"""Planted leaks: the checker names the first moment at which each depends on the future."""

import numpy as np
import pytest

from babingepet.cycles.btc import run_cycle
from babingepet.errors import InputError
from babingepet.market.history import resample
from babingepet.market.intervals import DAY, HOUR, MINUTE, day_start
from babingepet.signals.mtf_alignment import trend
from tests import factories as f
from tests.lookahead import markets
from tests.lookahead.checker import ANOTHER_FUTURE, NO_FUTURE, first_leak
from tests.lookahead.facts import END

QUARTER = 15 * MINUTE
THREE = f.WEDNESDAY + 15 * HOUR
"""15:00, an hour before a settlement."""


@pytest.fixture(scope="module")
def facts():
    return markets.made_up(3, days=3, tape=150, hour=16)


def closes_until(facts, time):
    return facts.minutes.between(0, time).close


def next_close(facts, as_of, ahead=1):
    """The return of the quarter of an hour that has only begun."""
    closes = facts.history.bars("15m", as_of + ahead * QUARTER).close
    return closes[-1] / closes[-2] - 1.0


def unfinished_bar(facts, as_of, ends=False):
    """The trend of bars that have begun, or of those that have ended."""
    bars = resample(facts.minutes, "15m", END)
    span = QUARTER if ends else 1
    return trend(bars.where(bars.open_time + span <= as_of))


def early_rate(facts, as_of, early=10 * MINUTE):
    """The newest rate, the next one from shortly before it settles."""
    row = np.searchsorted(facts.funding.funding_time, as_of + early, side="right") - 1
    return facts.funding.funding_rate[row]


def centred_average(facts, as_of, after=5):
    """The close against an average of ten minutes with the moment in its middle, or at its end."""
    inside = facts.minutes.between(as_of - (10 - after) * MINUTE, as_of + after * MINUTE)
    return closes_until(facts, as_of)[-1] / inside.close.mean()


def scaled_by_all(facts, as_of, known=END):
    """The close as a share of the highest price of all history, or of the history known by then."""
    return closes_until(facts, as_of)[-1] / closes_until(facts, min(known, END)).max()


def late_quote(facts, as_of, late=MINUTE):
    """The bid at the end of the next minute instead of this one's."""
    return facts.quotes.between(0, as_of + late).bid_price[-1]


def afternoon_leak(facts, as_of):
    """Honest until 15:30."""
    return closes_until(facts, as_of + (MINUTE if as_of >= THREE + 2 * QUARTER else 0))[-1]


LEAKS = {
    "the next bar's close": (next_close, [0, 15, 30], 0),
    "a bar that is not over": (unfinished_bar, [0, 15, 30, 31, 45, 46], 31),
    "a rate before it settles": (early_rate, range(0, 75, 5), 50),
    "a centred average": (centred_average, [0, 15], 0),
    "a scale made of all history": (scaled_by_all, [0, 15], 0),
    "a quote after the minute": (late_quote, [0, 15], 0),
    "a leak that begins at 15:30": (afternoon_leak, range(0, 60, 3), 30),
}
HONEST = {
    "the last bar's close": lambda facts, as_of: next_close(facts, as_of, ahead=0),
    "bars that are over": lambda facts, as_of: unfinished_bar(facts, as_of, ends=True),
    "the settled rate": lambda facts, as_of: early_rate(facts, as_of, early=0),
    "a trailing average": lambda facts, as_of: centred_average(facts, as_of, after=0),
    "a scale made of the past": lambda facts, as_of: scaled_by_all(facts, as_of, known=as_of),
    "the last quote of the minute": lambda facts, as_of: late_quote(facts, as_of, late=0),
}


@pytest.mark.parametrize(("read", "minutes", "first"), LEAKS.values(), ids=LEAKS)
def test_a_planted_leak_is_found_at_its_first_moment(facts, read, minutes, first):
    leak = first_leak(read, facts, [THREE + minute * MINUTE for minute in minutes])
    assert leak is not None
    assert leak.as_of == THREE + first * MINUTE


@pytest.mark.parametrize("read", HONEST.values(), ids=HONEST)
def test_the_same_reading_without_its_leak_passes(facts, read):
    assert first_leak(read, facts, range(THREE, THREE + 75 * MINUTE, 5 * MINUTE)) is None


def test_each_of_the_two_futures_finds_what_the_other_cannot(facts):
    def is_last(facts, as_of):
        return len(facts.minutes.between(as_of, END)) == 0

    def rises_next(facts, as_of):
        following = facts.minutes.between(as_of, as_of + MINUTE)
        return bool(len(following) and following.close[0] > following.open[0])

    def first_of(read):
        leaks = (first_leak(read, facts, [THREE], seed) for seed in range(20))
        return next(leak.future for leak in leaks if leak is not None)

    falling = first_fall(facts)
    leaks = [first_leak(rises_next, facts, [falling], seed) for seed in range(20)]
    assert first_of(is_last) == NO_FUTURE
    assert {leak.future for leak in leaks if leak is not None} == {ANOTHER_FUTURE}


def first_fall(facts):
    """Open of a minute that closes lower."""
    day = facts.minutes.between(day_start(THREE), day_start(THREE) + DAY)
    return int(day.open_time[np.flatnonzero(day.close < day.open)[0]])


def test_a_cycle_refuses_a_minute_that_is_not_over(facts):
    inputs = f.cycle_inputs(
        f.signal_inputs(THREE, minutes=facts.history.minutes(THREE + MINUTE)),
        feeds=markets.FEEDS,
    )
    with pytest.raises(InputError, match="no closed minute ends at"):
        run_cycle(inputs, f.state(), f.settings())
