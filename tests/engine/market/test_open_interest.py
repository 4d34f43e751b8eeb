import numpy as np
import pytest

from babingepet.market.frames import OpenInterest
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.market.open_interest import OpenInterestHour, hour_until, reading_at

NOON = 20_000 * 24 * HOUR + 12 * HOUR


def readings(*rows: tuple[int, float]) -> OpenInterest:
    return OpenInterest.from_rows((time, value, np.nan) for time, value in rows)


@pytest.mark.parametrize(
    ("age", "is_known"),
    [(0, True), (1, True), (10 * MINUTE, True), (10 * MINUTE + 1, False), (-1, False)],
)
def test_a_reading_counts_until_it_is_ten_minutes_old_and_never_before_its_time(age, is_known):
    found = reading_at(readings((NOON - age, 5.0)), NOON)
    assert found == ((NOON - age, 5.0) if is_known else None)


def test_the_newest_reading_counts():
    rows = readings((NOON - 90, 4.0), (NOON - 60, 5.0), (NOON + 1, 6.0))
    assert reading_at(rows, NOON) == (NOON - 60, 5.0)


def test_an_hour_needs_both_of_its_ends():
    now, before = (NOON - 5, 80.0), (NOON - HOUR - MINUTE, 79.0)
    assert hour_until(readings(before, now), NOON) == OpenInterestHour(*now, *before)
    assert hour_until(readings(now), NOON) is None
    assert hour_until(readings(before), NOON) is None
    assert hour_until(OpenInterest.empty(), NOON) is None
