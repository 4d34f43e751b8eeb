"""Scripted faults, as python-binance meets them."""

import asyncio

import pytest
from aiohttp import web
from binance.exceptions import BinanceAPIException

from babingepet_resources.exchange.faults import Faults
from babingepet_resources.exchange.simulated import SimulatedMarket
from babingepet_resources.exchange.threaded import serve_in_thread


@pytest.fixture
def exchange():
    with serve_in_thread(SimulatedMarket(seed=1), speed=None) as served:
        yield served


@pytest.mark.parametrize("status", [418, 429, 503])
def test_the_next_requests_are_answered_with_a_status(exchange, with_client, status):
    async def talk(client):
        seen = []
        for _ in range(3):
            try:
                await client.binance.futures_ping()
            except BinanceAPIException as error:
                seen.append((error.status_code, error.response.headers["Retry-After"]))
            else:
                seen.append("fine")
        return seen

    exchange.faults.answer_next(2, status, headers={"Retry-After": "7"})
    assert with_client(exchange.url, talk) == [(status, "7"), (status, "7"), "fine"]
    assert exchange.faults.injected == {"answer": 2}


def test_a_request_hangs(exchange, with_client):
    async def talk(client):
        loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
        await client.binance.futures_ping()
        first = loop.time() - began
        await client.binance.futures_ping()
        return first, loop.time() - began - first

    exchange.faults.hang_next(0.4)
    slow, fast = with_client(exchange.url, talk)
    assert slow >= 0.4
    assert fast < 0.3


def test_sockets_are_lost_and_the_client_comes_back(exchange, with_client):
    async def talk(client):
        socket = await client.subscribe("btcusdt@aggTrade", "!clock")
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


def test_an_own_injector_may_answer_instead(exchange, with_client):
    async def teapot(request):
        return web.json_response({"serverTime": 1}) if request.path.endswith("/time") else None

    exchange.faults.injectors.append(teapot)
    answer = with_client(exchange.url, lambda client: client.binance.futures_time())
    assert answer == {"serverTime": 1}


def test_faults_cannot_be_ordered_over_http_unless_asked_for(exchange, with_client):
    async def talk(client):
        async with client.session.post(f"{client.url}/loopback/v1/faults", json={}) as response:
            return response.status

    assert with_client(exchange.url, talk) == 404


@pytest.mark.parametrize(
    ("order", "is_taken"),
    [
        ({"kind": "answer", "count": 1, "status": 503}, True),
        ({"kind": "answer", "count": 1, "status": 429, "headers": {"Retry-After": 3}}, True),
        ({"kind": "hang", "seconds": 2.5}, True),
        ({"kind": "drop"}, True),
        ({"kind": "answer", "count": "many", "status": 503}, False),
        ({"kind": "earthquake"}, False),
        ({}, False),
    ],
)
def test_orders_over_http_are_understood_or_refused(order, is_taken):
    assert (Faults().order(order) is None) is is_taken
