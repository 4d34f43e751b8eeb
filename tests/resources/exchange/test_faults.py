"""Scripted faults, as a client meets them."""

import asyncio

import aiohttp
import orjson
import pytest

from babingepet.errors import InputError
from babingepet_resources.exchange.faults import KINDS, Faults
from babingepet_resources.exchange.simulated import DEFAULT_START_MS, SimulatedMarket
from babingepet_resources.exchange.threaded import serve_in_thread

MINUTE = 60_000
KLINES = "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=2"


@pytest.fixture
def exchange():
    with serve_in_thread(SimulatedMarket(seed=1), speed=None) as served:
        yield served


def ask(client, path, *, seconds=5.0):
    """Status, headers and body of an answer, or the name of the error instead of one."""

    async def talk():
        try:
            async with (
                asyncio.timeout(seconds),
                client.session.get(f"{client.url}{path}") as answer,
            ):
                return answer.status, answer.headers, await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__, {}, b""

    return talk()


def rows(answer):
    return orjson.loads(answer[2])


REFUSALS = {
    "a server error": ({"status": 502}, 502, ""),
    "too many requests with a time": ({"status": 429, "retry_after": "7"}, 429, "7"),
    "a ban without a time": ({"status": 418}, 418, ""),
    "a wall of HTML": ({"status": 403, "body": "html"}, 403, ""),
}


@pytest.mark.parametrize(("settings", "status", "retry_after"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_counted_and_then_over(exchange, with_client, settings, status, retry_after):
    exchange.faults.add("status", count=1, **settings)

    async def talk(client):
        return await ask(client, KLINES), await ask(client, KLINES)

    refused, fine = with_client(exchange.url, talk)
    assert (refused[0], refused[1].get("Retry-After", "")) == (status, retry_after)
    assert fine[0] == 200
    assert exchange.faults.injected == {"status": 1}


BROKEN = {
    "a hang before the headers": ("hang", {"seconds": 9.0}, "TimeoutError"),
    "a hang after the headers": ("hang", {"seconds": 9.0, "after": "headers"}, "TimeoutError"),
    "a hang in the body": ("hang", {"seconds": 9.0, "after": "body"}, "TimeoutError"),
    "a reset": ("reset", {}, "ServerDisconnectedError"),
    "a refusal of connections": ("refuse", {}, "ServerDisconnectedError"),
    "a connection lost in the body": ("cut", {}, "ClientPayloadError"),
    "garbage called gzip": ("gzip", {}, "ClientPayloadError"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "settings", "error"), BROKEN.values(), ids=BROKEN)
def test_a_connection_breaks(exchange, with_client, kind, settings, error):
    exchange.faults.add(kind, where="*klines", **settings)
    seen = with_client(exchange.url, lambda client: ask(client, KLINES, seconds=0.4))
    assert seen[0] == error
    assert exchange.faults.injected[kind] in {1, 2}  # aiohttp asks once more after a reset


WRONG_BODIES = {
    "HTML": ("body", {"text": "<html>", "content_type": "text/html"}, b"<html>"),
    "nothing": ("body", {}, b""),
    "an error body": ("body", {"text": '{"code":-1}'}, b'{"code":-1}'),
    "rows in an object": ("retype", {}, b'{"rows":['),
    "rows without their last fields": ("strip", {}, None),
    "half of the JSON": ("truncate", {}, None),
}


@pytest.mark.parametrize(("kind", "settings", "begins"), WRONG_BODIES.values(), ids=WRONG_BODIES)
def test_a_body_is_wrong_and_the_status_is_fine(exchange, with_client, kind, settings, begins):
    async def talk(client):
        right = await ask(client, KLINES)
        exchange.faults.add(kind, count=1, **settings)
        return right, await ask(client, KLINES)

    right, wrong = with_client(exchange.url, talk)
    assert (right[0], wrong[0]) == (200, 200)
    assert wrong[2] != right[2]
    if begins is not None:
        assert wrong[2].startswith(begins)
    elif kind == "strip":
        assert [len(row) for row in rows(wrong)] == [6, 6]
    else:
        assert len(wrong[2]) == len(right[2]) // 2


def test_an_answer_is_late_by_the_seconds_asked_for(exchange, with_client):
    exchange.faults.add("latency", count=1, seconds=0.3, jitter=0.2)

    async def talk(client):
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await ask(client, KLINES)
        return answer[0], loop.time() - began

    status, seconds = with_client(exchange.url, talk)
    assert status == 200
    assert seconds >= 0.3


def test_wrong_prices_leave_all_other_fields_alone(exchange, with_client):
    async def talk(client):
        right = rows(await ask(client, KLINES))
        exchange.faults.add("prices", count=1, where="*klines", factor=10.0)
        return right, rows(await ask(client, KLINES))

    right, wrong = with_client(exchange.url, talk)
    for before, after in zip(right, wrong, strict=True):
        assert [float(p) for p in after[1:5]] == pytest.approx([10 * float(p) for p in before[1:5]])
        assert after[0] == before[0]
        assert after[5:] == before[5:]


def test_the_clock_is_told_wrong_for_its_span_only(exchange, with_client):
    exchange.faults.add("clock", shift=-300_000, until=DEFAULT_START_MS + 1)
    answer = with_client(exchange.url, lambda client: ask(client, "/fapi/v1/time"))
    assert rows(answer) == {"serverTime": DEFAULT_START_MS - 300_000}
    assert exchange.faults.injected == {"clock": 1}


def test_a_delisted_symbol_is_unknown_from_its_moment_on(exchange, with_client):
    async def talk(client):
        before = await ask(client, KLINES)
        exchange.faults.add("delist", symbol="BTCUSDT", start=DEFAULT_START_MS)
        return before, await ask(client, KLINES), await ask(client, "/fapi/v1/exchangeInfo")

    before, after, info = with_client(exchange.url, talk)
    assert before[0] == 200
    assert (after[0], rows(after)["code"]) == (400, -1121)
    assert "BTCUSDT" not in [one["symbol"] for one in rows(info)["symbols"]]


def test_a_fault_of_another_place_symbol_or_time_does_not_happen(exchange, with_client):
    exchange.faults.add("status", where="*aggTrades")
    exchange.faults.add("status", symbol="ETHUSDT", where="*klines")
    exchange.faults.add("status", start=DEFAULT_START_MS + 1)
    exchange.faults.add("status", until=DEFAULT_START_MS)
    assert with_client(exchange.url, lambda client: ask(client, KLINES))[0] == 200
    assert exchange.faults.injected == {}


def test_faults_add_up(exchange, with_client):
    exchange.faults.add("prices", where="*klines", value="NaN")
    exchange.faults.add("strip", where="*klines")
    seen = rows(with_client(exchange.url, lambda client: ask(client, KLINES)))
    assert [row[1:5] for row in seen] == [["NaN"] * 4] * 2
    assert {len(row) for row in seen} == {6}


def heard(exchange, with_client, *streams, category="market"):
    """The messages of two minutes of the streams: the one with the faults, and the one after."""

    async def talk(client):
        socket = await client.subscribe(*streams, "!clock", category=category)
        await client.until_marker(socket)  # the market stands at its start
        minutes = []
        for boundary in (DEFAULT_START_MS, DEFAULT_START_MS + MINUTE):
            await client.go_on(boundary)
            minutes.append([m["data"] for m in (await client.until_marker(socket))[:-1]])
        return minutes

    return with_client(exchange.url, talk)


FIRST_MINUTE = {"until": DEFAULT_START_MS + MINUTE}
TRADES, CANDLES = "btcusdt@aggTrade", "btcusdt@kline_1m"


def times(messages, name="a"):
    return [message[name] for message in messages]


def test_lost_messages_are_a_gap_and_the_socket_stays(exchange, with_client):
    exchange.faults.add("lose", where="*aggTrade", **FIRST_MINUTE)
    lost, after = heard(exchange, with_client, TRADES, CANDLES)
    assert [m["e"] for m in lost] == ["kline"]
    assert len(after) > 2
    assert exchange.faults.injected["lose"] > 0


@pytest.mark.slow
def test_repeated_messages_come_twice_in_a_row(exchange, with_client):
    exchange.faults.add("duplicate", where="*aggTrade", **FIRST_MINUTE)
    twice, after = heard(exchange, with_client, TRADES)
    ids = times(twice)
    assert ids == sorted([*set(ids), *set(ids)])
    assert len(set(times(after))) == len(after)


def test_disordered_messages_change_places_and_none_is_lost(exchange, with_client):
    exchange.faults.add("disorder", where="*aggTrade", **FIRST_MINUTE)
    first, after = (times(minute) for minute in heard(exchange, with_client, TRADES))
    assert first != sorted(first)
    ids = sorted(first + after)
    assert ids == list(range(ids[0], ids[-1] + 1))


def test_a_frozen_feed_repeats_its_first_price_while_ids_go_on(exchange, with_client):
    exchange.faults.add("freeze", **FIRST_MINUTE)
    frozen, after = heard(exchange, with_client, TRADES, CANDLES)
    trades = [m for m in frozen if m["e"] == "aggTrade"]
    assert len({m["p"] for m in trades}) == 1
    assert len({m["a"] for m in trades}) == len(trades) > 2
    (candle,) = (m["k"] for m in frozen if m["e"] == "kline")
    assert len({candle[name] for name in "ohlc"}) == 1
    assert len({m["p"] for m in after if m["e"] == "aggTrade"}) > 1


def average(candle):
    return float(candle["q"]) / float(candle["v"])


MESSAGES = {
    "a candle that never closes": ("unclosed", {}, lambda m: m["k"]["x"] is False),
    "a price of zero": ("prices", {"value": "0"}, lambda m: m["k"]["c"] == "0"),
    "a negative price": ("prices", {"value": "-1"}, lambda m: m["k"]["o"] == "-1"),
    "a spike": ("prices", {"factor": 10.0}, lambda m: float(m["k"]["l"]) > 5 * average(m["k"])),
    "an event of an unknown type": ("rename", {}, lambda m: m["e"] == "surprise"),
    "another instrument's row": ("swap", {}, lambda m: m["s"] == "ETHUSDT"),
    "a time in the past": ("clock", {"shift": -9}, lambda m: m["E"] == m["k"]["T"] - 9),
    "text that is JSON but no message": ("garble", {"text": '"hi"'}, lambda m: m == "hi"),
}


@pytest.mark.parametrize(("kind", "settings", "is_wrong"), MESSAGES.values(), ids=MESSAGES)
def test_a_message_is_wrong_once(exchange, with_client, kind, settings, is_wrong):
    exchange.faults.add(kind, count=1, where="*kline_1m", **settings)
    (wrong,), (right,) = heard(exchange, with_client, CANDLES)
    assert is_wrong(wrong)
    assert not is_wrong(right)
    assert exchange.faults.injected == {kind: 1}


@pytest.mark.slow
def test_sockets_are_lost_and_the_client_comes_back(exchange, with_client):
    async def talk(client):
        socket = await client.subscribe(TRADES, "!clock")
        marker = (await client.until_marker(socket))[-1]
        exchange.faults.drop_sockets()
        error = await asyncio.wait_for(socket.recv(), 10)
        while "stream" not in (again := await asyncio.wait_for(socket.recv(), 10)):
            pass
        return marker, error, again

    marker, error, again = with_client(exchange.url, talk)
    assert error["e"] == "error"
    assert again == marker
    assert exchange.faults.injected["drop"] == 1


@pytest.mark.slow
def test_a_message_is_the_last_of_its_socket(exchange, with_client):
    async def talk(client):
        socket = await client.subscribe(TRADES, "!clock")
        await client.until_marker(socket)
        exchange.faults.add("drop", count=1)
        await client.go_on(DEFAULT_START_MS)
        error = await asyncio.wait_for(socket.recv(), 10)
        while "stream" not in await asyncio.wait_for(socket.recv(), 10):
            pass
        return error

    assert with_client(exchange.url, talk)["e"] == "error"
    assert exchange.faults.injected == {"drop": 1}


def test_new_sockets_are_refused(exchange, with_client):
    exchange.faults.add("refuse", count=2)  # aiohttp asks once more after a reset

    async def talk(client):
        seen = []
        for _ in range(2):
            try:
                url = f"{client.url}/market/stream?streams={TRADES}"
                async with client.session.ws_connect(url):
                    seen.append("open")
            except aiohttp.ClientError as error:
                seen.append(type(error).__name__)
        return seen

    assert with_client(exchange.url, talk) == ["ServerDisconnectedError", "open"]


def test_nothing_goes_wrong_any_more_once_cleared(exchange, with_client):
    exchange.faults.add("reset")
    exchange.faults.clear()
    assert with_client(exchange.url, lambda client: ask(client, KLINES))[0] == 200


def test_faults_cannot_be_ordered_over_http_unless_asked_for(exchange, with_client):
    async def talk(client):
        async with client.session.post(f"{client.url}/loopback/v1/faults", json={}) as response:
            return response.status

    assert with_client(exchange.url, talk) == 404


@pytest.mark.parametrize(
    ("order", "refusal"),
    [
        ({"kind": "status", "count": 1, "status": 503}, None),
        ({"kind": "status", "status": 429, "retry_after": 3, "until": 5}, None),
        ({"kind": "hang", "seconds": 2, "after": "body", "where": "*klines"}, None),
        ({"kind": "prices", "value": "NaN", "symbol": "BTCUSDT", "start": 1}, None),
        ({"kind": "status", "count": "many"}, "count must be a whole number."),
        ({"kind": "hang", "seconds": "long"}, "seconds of a fault cannot be 'long'."),
        (
            {"kind": "hang", "after": "lunch"},
            "after is one of nothing, headers, body; not 'lunch'.",
        ),
        ({"kind": "drop", "seconds": 1}, "A fault of kind drop has no setting 'seconds'."),
        ({"kind": "drop", "self": 1}, "A fault of kind drop has no setting 'self'."),
        ({"kind": "drop", "where": 1}, "where must be text."),
        ({"kind": "earthquake"}, f"A fault is of kind {', '.join(KINDS)}; not 'earthquake'."),
        ({}, f"A fault is of kind {', '.join(KINDS)}; not ''."),
    ],
)
def test_orders_over_http_are_understood_or_refused(order, refusal):
    assert Faults().order(order) == refusal


def test_an_unknown_setting_is_the_callers_mistake():
    with pytest.raises(InputError, match="no setting 'minutes'"):
        Faults().add("hang", minutes=1)
