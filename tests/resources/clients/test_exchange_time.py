import asyncio

import pytest

from babingepet.errors import ExchangeUnavailable
from babingepet_resources.clients.binance.exchange_time import BELIEVED, ExchangeTime
from tests.fakes import FakeClock

HOUR = 3_600_000


class TellsTime:
    """The exchange's time route: this machine's clock and an error; None is no answer."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.off: int | None = 0

    async def call(self, _method, _params, *, weight):
        if self.off is None:
            raise ExchangeUnavailable("no answer")
        return {"serverTime": self.clock.time + self.off}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def told(clock: FakeClock) -> TellsTime:
    return TellsTime(clock)


@pytest.fixture
def time(clock: FakeClock, told: TellsTime) -> ExchangeTime:
    measured = ExchangeTime(clock)
    asyncio.run(measured.measure(told))
    return measured


def measure(time: ExchangeTime, told: TellsTime, off: int | None) -> None:
    told.off = off
    asyncio.run(time.measure_if_told(told))


@pytest.mark.parametrize("off", [-300_000, -5_000, 0, 5_000, 300_000])
def test_the_distance_to_this_machines_clock_is_the_skew(time, told, off):
    measure(time, told, off)
    assert time.skew_ms == abs(off)


def test_a_first_measurement_is_taken_as_it_is(clock, told):
    time = ExchangeTime(clock)
    measure(time, told, HOUR)
    assert time.now() == clock.time + HOUR


@pytest.mark.parametrize("off", [-2_000, 1_500])
def test_a_small_step_is_followed(time, told, clock, off):
    measure(time, told, off)
    assert time.now() == clock.time + off


@pytest.mark.parametrize("off", [-300_000, 300_000])
def test_a_leap_of_the_exchanges_clock_moves_no_minute(time, told, clock, off):
    for _ in range(BELIEVED - 1):
        measure(time, told, off)
    assert time.now() == clock.time
    measure(time, told, 0)
    assert (time.now(), time.skew_ms) == (clock.time, 0)


def test_a_leap_that_lasts_is_followed(time, told, clock):
    for _ in range(BELIEVED):
        clock.advance(60)
        measure(time, told, -300_000)
    assert time.now() == clock.time - 300_000


def test_leaps_that_contradict_each_other_are_never_followed(time, told, clock):
    for number in range(3 * BELIEVED):
        measure(time, told, HOUR * (1 + number % 2))
    assert time.now() == clock.time


def test_a_leap_of_this_machines_clock_moves_no_minute_and_is_told(time, told, clock):
    before = time.now()
    clock.time += 300_000
    assert time.now() == before
    measure(time, told, -300_000)
    assert (time.now(), time.skew_ms) == (before, 300_000)


def test_no_answer_leaves_the_last_word_in_force(time, told, clock):
    measure(time, told, 1_000)
    measure(time, told, None)
    assert (time.now(), time.skew_ms) == (clock.time + 1_000, 1_000)


def test_a_market_of_another_year_has_no_skew_while_it_keeps_pace(clock, told):
    time = ExchangeTime(clock)
    time.expect(clock.time - 9 * HOUR)
    measure(time, told, -9 * HOUR)
    assert time.skew_ms == 0
    measure(time, told, -9 * HOUR + 5_000)
    assert time.skew_ms == 5_000


def test_a_market_that_waits_is_compared_with_where_it_stands(clock, told):
    time = ExchangeTime(clock)
    time.stand(clock.time - HOUR)
    measure(time, told, -HOUR)
    assert time.skew_ms == 0
    measure(time, told, -HOUR - 300_000)
    assert (time.now(), time.skew_ms) == (clock.time - HOUR, 300_000)
