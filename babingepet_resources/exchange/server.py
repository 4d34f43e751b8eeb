"""The loopback exchange as a server: REST, streams, control and faults on one local port.

Belongs here: HTTP and WebSocket plumbing and the life of the server. Does not belong here: what
is answered (rest.py), what is played (player.py), the streams' sockets (sockets.py),
or threads (threaded.py).

Paths:
    /fapi/v1/*, /futures/data/*       Binance USD-M futures, market data only
    /stream, /ws and /public/*, /market/*   streams; by category, as the exchange routes them
    /loopback/v1/status               what is played and where the clock stands
    /loopback/v1/continue             lock-step: the client is done with the minute
    /loopback/v1/faults               scripted faults, only when they were asked for
"""

import asyncio
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from babingepet.errors import InputError
from babingepet_resources.exchange.clock import ExchangeClock
from babingepet_resources.exchange.faults import Faults
from babingepet_resources.exchange.hub import StreamHub
from babingepet_resources.exchange.limits import WeightBudget
from babingepet_resources.exchange.markets import Markets
from babingepet_resources.exchange.parameters import Refusal
from babingepet_resources.exchange.player import Player
from babingepet_resources.exchange.rest import Route, routes
from babingepet_resources.exchange.sockets import SocketRules, StreamSockets
from babingepet_resources.exchange.source import MarketSource

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ExchangeServer:
    """Serves instruments on 127.0.0.1, all by one clock.

    Args:
        market: The instruments, or the only one.
        speed: Exchange seconds a real second. At 1 the exchange runs freely, as the real one
            does. Above 1, and for None (as fast as possible), it is in lock-step: the clock is
            held at every minute boundary until the client says continue.
        start: First exchange time to play, UTC milliseconds; None for the beginning.
        port: TCP port; 0 for a free one.
        scripted_faults: Whether faults may be ordered over HTTP.
        socket_rules: How long sockets live and how often they are pinged.

    Attributes:
        faults: What the exchange should do wrong.
        url: Address without a trailing slash, once started.
    """

    def __init__(
        self,
        market: MarketSource | Markets,
        *,
        speed: float | None = 1.0,
        start: int | None = None,
        port: int = 0,
        scripted_faults: bool = False,
        socket_rules: SocketRules | None = None,
    ) -> None:
        self._markets = market if isinstance(market, Markets) else Markets([market])
        self._speed = speed
        self._lockstep = speed is None or speed > 1
        self._start = max(self._markets.primary.info.start, start or 0)
        self._port = port
        self._scripted_faults = scripted_faults
        self._clock = ExchangeClock(self._start, speed=speed)
        self.faults = Faults()
        self._hub = StreamHub(self.faults)
        self._budget = WeightBudget((lambda: self._clock.now) if self._lockstep else None)
        self._routes = routes(self._markets, lambda: self._clock.now)
        self._sockets = StreamSockets(self._hub, self._clock, socket_rules or SocketRules())
        self._stopped = asyncio.Event()
        self.url = ""

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until `stop`.

        Args:
            ready: Called once `url` is known and requests are answered.

        Raises:
            InputError: The port is taken.
        """
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            self.url = await self._listen(runner)
            self.faults.connect(
                asyncio.get_running_loop(), lambda: self._clock.now, self._hub.cut_all
            )
            await self._play_until_stopped(ready)
        finally:
            self._hub.cut_all()
            await runner.cleanup()

    def stop(self) -> None:
        """Let `run` return; call it from the server's own event loop."""
        self._stopped.set()

    async def _listen(self, runner: web.AppRunner) -> str:
        try:
            await web.TCPSite(runner, "127.0.0.1", self._port).start()
        except OSError as error:
            raise InputError(f"Port {self._port} of 127.0.0.1 cannot be used: {error}.") from error
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _play_until_stopped(self, ready: Callable[[], None]) -> None:
        player = Player(
            self._markets, self._clock, self._hub, start=self._start, lockstep=self._lockstep
        )
        async with asyncio.TaskGroup() as tasks:
            playing = tasks.create_task(player.play())
            ready()
            await self._stopped.wait()
            playing.cancel()

    def _application(self) -> web.Application:
        application = web.Application()
        router = application.router
        for path in ("/stream", "/ws", "/ws/{name}"):
            for category in ("", "/public", "/market", "/private"):
                router.add_get(category + path, self._sockets.serve)
        router.add_get("/loopback/v1/status", self._serve_status)
        router.add_post("/loopback/v1/continue", self._serve_continue)
        if self._scripted_faults:
            router.add_post("/loopback/v1/faults", self._serve_fault_order)
        for path, route in self._routes.items():
            router.add_get(path, self._rest(route))
        router.add_route("*", "/{path:.*}", _serve_unknown)
        return application

    def _rest(self, route: Route) -> _Handler:
        async def serve(request: web.Request) -> web.StreamResponse:
            return await self.faults.inject(request, lambda: answer(request))

        async def answer(request: web.Request) -> web.StreamResponse:
            within = self._budget.spend(route.weight(request.query))
            headers = {"X-MBX-USED-WEIGHT-1M": str(self._budget.used)}
            if not within:
                headers["Retry-After"] = str(self._budget.retry_after)
                refusal = Refusal(-1003, "Too many requests; please retry later.", status=429)
                return _refused(refusal, headers)
            try:
                return _json(route.answer(request.query), headers=headers)
            except Refusal as refusal:
                return _refused(refusal, headers)

        return serve

    async def _serve_status(self, _request: web.Request) -> web.StreamResponse:
        return _json(self.status())

    async def _serve_continue(self, request: web.Request) -> web.StreamResponse:
        as_of = (await _body(request)).get("as_of")
        if not isinstance(as_of, int):
            return _refused(Refusal(-1102, 'The body must be {"as_of": <milliseconds>}.'), {})
        self._clock.release(as_of)
        return _json(self._position())

    async def _serve_fault_order(self, request: web.Request) -> web.StreamResponse:
        refusal = self.faults.order(await _body(request))
        if refusal:
            return _refused(Refusal(-1102, refusal), {})
        return _json({"injected": dict(self.faults.injected)})

    def status(self) -> dict[str, object]:
        """What is played and where the clock stands."""
        info = self._markets.primary.info
        return {
            "source": info.source,
            "product": info.product,
            "symbol": info.symbol,
            "symbols": list(self._markets.symbols),
            "feeds": sorted(info.feeds),
            "derived": sorted(info.derived),
            "absent_columns": list(info.absent_columns),
            "description": info.description,
            "start": self._start,
            "end": info.end,
            "speed": self._speed,
            "lockstep": self._lockstep,
            "speed_reached": round(self._clock.speed_reached, 3),
            **self._position(),
        }

    def _position(self) -> dict[str, object]:
        clock = self._clock
        return {"now": clock.now, "held_at": clock.held_at, "ended": clock.ended}


async def _serve_unknown(request: web.Request) -> web.StreamResponse:
    message = f"Path {request.path}, Method {request.method} is invalid"
    return _refused(Refusal(-5000, message, status=404), {})


async def _body(request: web.Request) -> dict[str, object]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _refused(refusal: Refusal, headers: dict[str, str]) -> web.Response:
    body = {"code": refusal.code, "msg": str(refusal)}
    return _json(body, status=refusal.status, headers=headers)


def _json(
    body: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), status=status, headers=headers, content_type="application/json"
    )
