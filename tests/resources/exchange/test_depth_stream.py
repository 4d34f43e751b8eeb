"""Recorded book differences and the snapshot: the exchange's own bytes, and one exact book."""

import gzip

import orjson
import pytest

from babingepet_resources.exchange.threaded import serve_in_thread
from tests.resources.exchange.conftest import stream_message

MINUTE = 60_000
START = 1_700_000_040_000


def difference(time, first, last, before, bids=(), asks=(), channel="depth@0ms"):
    levels = {"U": first, "u": last, "pu": before, "b": list(bids), "a": list(asks)}
    return stream_message("BTCUSDT", channel, time, e="depthUpdate", T=time, **levels)


SNAPSHOT = {
    "lastUpdateId": 100, "E": START + 500, "T": START + 499,
    "bids": [["9.9", "1"], ["9.8", "2"]], "asks": [["10.0", "3"]],
}  # fmt: skip


def trade(time):
    return stream_message(
        "BTCUSDT", "trade", time, e="trade", T=time, t=time, p="10.0", q="1", X="MARKET", m=True
    )


@pytest.fixture(scope="module")
def recorded_lines(stream_folder):
    """The bodies of 2023-04-04 and 05 as they stand in the files."""
    days = [stream_folder / f"usdm_btcusdt_2023040{day}.dat.gz" for day in (4, 5)]
    return [line.partition(b" ")[2].strip() for day in days for line in gzip.open(day).readlines()]


async def raw_minute(client, socket, clock):
    """The messages of a minute as text, and the marker that ended it."""
    messages = []
    while True:
        text = (await socket.receive(10)).data
        if text.startswith('{"stream":"!clock"'):
            return messages, orjson.loads(text)["data"]["E"]
        messages.append(text)


@pytest.mark.slow
def test_a_recorded_difference_leaves_byte_for_byte_under_its_own_name(
    stream_2023, recorded_lines, with_client
):
    async def talk(client):
        names = "btcusdt@depth@0ms/!clock"
        url = f"{client.url}/public/stream?streams={names}"
        async with client.session.ws_connect(url) as socket:
            await client.go_on((await raw_minute(client, socket, 0))[1])
            return await raw_minute(client, socket, 0)

    start = 1_680_652_800_000
    with serve_in_thread(stream_2023, speed=None, start=start) as exchange:
        sent, end = with_client(exchange.url, talk)
    recorded = [line for line in recorded_lines if b'"depth@0ms"' in line or b"@depth@0ms" in line]
    recorded = [line for line in recorded if start <= orjson.loads(line)["data"]["E"] < end]
    assert [text.encode() for text in sent] == recorded
    assert len(sent) > 1_000


def test_the_recorded_snapshot_is_answered_as_it_stands(stream_2023, recorded_lines, with_client):
    (recorded,) = [line for line in recorded_lines if line.startswith(b'{"lastUpdateId"')]
    taken = orjson.loads(recorded)["E"]

    async def talk(client):
        query = "symbol=BTCUSDT&limit=1000"
        async with client.session.get(f"{client.url}/fapi/v1/depth?{query}") as response:
            return await response.read()

    with serve_in_thread(stream_2023, speed=None, start=taken + 1) as exchange:
        answered = with_client(exchange.url, talk)
    assert answered == orjson.dumps(orjson.loads(recorded))


@pytest.mark.slow
def test_snapshot_and_later_differences_are_the_exchanges_own_book(stream_2023, with_client):
    async def talk(client):
        book = {}

        def put(side, levels):
            for price, quantity in levels:
                book[side, float(price)] = quantity

        socket = await client.subscribe("btcusdt@depth@0ms", "!clock", category="public")
        marker = (await client.until_marker(socket))[-1]["data"]["E"]
        ask = client.binance.futures_order_book
        snapshot = await ask(symbol="BTCUSDT", limit=1000)
        put("b", snapshot["bids"])
        put("a", snapshot["asks"])
        last = snapshot["lastUpdateId"]
        for _ in range(3):
            await client.go_on(marker)
            *messages, boundary = await client.until_marker(socket)
            marker = boundary["data"]["E"]
            for change in (message["data"] for message in messages):
                assert change["pu"] == last
                last = change["u"]
                put("b", change["b"])
                put("a", change["a"])
            present = await ask(symbol="BTCUSDT", limit=20)
            assert present["lastUpdateId"] == last
            for side, name, best in (("b", "bids", -1), ("a", "asks", 1)):
                prices = sorted(
                    (p for (s, p), q in book.items() if s == side and float(q) > 0),
                    key=lambda price: best * price,
                )[:20]
                kept = [(price, book[side, price]) for price in prices]
                assert kept == [(float(price), quantity) for price, quantity in present[name]]
        return last - snapshot["lastUpdateId"]

    with serve_in_thread(stream_2023, speed=None, start=1_680_652_740_000) as exchange:
        assert with_client(exchange.url, talk) > 0


@pytest.mark.parametrize("channel", ["depth@0ms", "depth@100ms", "depth", "depth@500ms"])
def test_whichever_difference_stream_was_recorded_makes_the_book(
    record_stream, with_client, channel
):
    source = record_stream(
        [
            trade(START),
            difference(START + 600, 99, 101, 98, bids=[["9.9", "7"]], channel=channel),
            difference(START + 700, 102, 105, 101, asks=[["10.0", "0"]], channel=channel),
            trade(START + 2 * MINUTE),
        ],
        [SNAPSHOT],
    )

    async def talk(client):
        socket = await client.subscribe(f"btcusdt@{channel}", "!clock", category="public")
        await client.go_on((await client.until_marker(socket))[-1]["data"]["E"])
        messages = await client.until_marker(socket)
        return messages[:-1], await client.binance.futures_order_book(symbol="BTCUSDT")

    with serve_in_thread(source, speed=None, start=START) as exchange:
        messages, book = with_client(exchange.url, talk)
    assert [message["data"]["u"] for message in messages] == [101, 105]
    assert (book["lastUpdateId"], book["bids"], book["asks"]) == (
        105, [["9.9", "7"], ["9.8", "2"]], [],
    )  # fmt: skip


def test_of_two_recorded_difference_streams_the_finer_makes_the_book(record_stream):
    source = record_stream(
        [
            trade(START),
            difference(START + 600, 99, 101, 98, bids=[["9.9", "7"]]),
            difference(START + 650, 102, 103, 101, bids=[["9.9", "8"]]),
            difference(START + 700, 99, 103, 98, bids=[["9.9", "8"]], channel="depth@100ms"),
            difference(START + 800, 104, 105, 103, bids=[["9.9", "9"]]),
            trade(START + 2 * MINUTE),
        ],
        [SNAPSHOT],
    )
    assert source.book(5, START + 651).bids[0] == ("9.9", "8")
    assert source.book(5, START + 900).last_update_id == 105


def test_recorded_liquidations_are_a_feed_of_the_market_category(record_stream, with_client):
    order = {"s": "BTCUSDT", "S": "SELL", "q": "1.5", "p": "9.90"}
    source = record_stream(
        [
            trade(START),
            stream_message("BTCUSDT", "forceOrder", START + 1_000, e="forceOrder", o=order),
            trade(START + 2 * MINUTE),
        ]
    )

    async def talk(client):
        market = await client.subscribe("btcusdt@forceOrder", "!forceOrder@arr", "!clock")
        public = await client.subscribe("btcusdt@forceOrder", "!clock", category="public")
        for socket in (market, public):
            marker = (await client.until_marker(socket))[-1]["data"]["E"]
        await client.go_on(marker)
        return [await client.until_marker(socket) for socket in (market, public)]

    with serve_in_thread(source, speed=None, start=START) as exchange:
        heard, elsewhere = with_client(exchange.url, talk)
    assert [m["stream"] for m in heard[:-1]] == ["btcusdt@forceOrder", "!forceOrder@arr"]
    assert [m["data"]["o"] for m in heard[:-1]] == [order, order]
    assert len(elsewhere) == 1
    assert source.info.feeds >= {"liquidations"}
