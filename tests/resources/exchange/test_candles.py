"""Paging and derivation of candles, against a history made by hand."""

import numpy as np
import pytest

from babingepet_resources.exchange.candles import (
    COLUMNS,
    INTERVALS,
    MINUTE_MS,
    Candles,
    no_candles,
    select,
)

MIDNIGHT = 1_700_006_400_000


class History:
    """Minutes at the given offsets from midnight; the forming one on request."""

    def __init__(self, minutes, *, forming=False):
        opens = np.array([MIDNIGHT + m * MINUTE_MS for m in minutes], np.int64)
        values = np.ones((len(minutes), len(COLUMNS)))
        values[:, 0] = np.asarray(minutes) + 10
        values[:, 1] = np.asarray(minutes) + 12
        values[:, 2] = np.asarray(minutes) + 9
        values[:, 3] = np.asarray(minutes) + 11
        self._candles = Candles(opens, values)
        self._forming = forming
        self.first_minute = int(opens[0])

    def minutes(self, start, end):
        return self._candles.between(start, end)

    def forming_minute(self, now):
        if not self._forming:
            return no_candles()
        return Candles(np.array([now // MINUTE_MS * MINUTE_MS]), np.full((1, len(COLUMNS)), 5.0))


def opens(candles):
    return ((candles.open_time - MIDNIGHT) // MINUTE_MS).tolist()


def ask(history, interval="1m", *, start=None, end=None, limit=500, now=60):
    def moment(minutes):
        return None if minutes is None else MIDNIGHT + int(minutes * MINUTE_MS)

    return select(
        history, interval=INTERVALS[interval], start=moment(start), end=moment(end), limit=limit,
        now=moment(now),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"limit": 3}, [57, 58, 59]),
        ({"limit": 3, "start": 5}, [5, 6, 7]),
        ({"limit": 3, "end": 5}, [3, 4, 5]),
        ({"limit": 3, "start": 5, "end": 6}, [5, 6]),
        ({"limit": 3, "start": 4.5}, [5, 6, 7]),
        ({"limit": 3, "start": -900}, [0, 1, 2]),
        ({"limit": 3, "start": 60}, []),
        ({"limit": 3, "now": 10.5}, [7, 8, 9]),
        ({"limit": 3, "start": 58, "end": 900}, [58, 59]),
        ({"limit": 3, "interval": "15m"}, [15, 30, 45]),
        ({"limit": 2, "interval": "15m", "start": 1}, [15, 30]),
        ({"limit": 9, "interval": "1d"}, [0]),
    ],
)
def test_candles_are_paged_as_binance_pages_them(request_, expected):
    assert opens(ask(History(range(120)), **request_)) == expected


def test_a_longer_candle_is_made_of_its_minutes():
    bar = ask(History(range(60)), "5m", start=5, limit=1)
    assert bar.values[0].tolist() == [15, 21, 14, 20, 5, 5, 5, 5, 5]


def test_a_longer_candle_with_a_missing_minute_is_left_out():
    minutes = [m for m in range(60) if m != 17]
    assert opens(ask(History(minutes), "15m")) == [0, 30, 45]


def test_the_first_longer_candle_is_left_out_when_the_history_begins_inside_it():
    assert opens(ask(History(range(7, 60)), "15m")) == [15, 30, 45]


def test_a_hole_does_not_shorten_a_page():
    minutes = [*range(5), *range(40, 60)]
    assert opens(ask(History(minutes), start=3, limit=4)) == [3, 4, 40, 41]
    assert opens(ask(History(minutes), end=40, limit=3)) == [3, 4, 40]


def test_the_forming_candle_is_last_and_only_where_trades_exist():
    assert opens(ask(History(range(60), forming=True), limit=2, now=30.5)) == [29, 30]
    assert opens(ask(History(range(60)), limit=2, now=30.5)) == [28, 29]
    assert opens(ask(History(range(60), forming=True), limit=2, now=30)) == [28, 29]


def test_a_forming_longer_candle_holds_the_minutes_so_far():
    bar = ask(History(range(60)), "15m", limit=1, now=33)
    assert opens(bar) == [30]
    assert bar.values[0, COLUMNS.index("base_volume")] == 3


def test_a_forming_longer_candle_with_a_hole_is_left_out():
    minutes = [m for m in range(60) if m != 31]
    assert opens(ask(History(minutes, forming=True), "15m", limit=1, now=33.5)) == [15]
