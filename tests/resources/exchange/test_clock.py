"""The exchange's clock against a hand-turned one."""

import asyncio

from babingepet_resources.exchange.clock import ExchangeClock


class Seconds:
    """Real time that moves only when told."""

    def __init__(self):
        self.now = 50.0

    def __call__(self):
        return self.now


def test_the_clock_stands_until_it_is_begun():
    seconds = Seconds()
    clock = ExchangeClock(1_000, speed=1, monotonic=seconds)
    seconds.now += 9
    assert clock.now == 1_000
    assert clock.speed_reached == 0


def test_the_clock_never_passes_the_next_event():
    seconds = Seconds()
    clock = ExchangeClock(0, speed=1, monotonic=seconds)

    async def play():
        clock.run()
        waiting = asyncio.create_task(clock.reach(20))
        await asyncio.sleep(0)
        seconds.now += 0.0105
        between = clock.now
        seconds.now += 5
        late = clock.now
        await waiting
        return between, late

    assert asyncio.run(play()) == (10, 20)
    assert clock.speed_reached > 0


def test_a_held_clock_goes_on_only_for_its_own_boundary():
    clock = ExchangeClock(0, speed=None)

    async def play():
        clock.run()
        await clock.reach(60_000)
        clock.hold(60_000)
        clock.release(0)
        waiting = asyncio.create_task(clock.released())
        await asyncio.sleep(0)
        still_held = not waiting.done()
        clock.release(60_000)
        clock.release(60_000)
        await waiting
        return still_held, clock.held_at

    assert asyncio.run(play()) == (True, None)


def test_a_pause_is_not_caught_up_after_a_release():
    seconds = Seconds()
    clock = ExchangeClock(0, speed=1000, monotonic=seconds)

    async def play():
        clock.run()
        clock.hold(0)
        seconds.now += 3600
        clock.release(0)
        await clock.released()
        waiting = asyncio.create_task(clock.reach(50_000))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await waiting

    asyncio.run(play())
    assert clock.now == 50_000
