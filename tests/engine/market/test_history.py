from datetime import UTC, datetime

import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet.market.frames import Candles
from babingepet.market.history import DERIVED, BarHistory, Growing, has_recent_hole, resample
from babingepet.market.intervals import HOUR, INTERVALS, MINUTE, anchor, to_ms
from tests import factories as f

NO_HOURS = Candles.empty()


def walk(count, *, first=f.WEDNESDAY, seed=0):
    """Minutes in which no two columns are alike."""
    rng = np.random.default_rng(seed)
    close = 100 + rng.normal(0, 0.1, count).cumsum()
    return f.candles(
        closes=close,
        first=first,
        open=close - rng.random(count),
        high=close + rng.random(count),
        low=close - 1 - rng.random(count),
        base_volume=rng.random(count),
        taker_buy_base_volume=rng.random(count) / 2,
    )


def assert_same(one, other, as_of):
    assert one.end == other.end
    assert one.minutes(as_of).equals(other.minutes(as_of))
    for interval in DERIVED:
        assert one.bars(interval, as_of).equals(other.bars(interval, as_of)), interval


def grouped(minutes, span, until):
    """Bars of a longer interval, row by row in plain Python."""
    bars: dict[int, list[int]] = {}
    for row, time in enumerate(minutes.open_time.tolist()):
        bars.setdefault(time // span * span, []).append(row)
    return [
        (
            start,
            minutes.open[rows[0]],
            max(minutes.high[rows]),
            min(minutes.low[rows]),
            minutes.close[rows[-1]],
            sum(minutes.base_volume[rows].tolist()),
            sum(minutes.taker_buy_base_volume[rows].tolist()),
        )
        for start, rows in bars.items()
        if start + span <= until
    ]


HOLES = {
    "none": [],
    "one minute": [100],
    "a whole 5m bar": list(range(95, 100)),
    "a bar and a half of 15m": list(range(110, 133)),
    "two hours and a bit": list(range(200, 335)),
    "five hours": list(range(70, 371)),
    "scattered": [1, 2, 3, 17, 44, 61, 62, 63, 64, 299, 300],
}


@pytest.mark.parametrize("hole", HOLES.values(), ids=HOLES)
@pytest.mark.parametrize("interval", DERIVED)
def test_bars_are_made_of_the_minutes_that_exist_on_the_utc_grid(interval, hole):
    minutes = f.without(walk(700, first=f.WEDNESDAY + 7 * MINUTE), hole)
    until = int(minutes.open_time[-1]) + MINUTE
    bars = resample(minutes, interval, until)
    names = ("open_time", "open", "high", "low", "close", "base_volume", "taker_buy_base_volume")
    made = list(zip(*(getattr(bars, name).tolist() for name in names), strict=True))
    assert made == grouped(minutes, INTERVALS[interval], until)


@pytest.mark.parametrize(
    ("until", "bars"), [(15 * MINUTE - 1, 0), (15 * MINUTE, 1), (29 * MINUTE, 1), (30 * MINUTE, 2)]
)
def test_a_bar_exists_once_it_is_over(until, bars):
    assert len(resample(walk(30), "15m", f.WEDNESDAY + until)) == bars


def test_a_volume_that_was_never_recorded_stays_unknown():
    bars = resample(f.candles(5, taker_buy_base_volume=np.nan), "5m", f.NOON)
    assert np.isnan(bars.taker_buy_base_volume).all()
    assert bars.base_volume.tolist() == [50.0]


@pytest.mark.parametrize("hole", HOLES.values(), ids=HOLES)
@pytest.mark.parametrize("begin", [0, 7, 59])
@pytest.mark.parametrize("cut", [1, 100, 113, 240])
def test_appending_minutes_gives_what_building_anew_gives(hole, begin, cut):
    minutes = f.without(walk(600, first=f.WEDNESDAY + begin * MINUTE), hole)
    grown = BarHistory(minutes.rows(0, cut), NO_HOURS)
    for row in range(cut, len(minutes)):
        grown.append(minutes.rows(row, row + 1))
    assert_same(grown, BarHistory(minutes, NO_HOURS), grown.end)


def test_every_minute_on_the_way_equals_a_restart_at_that_minute():
    minutes = f.without(walk(500), HOLES["a bar and a half of 15m"])
    grown = BarHistory(minutes.rows(0, 1), NO_HOURS)
    for stop in range(2, len(minutes) + 1):
        grown.append(minutes.rows(stop - 1, stop))
        for interval in DERIVED:  # reading on the way must not freeze what is read later
            grown.bars(interval, grown.end)
        if stop % 23 == 0:
            assert_same(grown, BarHistory(minutes.rows(0, stop), NO_HOURS), grown.end)


def test_native_hours_fill_in_before_the_minutes_and_make_the_first_4h_bar():
    hours = f.candles(closes=np.arange(50.0, 56.0), first=f.WEDNESDAY, interval="1h")
    minutes = walk(3 * 60, first=f.WEDNESDAY + 6 * HOUR)
    history = BarHistory(minutes, hours)
    as_of = f.WEDNESDAY + 9 * HOUR
    assert history.bars("1h", as_of).close[:6].tolist() == hours.close.tolist()
    second = history.bars("4h", as_of).rows(1, 2)
    assert second.open.tolist() == [54.0]
    assert second.close.tolist() == [minutes.close[119]]


def test_appending_to_hours_alone_gives_what_building_anew_gives():
    hours = f.candles(closes=np.arange(50.0, 56.0), first=f.WEDNESDAY, interval="1h")
    minutes = walk(3 * 60, first=f.WEDNESDAY + 6 * HOUR)
    grown = BarHistory(Candles.empty(), hours)
    grown.append(minutes)
    assert_same(grown, BarHistory(minutes, hours), grown.end)


def test_a_decision_reads_only_bars_that_are_closed():
    history = BarHistory(walk(600), NO_HOURS)
    as_of = f.WEDNESDAY + 4 * HOUR + 59 * MINUTE
    assert history.minutes(as_of).open_time[-1] == as_of - MINUTE
    for interval, span in INTERVALS.items():
        if interval in DERIVED:
            assert history.bars(interval, as_of).open_time[-1] + span == as_of // span * span


def test_bars_read_before_their_last_minute_came_are_read_again_after_it():
    minutes = walk(15)
    history = BarHistory(minutes.rows(0, 14), NO_HOURS)
    as_of = f.WEDNESDAY + 15 * MINUTE
    assert len(history.bars("15m", as_of)) == 0  # the minute is late
    history.append(minutes.rows(14, 15))
    assert len(history.bars("15m", as_of)) == 1


def test_a_series_begins_at_its_anchor():
    turn = to_ms(datetime(2025, 5, 1, tzinfo=UTC))
    begin = anchor("15m", turn - 1)  # 2025-03-01
    quarter = f.candles(closes=np.full(70 * 96, 100.0), first=begin - 90 * MINUTE, interval="15m")
    history = BarHistory(quarter, NO_HOURS)  # a bar of 15 minutes in one minute row
    assert history.bars("15m", turn - MINUTE).open_time[0] == begin
    assert history.bars("15m", turn).open_time[0] == anchor("15m", turn) > begin


@pytest.mark.parametrize("time", [f.WEDNESDAY, f.WEDNESDAY + 59 * MINUTE])
def test_a_minute_that_does_not_follow_is_refused(time):
    history = BarHistory(walk(60), NO_HOURS)
    with pytest.raises(InputError, match=f"candle {time} does not follow"):
        history.append(walk(1, first=time))


def test_no_minutes_are_an_empty_history():
    history = BarHistory(Candles.empty(), NO_HOURS)
    assert history.end == 0
    assert all(len(history.bars(interval, f.NOON)) == 0 for interval in DERIVED)


def test_a_view_does_not_change_when_the_frame_grows():
    growing = Growing(walk(3))
    view = growing.view()
    before = view.to_bytes()
    for step in range(2_000):
        growing.append(walk(1, first=f.WEDNESDAY + (3 + step) * MINUTE))
    assert view.to_bytes() == before
    assert len(growing.view()) == 2_003


AS_OF = f.WEDNESDAY + 100 * MINUTE


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ([], False),
        ([99], False),
        ([97, 98, 99], False),  # three at the end are bearable
        ([96, 97, 98, 99], True),  # four are not
        ([50, 51, 52], False),
        ([50, 51, 52, 53], True),
        ([50, 51, 53, 54, 56, 57], False),  # not in a row
        ([37, 38, 39, 40, 41, 42], False),  # only three of them among the last 60
        ([37, 38, 39, 40, 41, 42, 43], True),  # four of them
        ([10, 11, 12, 13, 14, 15], False),  # washed out
        (range(41, 100), True),
        (range(100), True),
    ],
)
def test_four_missing_bars_in_a_row_among_the_last_sixty_make_a_series_unusable(missing, expected):
    minutes = f.without(walk(100), missing)
    assert has_recent_hole(minutes.open_time, MINUTE, AS_OF) is expected


def test_a_young_history_has_no_hole_before_its_first_bar():
    assert not has_recent_hole(walk(5, first=AS_OF - 5 * MINUTE).open_time, MINUTE, AS_OF)


def test_an_unfinished_longer_bar_is_not_missing():
    hours = f.candles(closes=np.ones(100), first=AS_OF // HOUR * HOUR - 100 * HOUR, interval="1h")
    assert not has_recent_hole(hours.open_time, HOUR, AS_OF)
    assert not has_recent_hole(hours.open_time[:-3], HOUR, AS_OF)
    assert has_recent_hole(hours.open_time[:-4], HOUR, AS_OF)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", ["open", "high", "low", "close", "base_volume"])
def test_a_minute_that_is_no_number_is_dropped_whole(column, bad):
    minutes = walk(90)
    spoilt = getattr(minutes, column).copy()
    spoilt[[40, 89]] = bad
    spoilt_minutes = Candles(**{**minutes.columns(), column: spoilt})
    dropped = f.without(minutes, [40, 89])
    built = BarHistory(spoilt_minutes, NO_HOURS)
    assert_same(built, BarHistory(dropped, NO_HOURS), int(dropped.open_time[-1]) + MINUTE)
    grown = BarHistory(spoilt_minutes.rows(0, 30), NO_HOURS)
    grown.append(spoilt_minutes.rows(30, 90))
    assert_same(grown, built, built.end)


def test_taker_volume_that_was_never_recorded_keeps_the_minute():
    minutes = walk(30)
    unrecorded = Candles(**{**minutes.columns(), "taker_buy_base_volume": np.full(30, np.nan)})
    assert len(BarHistory(unrecorded, NO_HOURS).minutes(f.WEDNESDAY + 30 * MINUTE)) == 30
