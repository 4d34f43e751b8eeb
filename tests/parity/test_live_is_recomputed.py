"""What a growing history says each minute is what a computation from the anchors says, to the bit.

The recorded two years; the walking side appends minute by minute with warm caches and restarts on
the way, the other side is built anew for every minute from exactly what its anchors ask for.
"""

import numpy as np
import pytest

from babingepet.learning.seasonality import hour_table
from babingepet.market.frames import Candles
from babingepet.market.history import BarHistory
from babingepet.market.intervals import DAY, HOUR, MINUTE, minutes_needed_from
from tests.parity import walks as w
from tests.parity.recorded import spot_hours

NEW_YEAR = 1_735_689_600_000  # 2025-01-01
BLOCKS, LENGTH = 40, 500
BORDERS = w.month_borders()
random_starts = np.random.default_rng(2024).integers(60, w.DAYS - 2, BLOCKS) * 1_440
STARTS = [
    *(border - 4 * HOUR for border in BORDERS),
    *(w.FIRST + int(start) * MINUTE for start in random_starts[len(BORDERS) :]),
]
"""A block around each month border, the others anywhere: 20,000 minutes."""


def is_sound(comparison, minutes, measured=0):
    """Whether enough was compared, enough of it measured, and nothing differed."""
    enough = comparison.minutes >= minutes and comparison.measured >= measured
    return enough and comparison.differ == []


@pytest.mark.parametrize("start", [NEW_YEAR - 5 * MINUTE, NEW_YEAR + 13 * DAY + 7 * HOUR])
def test_ten_minutes_are_what_they_are_from_the_anchors(recorded_data, start):
    assert is_sound(w.compare(w.two_years(recorded_data), start, 10, seed=1), 10, 4)


def test_hours_of_the_exchange_and_of_our_minutes_say_the_same(recorded_data):
    market = w.two_years(recorded_data)
    for as_of in (NEW_YEAR, NEW_YEAR + 16 * DAY + 501 * MINUTE):
        of_minutes = repr(w.told(w.loaded_of_minutes(market, as_of), as_of))
        assert of_minutes == repr(w.told(w.loaded(market, as_of), as_of))


@pytest.mark.parametrize("border", BORDERS[::5])
def test_a_loop_that_crosses_a_month_has_the_table_of_hours_of_one_that_starts_after(
    recorded_data, border
):
    market = w.two_years(recorded_data)
    early = spot_hours(recorded_data).between(0, w.FIRST)

    def history(as_of):
        minutes = market.minutes.between(minutes_needed_from(as_of), as_of)
        hours = market.hours.between(0, int(minutes.open_time[0]))
        return BarHistory(minutes, Candles.concat([early, hours]))

    def table(history, as_of):
        return repr(hour_table(history.hours_before_month(as_of), as_of))

    crossing = history(border - 90 * MINUTE)
    before = table(crossing, border - MINUTE)
    crossing.append(market.minutes.between(border - 90 * MINUTE, border + MINUTE))
    after = table(crossing, border + MINUTE)
    assert after == table(history(border + MINUTE), border + MINUTE)
    assert "HourTable" in after != before


@pytest.mark.slow
@pytest.mark.parametrize("block", range(0, BLOCKS, 7))
def test_fifty_minutes_are_what_they_are_from_the_anchors(recorded_data, block):
    start = STARTS[block] + 215 * MINUTE
    assert is_sound(w.compare(w.two_years(recorded_data), start, 50, seed=block), 50, 20)


def block_with_holes(folder, block, count):
    """A block of a market that has lost minutes for two months."""
    lost = (STARTS[block] - 60 * DAY, STARTS[block] + 2 * DAY)
    market = w.with_holes(w.two_years(folder), *lost, seed=block)
    return w.compare(market, STARTS[block] + 200 * MINUTE, count, seed=block)


@pytest.mark.slow
@pytest.mark.parametrize("block", [3, 11, 30])
def test_minutes_with_holes_are_what_they_are_from_the_anchors(recorded_data, block):
    comparison = block_with_holes(recorded_data, block, 100)
    assert is_sound(comparison, 60, 20)
    assert comparison.minutes < 100


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("block", range(BLOCKS))
def test_twenty_thousand_minutes_are_what_they_are_from_the_anchors(recorded_data, block):
    comparison = w.compare(w.two_years(recorded_data), STARTS[block], LENGTH, seed=block)
    assert is_sound(comparison, LENGTH, LENGTH // 2)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("block", range(0, BLOCKS, 5))
def test_hours_with_holes_are_what_they_are_from_the_anchors(recorded_data, block):
    assert is_sound(block_with_holes(recorded_data, block, LENGTH), LENGTH // 2, LENGTH // 4)
