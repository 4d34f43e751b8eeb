"""Playing events to readers that are slow, gone, or not there yet."""

import asyncio

import orjson
import pytest

from babingepet_resources.exchange.clock import ExchangeClock
from babingepet_resources.exchange.hub import StreamHub, Subscriber
from babingepet_resources.exchange.markets import Markets
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.player import Player
from babingepet_resources.exchange.simulated import SimulatedMarket
from tests.resources.exchange.conftest import stream_message

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


def play(talk, *, start=START, lockstep=True, speed=None, markets=None):
    """Run `talk(clock, hub)` while a market, by default a simulated one, plays."""

    async def run():
        clock, hub = ExchangeClock(start, speed=speed), StreamHub()
        played = markets or Markets([SimulatedMarket(seed=1, start=start)])
        player = Player(played, clock, hub, start=start, lockstep=lockstep)
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
        first = subscriber(Reader(), "!clock", "btcusdt@bookTicker")
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


class Watched:
    """An instrument that notes from when on it was played."""

    def __init__(self, source):
        self._source = source
        self.played_from = []

    def __getattr__(self, name):
        return getattr(self._source, name)

    def events(self, start):
        self.played_from.append(start)
        return self._source.events(start)


def two_instruments(write_minutes):
    """BTC is the primary one; both have a closing candle each minute."""
    return [
        Watched(
            open_source(
                "recorded",
                data=[write_minutes(f"{symbol}-1m.parquet", start=START, count=9)],
                symbol=symbol,
                start=None,
                seed=0,
            )
        )
        for symbol in ("BTCUSDT", "ETHUSDT")
    ]


async def minutes_on(clock, count):
    """Let the clock go on over so many boundaries."""
    for _ in range(count):
        await settle()
        clock.release(clock.now)
    await settle()


def test_messages_of_all_heard_instruments_come_in_one_order_of_time(write_minutes):
    async def talk(clock, hub):
        reader = Reader()
        hub.add(subscriber(reader, "ethusdt@kline_1m", "btcusdt@kline_1m", "!clock"))
        await minutes_on(clock, 3)
        return [(m["E"] - START, m.get("s")) for m in map(orjson.loads, reader.frames)]

    heard = play(talk, markets=Markets(two_instruments(write_minutes)))
    closing = [(n * MINUTE - 1, symbol) for n in (1, 2, 3) for symbol in ("BTCUSDT", "ETHUSDT")]
    boundaries = [(n * MINUTE, None) for n in range(4)]
    assert heard == sorted(closing + boundaries, key=lambda message: message[0])


def test_an_instrument_that_nobody_hears_is_neither_opened_nor_played(write_minutes):
    bitcoin, ether = two_instruments(write_minutes)
    opened = []

    def open_ether():
        opened.append("ETHUSDT")
        return ether

    async def talk(clock, hub):
        reader = Reader()
        hub.add(subscriber(reader, "!clock", "nope@kline_1m"))
        await minutes_on(clock, 2)
        assert (opened, bitcoin.played_from, ether.played_from) == ([], [], [])
        late = subscriber(reader, "ethusdt@kline_1m")
        hub.add(late)
        await minutes_on(clock, 2)
        hub.remove(late)
        await minutes_on(clock, 1)
        return clock.now

    now = play(talk, markets=Markets([bitcoin], {"ETHUSDT": open_ether}))
    assert now == START + 5 * MINUTE
    assert opened == ["ETHUSDT"]
    assert (bitcoin.played_from, ether.played_from) == ([], [START + 2 * MINUTE])


def test_who_comes_while_the_clock_runs_hears_from_that_moment_on():
    async def talk(clock, hub):
        hub.add(subscriber(Reader(), "btcusdt@kline_1m"))
        await asyncio.sleep(0.05)
        reader = Reader()
        hub.add(subscriber(reader, "btcusdt@bookTicker"))
        joined = clock.now
        await asyncio.sleep(0.3)
        return joined, orjson.loads(reader.frames[0])["E"]

    joined, first = play(talk, lockstep=False, speed=10.0)
    assert 0 <= first - joined < 2_000


def test_liquidations_of_all_instruments_come_on_their_common_stream_too(record_stream):
    def liquidation(symbol, time):
        return stream_message(symbol, "forceOrder", time, e="forceOrder", o={"s": symbol})

    markets = Markets(
        [
            record_stream(
                [liquidation(symbol, START + offset) for offset in (first, 30_000, 2 * MINUTE)],
                symbol=symbol,
            )
            for symbol, first in (("BTCUSDT", 0), ("ETHUSDT", 10_000))
        ]
    )

    async def talk(clock, hub):
        every, one = Reader(), Reader()
        hub.add(subscriber(every, "!forceOrder@arr", "!clock"))
        hub.add(subscriber(one, "ethusdt@forceOrder"))
        await minutes_on(clock, 2)
        return [[orjson.loads(frame) for frame in reader.frames] for reader in (every, one)]

    every, one = play(talk, markets=markets)
    heard = [(m["E"] - START, m["s"]) for m in every if m["e"] == "forceOrder"]
    assert heard == [(0, "BTCUSDT"), (10_000, "ETHUSDT"), (30_000, "BTCUSDT"), (30_000, "ETHUSDT")]
    assert [m["E"] - START for m in one] == [10_000, 30_000]
    assert all(market.info.feeds == {"liquidations"} for market in markets.usable())
