"""The life of the exchange: its clock, its streams and its end, as python-binance meets them."""

import asyncio
import gc
import warnings

import pytest
from aiohttp import WSCloseCode, WSMsgType

from babingepet.errors import InputError
from babingepet_resources.exchange.simulated import SimulatedMarket
from babingepet_resources.exchange.sockets import SocketRules
from babingepet_resources.exchange.threaded import serve_in_thread

MINUTE = 60_000
START = 1_700_000_040_000
SIMULATED_START = 1_735_689_600_000
MARKET = ("btcusdt@aggTrade", "btcusdt@kline_1m", "btcusdt@markPrice@1s", "!clock")


def test_in_lock_step_the_clock_waits_at_each_boundary_for_its_client(candles, with_client):
    async def talk(client):
        before = await client.status()
        socket = await client.subscribe("btcusdt@kline_1m", "!clock")
        (first,) = await client.until_marker(socket)
        await client.go_on(first["data"]["E"] - MINUTE)
        await asyncio.sleep(0.05)
        held = await client.status()
        await client.go_on(first["data"]["E"])
        kline, second = await client.until_marker(socket)
        rows = await client.binance.futures_klines(symbol="BTCUSDT", interval="1m", limit=1)
        return before, first, held, kline, second, rows, await client.binance.futures_time()

    start = START + 10 * MINUTE
    with serve_in_thread(candles, speed=None, start=start) as exchange:
        before, first, held, kline, second, rows, time = with_client(exchange.url, talk)
    assert (before["now"], before["held_at"], before["lockstep"]) == (start, None, True)
    assert first == {"stream": "!clock", "data": {"e": "clock", "E": start}}
    assert (held["now"], held["held_at"]) == (start, start)
    assert kline["data"]["k"] | {"t": start, "x": True, "i": "1m"} == kline["data"]["k"]
    assert second["data"]["E"] == start + MINUTE == time["serverTime"]
    assert rows[0][0] == start


def test_a_start_in_the_minute_of_the_first_event_starts_at_the_first_event(
    stream_2023, with_client
):
    with serve_in_thread(stream_2023, speed=None, start=1_680_652_680_000) as exchange:
        status = with_client(exchange.url, lambda client: client.status())
    assert status["start"] == status["now"] == 1_680_652_700_435


def test_a_continue_that_names_no_time_is_refused(candles, with_client):
    async def talk(client):
        answers = []
        for body in (b"", b"{", b"[]", b'{"as_of":"now"}'):
            async with client.session.post(f"{client.url}/loopback/v1/continue", data=body) as got:
                answers.append(got.status)
        return answers

    with serve_in_thread(candles) as exchange:
        assert with_client(exchange.url, talk) == [400] * 4


def test_without_a_client_that_follows_the_clock_lock_step_does_not_begin(candles, with_client):
    async def talk(client):
        await client.subscribe("btcusdt@kline_1m")
        await asyncio.sleep(0.1)
        return await client.status()

    with serve_in_thread(candles, speed=None) as exchange:
        assert with_client(exchange.url, talk)["now"] == START


def test_a_client_that_comes_back_goes_on_at_the_boundary(candles, with_client):
    async def one_minute(client):
        socket = await client.subscribe("btcusdt@kline_1m", "!clock")
        marker = (await client.until_marker(socket))[-1]["data"]["E"]
        await client.go_on(marker)
        return marker, (await client.until_marker(socket))[-1]["data"]["E"]

    with serve_in_thread(candles, speed=None) as exchange:
        assert with_client(exchange.url, one_minute) == (START, START + MINUTE)
        assert with_client(exchange.url, one_minute) == (START + MINUTE, START + 2 * MINUTE)


def test_the_recording_ends_at_its_last_boundary(candles, with_client):
    async def talk(client):
        socket = await client.subscribe("btcusdt@kline_1m", "!clock")
        marker, closed = 0, 0
        while not (await client.go_on(marker))["ended"]:
            messages = await client.until_marker(socket)
            closed += len(messages) - 1
            marker = messages[-1]["data"]["E"]
        return closed, await client.status()

    with serve_in_thread(candles, speed=None, start=START + 27 * MINUTE) as exchange:
        closed, status = with_client(exchange.url, talk)
    assert closed == 3
    assert (status["now"], status["ended"]) == (START + 30 * MINUTE, True)


@pytest.mark.slow
def test_nothing_after_the_clock_ever_leaves(stream_2023, with_client):
    async def talk(client):
        market = await client.subscribe(*MARKET)
        public = await client.subscribe(
            "btcusdt@bookTicker", "btcusdt@depth20@100ms", "!clock", category="public"
        )
        while True:
            pages = await asyncio.gather(*map(client.until_marker, (market, public)))
            boundary = pages[0][-1]["data"]["E"]
            for page in pages:
                assert page[-1]["data"]["E"] == boundary
                for message in page[:-1]:
                    assert message["data"]["E"] < boundary
            b, now = client.binance, {"symbol": "BTCUSDT"}
            rows = await b.futures_klines(**now, interval="1m")
            assert all(row[6] < boundary for row in rows)
            trades = await b.futures_aggregate_trades(**now)
            assert all(trade["T"] < boundary for trade in trades)
            assert (await b.futures_order_book(**now))["E"] < boundary
            assert (await b.futures_orderbook_ticker(**now))["time"] < boundary
            assert (await b.futures_mark_price(**now))["time"] < boundary
            assert await b.futures_funding_rate(**now) == []
            if (await client.go_on(boundary))["ended"]:
                return len(rows), trades[-1], [m["data"] for m in pages[0] if "aggTrade" in str(m)]

    with serve_in_thread(stream_2023, speed=None) as exchange:
        rows, last_served, last_minute = with_client(exchange.url, talk)
    assert rows == 7
    assert {key: last_minute[-1][key] for key in last_served} == last_served


@pytest.mark.slow
def test_streams_come_only_in_their_category_and_unknown_ones_are_silent(with_client):
    async def talk(client):
        wrong = await client.subscribe("btcusdt@bookTicker", "nope@nothing", "!clock")
        right = await client.subscribe("btcusdt@bookTicker", "!clock", category="public")
        for _ in range(2):
            pages = await asyncio.gather(*map(client.until_marker, (wrong, right)))
            await client.go_on(pages[0][-1]["data"]["E"])
        return [len(page) for page in pages]

    with serve_in_thread(SimulatedMarket(seed=1), speed=None) as exchange:
        wrong, right = with_client(exchange.url, talk)
    assert wrong == 1
    assert right > 100


@pytest.mark.slow
def test_a_single_stream_comes_without_envelope(with_client):
    async def talk(client):
        socket = client.sockets.aggtrade_futures_socket("BTCUSDT")
        await client.enter(socket)
        plain = await asyncio.wait_for(socket.recv(), 10)
        async with client.session.ws_connect(f"{client.url}/ws/btcusdt@markPrice@1s") as raw:
            return plain, await raw.receive_json(timeout=10)

    with serve_in_thread(SimulatedMarket(seed=1), speed=1) as exchange:
        plain, raw = with_client(exchange.url, talk)
    assert plain.get("data", plain)["e"] == "aggTrade"
    assert raw["e"] == "markPriceUpdate"


@pytest.mark.slow
def test_at_speed_one_the_exchange_runs_with_real_time_and_waits_for_nobody(with_client):
    async def talk(client):
        socket = await client.subscribe("!clock", "btcusdt@markPrice@1s")
        marks = [(await socket.recv())["data"]["E"] for _ in range(4)]
        status = await client.status()
        return marks, status

    start = SIMULATED_START + MINUTE - 1_500
    with serve_in_thread(SimulatedMarket(seed=1, start=start), speed=1, start=start) as exchange:
        marks, status = with_client(exchange.url, talk)
    assert [mark - start for mark in marks] == [500, 1_500, 1_500, 2_500]
    assert status["lockstep"] is False
    assert status["speed_reached"] == pytest.approx(1, abs=0.2)


@pytest.mark.slow
def test_speed_is_a_ceiling_within_the_minute(with_client):
    async def talk(client):
        socket = await client.subscribe("!clock")
        loop = asyncio.get_running_loop()
        marker = (await client.until_marker(socket))[-1]["data"]["E"]
        began = loop.time()
        await client.go_on(marker)
        await client.until_marker(socket)
        return loop.time() - began

    with serve_in_thread(SimulatedMarket(seed=1), speed=120) as exchange:
        assert with_client(exchange.url, talk) >= 0.3  # half a second, less what the marker took


@pytest.mark.slow
def test_stopping_leaves_nothing_behind(candles, with_client):
    async def talk(client):
        await client.subscribe("btcusdt@kline_1m", "!clock")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with serve_in_thread(candles, speed=None) as exchange:
            with_client(exchange.url, talk)
            exchange.stop()
            exchange.stop()
        gc.collect()
    with pytest.raises(OSError, match="Cannot connect"):
        with_client(exchange.url, lambda client: client.status())


def test_a_taken_port_is_a_sentence(candles):
    with serve_in_thread(candles) as exchange:
        port = int(exchange.url.rpartition(":")[2])
        second = serve_in_thread(candles, port=port)
        with pytest.raises(InputError, match=f"Port {port} of 127.0.0.1 cannot be used"), second:
            pass


def test_a_socket_is_closed_when_its_time_is_over_and_a_new_one_goes_on(candles, with_client):
    async def until_closed(client):
        url = f"{client.url}/market/stream?streams=btcusdt@kline_1m/!clock"
        async with client.session.ws_connect(url) as socket:
            heard = [message.json()["data"]["E"] async for message in socket]
            return heard, socket.close_code

    async def talk(client):
        first = await until_closed(client)
        await client.go_on(START)
        return first, await until_closed(client)

    rules = SocketRules(lifetime_s=0.2)
    with serve_in_thread(candles, speed=None, socket_rules=rules) as exchange:
        first, second = with_client(exchange.url, talk)
    assert first == ([START], WSCloseCode.GOING_AWAY)
    assert second == ([START + MINUTE - 1, START + MINUTE], WSCloseCode.GOING_AWAY)


@pytest.mark.slow
def test_sockets_are_pinged_and_one_that_does_not_answer_is_closed(candles, with_client):
    async def talk(client):
        url = f"{client.url}/market/stream?streams=btcusdt@kline_1m"
        async with client.session.ws_connect(url, autoping=False) as mute:
            kinds = [(await mute.receive(timeout=10)).type for _ in range(2)]
        async with client.session.ws_connect(url) as answering:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(answering.receive(), 0.5)
            return kinds, answering.closed

    with serve_in_thread(candles, speed=None, socket_rules=SocketRules(ping_s=0.1)) as exchange:
        kinds, was_closed = with_client(exchange.url, talk)
    assert kinds[0] == WSMsgType.PING
    assert kinds[1] in {WSMsgType.CLOSE, WSMsgType.CLOSED}
    assert not was_closed
