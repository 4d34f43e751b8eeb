"""Refusals and broken answers, through the real python-binance over a real socket."""

import asyncio
import time
from collections.abc import Callable

import pytest
from aiohttp import web

from babingepet.errors import ExchangeUnavailable, InputError, RateLimited
from babingepet_resources.clients.binance.feed import BinanceFeed
from tests.resources.clients.scripted_exchange import (
    START,
    ScriptedExchange,
    answer,
    kline,
)

Connect = Callable[..., BinanceFeed]
ENVELOPE = '{"status":"ERROR","type":"GENERAL","code":"99099990","errorData":"illegal params."}'


def ask(feed: BinanceFeed) -> int:
    return len(feed.candles("1m", START - 60_000, START))


@pytest.fixture
def feed(exchange: ScriptedExchange, connect: Connect) -> BinanceFeed:
    exchange.candles[START - 60_000] = kline(START - 60_000)
    started = connect()
    assert ask(started) == 1
    exchange.requests.clear()
    return started


@pytest.mark.parametrize("status", [429, 418])
def test_a_refusal_silences_every_call_of_the_client(
    exchange: ScriptedExchange, feed: BinanceFeed, status: int
):
    exchange.next_answers.append(answer(status, Retry_After="30"))
    with pytest.raises(RateLimited) as refused:
        ask(feed)
    assert refused.value.until == feed.now() + 30_000
    for call in (lambda: ask(feed), lambda: feed.funding_rates(START - 60_000, START)):
        with pytest.raises(RateLimited):
            call()
    assert exchange.requests == ["klines"]


@pytest.mark.slow
def test_a_call_goes_out_again_once_the_silence_is_over(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.next_answers.append(answer(429, Retry_After="1"))
    with pytest.raises(RateLimited):
        ask(feed)
    time.sleep(1.05)
    assert ask(feed) == 1


def test_a_server_error_is_tried_again(exchange: ScriptedExchange, feed: BinanceFeed):
    exchange.next_answers.extend([answer(503), answer(500)])
    assert ask(feed) == 1
    assert exchange.requests == ["klines"] * 3


def test_a_lasting_server_error_is_given_up_after_three_retries(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.next_answers.extend([answer(502, "<html>bad gateway</html>")] * 9)
    with pytest.raises(ExchangeUnavailable, match="502"):
        ask(feed)
    assert exchange.requests == ["klines"] * 4


@pytest.mark.parametrize("status", [403, 451])
def test_being_shut_out_is_final(exchange: ScriptedExchange, feed: BinanceFeed, status: int):
    exchange.next_answers.append(answer(status, "<html>no</html>"))
    with pytest.raises(ExchangeUnavailable, match=str(status)):
        ask(feed)
    assert exchange.requests == ["klines"]


def test_a_hang_after_the_headers_ends_at_the_deadline(
    exchange: ScriptedExchange, connect: Connect
):
    async def hang(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"[")
        await asyncio.sleep(3)
        return response

    feed = connect(deadline_s=0.5, attempt_s=0.3)
    exchange.next_answers.extend([hang] * 9)
    began = time.monotonic()
    with pytest.raises(ExchangeUnavailable, match=r"within 0\.5 s"):
        ask(feed)
    assert time.monotonic() - began < 2.5
    exchange.next_answers.clear()


@pytest.mark.parametrize(
    "body",
    [
        "<html>maintenance</html>",
        '[[1699999980000,"1.0","1.0"',
        ENVELOPE,
        '{"code":-1000,"msg":"An unknown error occurred."}',
        '{"rows":[]}',
        "null",
        '"fine"',
        "[[1699999980000,17",
    ],
)
def test_a_body_that_is_not_an_answer_is_an_unavailable_exchange(
    exchange: ScriptedExchange, feed: BinanceFeed, body: str
):
    exchange.next_answers.append(answer(200, body))
    with pytest.raises(ExchangeUnavailable, match="futures_klines"):
        ask(feed)
    assert exchange.requests == ["klines"]


def test_an_html_content_type_is_an_unavailable_exchange(
    exchange: ScriptedExchange, feed: BinanceFeed
):
    exchange.next_answers.append(
        lambda _request: web.Response(text="<html></html>", content_type="text/html")
    )
    with pytest.raises(ExchangeUnavailable, match="not JSON"):
        ask(feed)


@pytest.mark.parametrize("body", ["[]", '"oops"', "no json"])
def test_an_error_status_with_a_strange_body_is_an_unavailable_exchange(
    exchange: ScriptedExchange, feed: BinanceFeed, body: str
):
    exchange.next_answers.append(answer(400, body))
    with pytest.raises(ExchangeUnavailable):
        ask(feed)


@pytest.mark.parametrize("status", [200, 400])
def test_an_unknown_symbol_is_the_users_mistake_and_named(
    exchange: ScriptedExchange, connect: Connect, status: int
):
    exchange.next_answers.append(answer(status, '{"code":-1121,"msg":"Invalid symbol."}'))
    with pytest.raises(InputError, match="NOSUCH"):
        connect("nosuch")


def test_an_unknown_interval_is_the_users_mistake(feed: BinanceFeed):
    with pytest.raises(InputError, match="7m"):
        feed.candles("7m", START - 60_000, START)


def test_an_address_where_nothing_listens_is_an_unavailable_exchange(connect: Connect, exchange):
    exchange.stop()
    with pytest.raises(ExchangeUnavailable, match=r"127\.0\.0\.1"):
        connect()


def test_unusable_rows_are_left_out_and_counted(exchange: ScriptedExchange, connect: Connect):
    for minutes in (1, 2, 3):
        exchange.candles[START - minutes * 60_000] = kline(START - minutes * 60_000)
    exchange.candles[START - 120_000][2] = "-5"
    feed = connect()
    candles = feed.candles("1m", START - 180_000, START)
    assert candles.open_time.tolist() == [START - 180_000, START - 60_000]


def test_history_is_paged_whole_and_each_row_comes_once(
    exchange: ScriptedExchange, connect: Connect
):
    hour, first = 3_600_000, START - START % 3_600_000 - 4_000 * 3_600_000
    times = [first + hour * n for n in range(4_000) if not 1_700 < n < 1_800]
    exchange.candles = {time: kline(time, interval=hour) for time in times}
    feed = connect()
    exchange.requests.clear()
    assert feed.candles("1h", first, START).open_time.tolist() == times
    assert exchange.requests == ["klines"] * 3


def test_a_candle_that_is_still_forming_is_not_history(
    exchange: ScriptedExchange, connect: Connect
):
    for time_ in (START - 60_000, START):
        exchange.candles[time_] = kline(time_)
    feed = connect()
    assert feed.candles("1m", START - 60_000, START + 120_000).open_time.tolist() == [
        START - 60_000
    ]


def test_an_exchange_that_repeats_a_page_is_not_asked_for_ever(
    exchange: ScriptedExchange, connect: Connect
):
    feed = connect()
    page = f"[{','.join([str(kline(START - 600_000_000)).replace(chr(39), chr(34))] * 3)}]"
    exchange.next_answers.extend([answer(200, page)] * 3)
    with pytest.raises(ExchangeUnavailable, match="before"):
        feed.candles("1m", START - 60_000_000, START)


def test_listed_settlements_carry_the_symbols_own_interval(
    exchange: ScriptedExchange, connect: Connect
):
    exchange.settlements = [{"fundingTime": START - 600_000 + 3, "fundingRate": "0.0002"}]
    rates = connect().funding_rates(START - 3_600_000, START)
    assert rates.funding_time.tolist() == [START - 600_000]
    assert rates.interval_hours.tolist() == [4.0]
    assert rates.derived.tolist() == [False]
