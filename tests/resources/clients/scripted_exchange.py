"""An exchange that says exactly what a test tells it to, over real sockets.

Belongs here: the server and boring payload factories. The loopback exchange is tested elsewhere;
this one can also be wrong on purpose.
"""

import asyncio
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from aiohttp import web

from babingepet_resources.clients.feed import CollectedMinute, MarketFeed

START = 1_700_000_040_000
"""A whole minute, UTC milliseconds; not an hour."""

ALL_FEEDS = ["candles", "taker_volume", "trades", "quotes", "depth", "mark_price", "funding"]

Answer = Callable[[web.Request], Any]


class ScriptedExchange:
    """Answers REST from plain attributes, and sends what it is told to send."""

    def __init__(self) -> None:
        self.status: dict[str, Any] = {
            "source": "simulated",
            "product": "usdm_perp",
            "symbol": "BTCUSDT",
            "feeds": ALL_FEEDS,
            "derived": [],
            "lockstep": True,
            "now": START,
            "held_at": None,
            "ended": False,
        }
        self.candles: dict[int, list[Any]] = {}
        self.trades: list[dict[str, Any]] = []
        self.settlements: list[dict[str, Any]] = []
        self.open_interest: dict[str, Any] = {"openInterest": "10.5", "time": 0}
        self.past_open_interest: list[dict[str, Any]] = []
        self.premium_index: dict[str, Any] = {"markPrice": "99.0", "time": 0}
        self.slow: dict[str, float] = {}
        """Seconds that an endpoint takes."""
        self.clock = START
        self.server_time: Callable[[], int] = lambda: self.clock
        self.next_answers: deque[Answer] = deque()
        self.released: list[int] = []
        self.requests: list[str] = []
        self.connections: Counter[str] = Counter()
        self.url = ""
        self._sockets: dict[str, set[web.WebSocketResponse]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def send(self, category: str, *messages: dict[str, Any]) -> None:
        """Send combined-stream messages on all sockets of a category."""
        self._await(self._send(category, messages))

    def mark(self, boundary: int) -> None:
        """Announce a minute boundary on every socket."""
        self.clock = boundary
        for category in ("public", "market"):
            self.send(category, {"e": "clock", "E": boundary})

    def drop(self, category: str) -> None:
        """Lose the sockets of a category without a handshake, and wait for the next connection."""
        before = self.connections[category]

        async def drop() -> None:
            for socket in self._sockets[category]:
                socket._req.transport.abort()

        self._await(drop())
        wait_until(lambda: self.connections[category] > before)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def _await(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(5)

    async def _send(self, category: str, messages: Any) -> None:
        for message in messages:
            text = orjson.dumps({"stream": "any", "data": message}).decode()
            for socket in tuple(self._sockets[category]):
                await socket.send_str(text)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        application = web.Application()
        router = application.router
        router.add_get("/loopback/v1/status", self._status)
        router.add_post("/loopback/v1/continue", self._continue)
        router.add_get("/{category}/stream", self._socket)
        router.add_get("/fapi/v1/{endpoint}", self._rest)
        router.add_get("/futures/data/{endpoint}", self._rest)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stop.wait()
        for sockets in self._sockets.values():
            for socket in tuple(sockets):
                await socket.close()
        await runner.cleanup()

    async def _status(self, _request: web.Request) -> web.Response:
        return web.json_response(self.status)

    async def _continue(self, request: web.Request) -> web.Response:
        self.released.append((await request.json())["as_of"])
        return web.json_response(self.status)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        category = request.match_info["category"]
        self._sockets[category].add(socket)
        self.connections[category] += 1
        async for _ in socket:
            pass
        self._sockets[category].discard(socket)
        return socket

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        endpoint = request.match_info["endpoint"]
        if endpoint == "time":  # asked for each minute, beside everything else
            return web.json_response({"serverTime": self.server_time()})
        self.requests.append(endpoint)
        await asyncio.sleep(self.slow.get(endpoint, 0.0))
        if self.next_answers:
            answer = self.next_answers.popleft()(request)
            return await answer if asyncio.iscoroutine(answer) else answer
        return web.json_response(getattr(self, f"_answer_{endpoint}")(request.query))

    def _answer_klines(self, query: Any) -> Any:
        start, end = int(query.get("startTime", 0)), int(query.get("endTime", 1 << 60))
        rows = [row for time, row in sorted(self.candles.items()) if start <= time <= end]
        return rows[: int(query["limit"])]

    def _answer_aggTrades(self, query: Any) -> Any:  # noqa: N802 - the vendor's name
        limit = int(query["limit"])
        if "fromId" in query:
            return [row for row in self.trades if row["a"] >= int(query["fromId"])][:limit]
        return self.trades[-limit:]

    def _answer_fundingRate(self, query: Any) -> Any:  # noqa: N802 - the vendor's name
        start, end = int(query["startTime"]), int(query["endTime"])
        return [row for row in self.settlements if start <= row["fundingTime"] <= end]

    def _answer_openInterest(self, _query: Any) -> Any:  # noqa: N802 - the vendor's name
        return self.open_interest

    def _answer_openInterestHist(self, query: Any) -> Any:  # noqa: N802 - the vendor's name
        """The exchange's way: of a stretch with more rows than the limit, its end."""
        start, end = int(query["startTime"]), int(query["endTime"])
        rows = [row for row in self.past_open_interest if start <= row["timestamp"] <= end]
        return rows[-int(query["limit"]) :]

    def _answer_premiumIndex(self, _query: Any) -> Any:  # noqa: N802 - the vendor's name
        return self.premium_index

    def _answer_fundingInfo(self, _query: Any) -> Any:  # noqa: N802 - the vendor's name
        return [{"symbol": "BTCUSDT", "fundingIntervalHours": 4}]


def past_reading(time: int, **over: Any) -> dict[str, Any]:
    row = {"symbol": "BTCUSDT", "sumOpenInterest": "80.5", "sumOpenInterestValue": "8000.25"}
    return row | {"timestamp": time} | over


@contextmanager
def scripted_exchange() -> Iterator[ScriptedExchange]:
    exchange = ScriptedExchange()
    exchange.start()
    try:
        yield exchange
    finally:
        exchange.stop()


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def minute(feed: MarketFeed, after: int | None = None) -> CollectedMinute:
    collected = feed.next_minute(after=after, timeout=5)
    assert collected is not None
    return collected


def answer(status: int = 200, body: str = "{}", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: web.Response(
        status=status, text=body, headers=named, content_type="application/json"
    )


def kline(open_time: int, *, interval: int = 60_000, **over: Any) -> list[Any]:
    row = {
        "t": open_time, "o": "100.0", "h": "102.0", "l": "99.0", "c": "101.0", "v": "5.0",
        "T": open_time + interval - 1, "q": "500.0", "n": 7, "V": "3.0", "Q": "300.0", "B": "0",
    } | over  # fmt: skip
    return list(row.values())


def kline_message(open_time: int, *, closed: bool = True, **over: Any) -> dict[str, Any]:
    k = {
        "t": open_time, "T": open_time + 59_999, "s": "BTCUSDT", "i": "1m", "o": "100.0",
        "c": "101.0", "h": "102.0", "l": "99.0", "v": "5.0", "n": 7, "x": closed, "q": "500.0",
        "V": "3.0", "Q": "300.0",
    } | over  # fmt: skip
    return {"e": "kline", "E": open_time + 60_000, "s": "BTCUSDT", "k": k}


def trade_row(trade_id: int, time: int, **over: Any) -> dict[str, Any]:
    row = {"a": trade_id, "p": "100.5", "q": "0.25", "f": 1, "l": 2, "T": time, "m": False}
    return row | over


def trade_message(trade_id: int, time: int, **over: Any) -> dict[str, Any]:
    return {"e": "aggTrade", "E": time + 2, "s": "BTCUSDT", **trade_row(trade_id, time), **over}


def quote_message(update_id: int, time: int, **over: Any) -> dict[str, Any]:
    return {
        "e": "bookTicker", "u": update_id, "s": "BTCUSDT", "b": "100.0", "B": "2.0", "a": "100.1",
        "A": "3.0", "T": time, "E": time,
    } | over  # fmt: skip


def mark_message(time: int, *, rate: str, next_time: int) -> dict[str, Any]:
    return {
        "e": "markPriceUpdate", "E": time, "s": "BTCUSDT", "p": "100.2", "i": "100.1",
        "P": "100.0", "r": rate, "T": next_time,
    }  # fmt: skip


def depth_message(time: int, **over: Any) -> dict[str, Any]:
    return {
        "e": "depthUpdate", "E": time, "T": time, "s": "BTCUSDT", "U": 1, "u": 2, "pu": 0,
        "b": [["100.0", "2.0"], ["99.9", "4.0"]], "a": [["100.1", "3.0"]],
    } | over  # fmt: skip
