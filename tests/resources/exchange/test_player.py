"""Playing events to readers that are slow, gone, or not there yet."""

import asyncio

import pytest

from babingepet_resources.exchange.clock import ExchangeClock
from babingepet_resources.exchange.hub import StreamHub, Subscriber
from babingepet_resources.exchange.player import Player
from babingepet_resources.exchange.simulated import SimulatedMarket

START = 1_735_689_600_000
MINUTE = 60_000


class Reader:
    """A socket that remembers its frames and takes them only while it is willing."""

    def __init__(self):
        self.frames = []
        self.willing = asyncio.Event()
        self.willing.set()

    async def send_frame(self, frame, opcode):
        await self.willing.wait()
        self.frames.append(frame)


class LostReader:
    async def send_frame(self, frame, opcode):
        raise ConnectionResetError


class Transport:
    was_aborted = False

    def abort(self):
        self.was_aborted = True


def subscriber(reader, *streams, transport=None):
    return Subscriber(
        socket=reader, transport=transport, streams=frozenset(streams), is_combined=False
    )


async def settle():
    for _ in range(200):
        await asyncio.sleep(0)


def play(talk, *, start=START, lockstep=True):
    """Run `talk(clock, hub)` while a simulated market plays as fast as possible."""

    async def run():
        clock, hub = ExchangeClock(start, speed=None), StreamHub()
        market = SimulatedMarket(seed=1, start=start)
        player = Player(market, clock, hub, start=start, lockstep=lockstep)
        playing = asyncio.create_task(player.play())
        try:
            return await talk(clock, hub)
        finally:
            playing.cancel()

    return asyncio.run(run())


def test_a_slow_reader_stalls_the_clock_and_misses_nothing():
    async def talk(clock, hub):
        slow, fast = Reader(), Reader()
        slow.willing.clear()
        hub.add(subscriber(slow, "btcusdt@markPrice@1s", "!clock"))
        hub.add(subscriber(fast, "btcusdt@markPrice@1s"))
        await settle()
        stalled = clock.now, len(fast.frames)
        slow.willing.set()
        clock.release(START)
        await settle()
        return stalled, len(slow.frames), len(fast.frames)

    stalled, slow, fast = play(talk)
    assert stalled == (START, 0)
    assert slow == fast + 2 == 62


def test_lock_step_pauses_in_mid_minute_when_its_client_is_gone():
    async def talk(clock, hub):
        first = subscriber(Reader(), "!clock")
        hub.add(first)
        await asyncio.sleep(0)
        hub.remove(first)
        await settle()
        paused = clock.now
        second = Reader()
        hub.add(subscriber(second, "!clock"))
        await settle()
        return paused, clock.held_at, second.frames

    paused, held_at, frames = play(talk, start=START + 1)
    assert paused < START + MINUTE == held_at
    assert frames == [b'{"e":"clock","E":%d}' % (START + MINUTE)]


def test_a_lost_reader_is_cut_and_the_others_go_on():
    transport = Transport()

    async def talk(clock, hub):
        reader = Reader()
        hub.add(subscriber(LostReader(), "!clock", transport=transport))
        hub.add(subscriber(reader, "!clock"))
        await settle()
        return reader.frames

    assert len(play(talk)) == 1
    assert transport.was_aborted


@pytest.mark.parametrize("lockstep", [True, False])
def test_only_lock_step_waits_for_continue(lockstep):
    async def talk(clock, hub):
        reader = Reader()
        hub.add(subscriber(reader, "!clock"))
        await settle()
        return len(reader.frames)

    assert (play(talk, lockstep=lockstep) == 1) is lockstep
