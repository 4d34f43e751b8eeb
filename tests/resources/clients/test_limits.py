import asyncio
import time

import pytest

from babingepet.errors import RateLimited
from babingepet_resources.clients.binance.limits import RequestLimits
from tests.fakes import FakeClock


def limits_at(second: int) -> tuple[RequestLimits, FakeClock]:
    clock = FakeClock(now=1_700_000_040_000 + second * 1_000)
    return RequestLimits(clock, clock.now), clock


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (429, {}, 20.2),
        (429, {"Retry-After": "soon"}, 20.2),
        (418, {"Retry-After": "300"}, 300.0),
        (418, {}, 120.0),
        (418, {"Retry-After": "99999999999"}, 259_200.0),
    ],
)
def test_silence_lasts_as_long_as_the_exchange_asks(status: int, headers: dict, seconds: float):
    limits, clock = limits_at(second=40)
    error = limits.silence(status, headers)
    assert error.until == clock.now() + round(seconds * 1_000)
    clock.advance(seconds - 0.01)
    with pytest.raises(RateLimited):
        limits.check()
    clock.advance(0.02)
    limits.check()


def test_a_shorter_silence_never_ends_a_longer_one():
    limits, clock = limits_at(second=0)
    limits.silence(418, {"Retry-After": "300"})
    limits.silence(429, {"Retry-After": "1"})
    clock.advance(299)
    with pytest.raises(RateLimited):
        limits.check()


def test_a_call_that_would_pass_ninety_percent_of_the_weight_is_not_sent_in_this_minute():
    limits, clock = limits_at(second=40)
    limits.observe({"X-MBX-USED-WEIGHT-1M": "2150"})
    asyncio.run(limits.turn(10, patient=False))
    with pytest.raises(RateLimited) as refused:
        asyncio.run(limits.turn(11, patient=False))
    assert refused.value.until == clock.now() + 20_200
    clock.advance(20)
    asyncio.run(limits.turn(20, patient=False))


def test_a_patient_call_waits_for_the_next_minute():
    limits, clock = limits_at(second=59)
    clock.advance(0.95)
    limits.observe({"X-MBX-USED-WEIGHT-1M": "2400"})
    before = time.monotonic()
    asyncio.run(limits.turn(10, patient=True))
    assert time.monotonic() - before >= 0.2
