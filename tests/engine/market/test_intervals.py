from datetime import UTC, datetime, timedelta

import pytest

from babingepet.market import intervals as iv
from babingepet.market.intervals import DAY, HOUR, MINUTE, anchor, iso, to_ms


def at(*parts: int) -> int:
    return to_ms(datetime(*parts, tzinfo=UTC))


@pytest.mark.parametrize(
    ("interval", "as_of", "expected"),
    [
        # the first day of the k-th month before: 5m and 15m 1, 1h 3, 4h 10, 1m 2
        ("5m", at(2025, 5, 10), at(2025, 4, 1)),
        ("15m", at(2025, 5, 10), at(2025, 4, 1)),
        ("1h", at(2025, 5, 10), at(2025, 2, 1)),
        ("4h", at(2025, 5, 10), at(2024, 7, 1)),
        ("1m", at(2025, 5, 10), at(2025, 3, 1)),
        # over the turn of the year
        ("15m", at(2025, 1, 31, 23, 59), at(2024, 12, 1)),
        ("1h", at(2025, 3, 1), at(2024, 12, 1)),
        ("4h", at(2025, 10, 31), at(2024, 12, 1)),
        ("4h", at(2025, 11, 1), at(2025, 1, 1)),
        ("1m", at(2024, 2, 29), at(2023, 12, 1)),
        # midnight of the first already belongs to the new month
        ("15m", at(2025, 5, 1) - 1, at(2025, 3, 1)),
        ("15m", at(2025, 5, 1), at(2025, 4, 1)),
    ],
)
def test_history_begins_at_a_fixed_month(interval, as_of, expected):
    assert iso(anchor(interval, as_of)) == iso(expected)


@pytest.mark.parametrize(
    ("time", "before", "expected"),
    [
        (at(2025, 5, 7, 12), 0, at(2025, 5, 1)),
        (at(2025, 5, 1), 0, at(2025, 5, 1)),
        (at(2025, 5, 1) - 1, 0, at(2025, 4, 1)),
        (at(2025, 1, 31), 1, at(2024, 12, 1)),
        (at(2024, 2, 29, 23, 59), 24, at(2022, 2, 1)),
        (at(2024, 12, 31), 0, at(2024, 12, 1)),
    ],
)
def test_a_month_begins_at_midnight_of_its_first_day(time, before, expected):
    assert iso(iv.month_start(time, before)) == iso(expected)


def test_minutes_reach_thirty_days_before_their_anchor():
    as_of = at(2025, 5, 10, 12)
    assert iv.minutes_needed_from(as_of) == at(2025, 3, 1) - 30 * DAY


@pytest.mark.parametrize(
    ("time", "day", "week", "hour"),
    [
        (at(2025, 5, 5), at(2025, 5, 5), at(2025, 5, 5), 0),  # a Monday
        (at(2025, 5, 5) - 1, at(2025, 5, 4), at(2025, 4, 28), 23),
        (at(2025, 5, 11, 23, 59, 59), at(2025, 5, 11), at(2025, 5, 5), 23),
        (at(1970, 1, 5), at(1970, 1, 5), at(1970, 1, 5), 0),
        (at(2024, 2, 29, 7), at(2024, 2, 29), at(2024, 2, 26), 7),
    ],
)
def test_days_and_weeks_begin_at_midnight_utc(time, day, week, hour):
    assert (iv.day_start(time), iv.week_start(time), iv.hour_of_day(time)) == (day, week, hour)


def test_every_week_begins_on_a_monday_and_holds_its_times():
    for day in range(0, 20_000, 13):
        start = iv.week_start(day * DAY + 5)
        assert iv.to_datetime(start).weekday() == 0
        assert 0 <= day * DAY + 5 - start < 7 * DAY


def test_times_are_written_in_utc():
    time = at(2025, 5, 10, 0, 1)
    assert iso(time) == "2025-05-10T00:01:00Z"
    assert iv.day_key(time) == "2025-05-10"
    assert iv.to_datetime(time) == datetime(2025, 5, 10, 0, 1, tzinfo=UTC)


def test_an_aware_time_of_another_zone_is_the_same_instant():
    from datetime import timezone

    jakarta = timezone(timedelta(hours=7))
    assert to_ms(datetime(2025, 5, 10, 7, tzinfo=jakarta)) == at(2025, 5, 10)


def test_intervals_divide_the_day():
    assert iv.INTERVALS["1m"] == MINUTE
    assert iv.INTERVALS["1d"] == DAY == 24 * HOUR
    assert all(DAY % span == 0 for span in iv.INTERVALS.values())
