"""Where a rehearsal begins: chosen by the past of the hour alone."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from babingepet.errors import InputError
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_services.demo import start as demo_start
from babingepet_services.demo.run import Demo
from babingepet_services.demo.start import _is_lively, lively_start
from tests.delivery.markets import PLAY_FROM

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_736_000_000_000 // DAY * DAY + 13 * HOUR


def market(log_prices, leaning):
    """A market of the three days before START, from one log price a quarter of an hour."""

    def minutes(start, end):
        assert (start, end) == (START - 72 * HOUR, START)
        values = np.zeros((72 * 60, 9))
        values[:, 3] = np.exp(np.repeat(log_prices, 15))
        return SimpleNamespace(values=values)

    return SimpleNamespace(minutes=minutes, leaning=lambda _now: leaning)


def walk(drift, size):
    """Three days of steps of `size`, up or down in turn, that rise by `drift` a step."""
    return np.cumsum(np.where(np.arange(288) % 2, size, -size) + drift)


@pytest.mark.parametrize(
    ("drift", "size", "lively"),
    [
        (0.0015, 0.002, True),
        (-0.0015, 0.002, True),
        (0.0002, 0.002, False),  # hardly any trend
        (0.0006, 0.0006, False),  # hardly any move
        (0.006, 0.008, False),  # a panic
    ],
)
def test_a_lively_hour_follows_a_trend_of_moderate_size(drift, size, lively):
    direction = np.sign(drift)
    assert _is_lively(market(walk(drift, size), direction), START) is lively
    assert not _is_lively(market(walk(drift, size), -direction), START)
    assert not _is_lively(market(walk(drift, size), 0.0), START)


def test_a_move_against_that_of_the_last_days_is_not_enough():
    fall = walk(-0.004, 0.002)[:263]
    prices = np.concatenate((fall, fall[-1] + walk(0.0015, 0.002)[:25]))
    assert not _is_lively(market(prices, 1.0), START)


@pytest.mark.slow
def test_the_hour_is_the_first_of_its_kind_and_always_one_in_the_afternoon():
    for seed in range(3):
        start = lively_start(seed, "BTCUSDT")
        assert pd.to_datetime(start, unit="ms").hour == 13
        simulated = demo_start.SimulatedMarket(seed=seed)
        days = range(demo_start.DEFAULT_START_MS + 13 * HOUR, start + 1, DAY)
        assert [_is_lively(simulated, day) for day in days] == [False] * (len(days) - 1) + [True]


@pytest.mark.slow
def test_a_rehearsal_begins_there_unless_it_was_told_where(tmp_path):
    given = {"data_dir": tmp_path, "market": "simulated", "speed": "max"}
    told = Demo(load_settings(**given, start=PLAY_FROM), SystemClock())
    told._choose_start()
    assert told.settings.start == PLAY_FROM
    free = Demo(load_settings(**given, seed=4), SystemClock())
    free._choose_start()
    assert pd.Timestamp(free.settings.start).value // 10**6 == lively_start(4, "BTCUSDT")
    with pytest.raises(InputError, match="--symbol NOPEUSDT"):
        next(Demo(load_settings(**given, symbol="NOPEUSDT"), SystemClock()).run())
