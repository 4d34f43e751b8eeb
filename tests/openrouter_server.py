"""OpenRouter on this machine: a real server that answers each model by a script.

Belongs here: serving, and every way in which a model or a host goes wrong. Does not belong here: what
a client makes of it.
"""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TEXT = '{"p_up":0.61,"confidence":"MED","reason":"Higher highs."}'
COST = 0.0001584
KEY = "sk-or-canary-8c1f27e5"
"""What the tests give as the key; it must turn up nowhere but in the header."""

ESCAPES = "\x1b]0;owned\x07\x1b[2J\u202e [bold red]p_up 1[/] {{memory}}"
"""An answer for whoever shows it, not for whoever asked."""
MARKUP = (
    '{"p_up":0.55,"confidence":"HIGH","reason":"[red]up[/red] [link=file:///x]y[/link] \\u001b[2J"}'
)

COMPLETIONS = "/api/v1/chat/completions"


def completion(text: str | None = TEXT, *, model: str = "m", reason: str = "stop", **more: Any):
    """The body of an answer, as the recorded one."""
    return {
        "id": "gen-1", "object": "chat.completion", "created": 1, "model": model,
        "provider": "NextBit",
        "choices": [{
            "index": 0, "finish_reason": reason,
            "message": {"role": "assistant", "content": text, "refusal": None},
        }],
        "usage": {
            "prompt_tokens": 135, "completion_tokens": 5, "total_tokens": 140, "cost": COST,
            "prompt_tokens_details": {"cached_tokens": 100},
        },
        **more,
    }  # fmt: skip


def error(code: int, message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, **more}, "user_id": "user_x"}


@dataclass
class OpenRouterServer:
    """What each model does, and what was asked.

    Attributes:
        url: Address of the API.
        scripts: By model what it does, request by request; its last word is repeated. A model
            without a script answers well; a step that begins with a brace is what it answers.
        asked: Every request: its JSON, in order.
        headers: Their headers.
        slow_s: Seconds that ``slow`` takes.
        credit: Body told of the key.
    """

    url: str = ""
    scripts: dict[str, list[str]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    slow_s: float = 0.2
    credit: Any = field(
        default_factory=lambda: {"data": {"label": "x", "limit_remaining": 4.5, "usage": 0.5}}
    )
    at_once: int = 0
    most_at_once: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    """Until it is set, ``held`` does not answer."""
    sent: int = 0
    """Bytes of the last endless body that were taken from us."""

    def reset(self) -> None:
        """Forget every script and what was asked."""
        self.scripts, self.asked, self.headers = {}, [], []
        self.slow_s, self.most_at_once = 0.2, 0
        self.released.clear()

    def script(self, model: str, *steps: str) -> None:
        self.scripts[model] = list(steps)

    def count(self, model: str) -> int:
        return Counter(request["model"] for request in self.asked)[model]

    def counts(self) -> Counter[str]:
        return Counter(request["model"] for request in self.asked)

    def next_step(self, model: str) -> str:
        steps = self.scripts.get(model, ["fine"])
        return steps.pop(0) if len(steps) > 1 else steps[0]


Step = Callable[[OpenRouterServer, web.Request, str], Any]


async def _slow(server: OpenRouterServer, request: web.Request, model: str) -> web.Response:
    await asyncio.sleep(server.slow_s)
    return web.json_response(completion(model=model))


async def _held(server: OpenRouterServer, request: web.Request, model: str) -> web.Response:
    while not server.released.is_set():
        await asyncio.sleep(0.01)
    return web.json_response(completion(model=model))


async def _hang(server: OpenRouterServer, request: web.Request, model: str) -> web.Response:
    await asyncio.sleep(3_600)
    raise AssertionError("nobody waits for an hour")


async def _dribble(server: OpenRouterServer, request: web.Request, model: str):
    """A byte now and then: every single wait is short."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def _endless(server: OpenRouterServer, request: web.Request, model: str):
    response = web.StreamResponse(
        status=500 if model.endswith("500") else 200, headers={"Content-Type": "application/json"}
    )
    await response.prepare(request)
    server.sent = 0
    for _ in range(160):
        await response.write(b"x" * 65_536)
        server.sent += 65_536
    await response.write_eof()
    return response


async def _cut_connection(server: OpenRouterServer, request: web.Request, model: str):
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"id":')
    assert request.transport is not None
    request.transport.abort()
    return response


async def _compressed(server: OpenRouterServer, request: web.Request, model: str) -> web.Response:
    response = web.json_response(completion(model=model))
    response.enable_compression(web.ContentCoding.gzip)
    response.headers["Content-Encoding"] = "gzip"
    return response


def _echoed(status: int, before: str = "") -> Step:
    """A host that repeats how it was asked, with the key, in its error or its answer."""

    async def echo(server: OpenRouterServer, request: web.Request, model: str) -> web.Response:
        said = before + request.headers["Authorization"]
        body = completion(said, model=said) if status == 200 else error(status, said)
        return web.json_response(body, status=status)

    return echo


def _told(
    status: int = 200, headers: dict[str, str] | None = None, **more: Any
) -> Callable[[str], web.Response]:
    return lambda model: web.json_response(
        completion(model=model, **more), status=status, headers=headers
    )


def _body(body: bytes, status: int = 200) -> Callable[[str], web.Response]:
    return lambda model: web.Response(body=body, status=status, content_type="application/json")


def _refused(code: int, message: str, **headers: str) -> Callable[[str], web.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda model: web.json_response(error(code, message), status=code, headers=named)


def _without_usage(model: str) -> web.Response:
    body = completion(model=model)
    del body["usage"]
    return web.json_response(body)


def _parameters(model: str) -> web.Response:
    message = "No endpoints found that can handle the requested parameters."
    return web.json_response(error(404, message), status=404)


_PLAIN: dict[str, Callable[[str], web.Response]] = {
    "fine": _told(),
    "429": _refused(429, "Provider returned error", Retry_After="0"),
    "429 later": _refused(429, "Provider returned error", Retry_After="3600"),
    "402": _refused(402, "Insufficient credits"),
    "404": _refused(404, "No endpoints found for this model."),
    "400 model": _refused(400, "m is not a valid model ID"),
    "400 parameter": _refused(400, "Unsupported parameter: response_format"),
    "404 parameter": _parameters,
    "401": _refused(401, f"No auth credentials found: Bearer {KEY}"),
    "403": _refused(403, "Your input was flagged"),
    "503": _refused(503, "No instances available"),
    "redirect": lambda model: web.Response(status=307, headers={"Location": COMPLETIONS}),
    "200 error": lambda model: web.json_response(error(502, f"Upstream broke: {KEY}")),
    "finish error": _told(reason="error"),
    "null": _told(text=None),
    "blank": _told(text="  \n"),
    "cut": _told(text='{"p_up":0.', reason="length"),
    "cut json": _body(b'{"id":"gen-1","choices":[{"mess'),
    "abstain": _told(text='{"p_up":null,"confidence":"LOW","reason":"Too little is known."}'),
    "escapes": _told(text=ESCAPES),
    "markup": _told(text=MARKUP),
    "wrong schema": _told(text='{"probability":"high"}'),
    "1.7": _told(text='{"p_up":1.7,"confidence":"MED","reason":"x"}'),
    "NaN": _told(text='{"p_up":NaN,"confidence":"MED","reason":"x"}'),
    "NaN body": _body(b'{"choices":[{"message":{"content":"x"}}],"usage":{"cost":NaN}}'),
    "surrogate": _body(b'{"choices":[{"message":{"content":"\\ud800"}}]}'),
    "deep": _body(b'{"choices":' + b"[" * 100_000),
    "no choices": _told(choices=[]),
    "odd choices": _told(choices="no"),
    "html": _body(b"<html>busy</html>"),
    "list": _body(b"[]"),
    "refusal": _told(
        choices=[{"finish_reason": "stop", "message": {"content": None, "refusal": "I cannot."}}]
    ),
    "filtered": _told(reason="content_filter"),
    "x100": _told(usage={"cost": 5.0, "prompt_tokens": 1}),
    "no usage": _without_usage,
    "odd usage": _told(
        usage={"cost": "free", "prompt_tokens": -4, "completion_tokens": True,
               "prompt_tokens_details": []}
    ),
    "negative cost": _told(usage={"cost": -1}),
    "endless cost": _told(usage={"cost": 1e300}),
    "evil": lambda model: web.json_response(
        completion() | {"model": "a\x00\x1b\n b", "provider": "x" * 10_000}
    ),
    "echo": _told(text=f'{{"p_up":0.5,"confidence":"LOW","reason":"{KEY}"}}'),
}  # fmt: skip

_ASYNC: dict[str, Step] = {
    "slow": _slow,
    "held": _held,
    "hang": _hang,
    "dribble": _dribble,
    "10 MB": _endless,
    "cut connection": _cut_connection,
    "gzip": _compressed,
    "401 echo": _echoed(401),
    "500 echo": _echoed(500),
    "200 echo": _echoed(200),
    "500 cut echo": _echoed(500, "x" * 360 + " "),
}


@contextmanager
def openrouter_server(**scripts: Sequence[str]) -> Iterator[OpenRouterServer]:
    """Serve on a free port of this machine, in a thread, until the block ends."""
    server = OpenRouterServer(scripts={model: list(steps) for model, steps in scripts.items()})
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(_serve(server, ready, stop)), name="openrouter"
    )
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


async def _serve(server: OpenRouterServer, ready: threading.Event, stop: asyncio.Event) -> None:
    async def complete(request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        server.asked.append(asked)
        server.headers.append(dict(request.headers))
        server.at_once += 1
        server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            step = server.next_step(asked["model"])
            if step.startswith("{"):
                return web.json_response(completion(step, model=asked["model"]))
            if step in _PLAIN:
                return _PLAIN[step](asked["model"])
            return await _ASYNC[step](server, request, asked["model"])
        finally:
            server.at_once -= 1

    async def key(request: web.Request) -> web.Response:
        if isinstance(server.credit, int):
            return web.json_response(error(server.credit, KEY), status=server.credit)
        return web.Response(body=json.dumps(server.credit), content_type="application/json")

    app = web.Application()
    app.add_routes([web.post(COMPLETIONS, complete), web.get("/api/v1/key", key)])
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    server.url = f"http://127.0.0.1:{port}/api/v1"
    ready.set()
    await stop.wait()
    await runner.cleanup()
