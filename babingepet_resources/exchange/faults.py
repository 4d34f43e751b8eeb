"""Scripted faults: what a test makes the exchange do wrong, on purpose.

Belongs here: injectors and their switches. Does not belong here: answers that are right.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

Injector = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""May answer instead of the exchange, or delay by taking its time; None lets the request pass."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Faults:
    """Faults waiting to happen. The methods may be called from any thread.

    Attributes:
        injectors: Asked in order before each REST request of the exchange; add your own.
        injected: How often each kind happened: `answer`, `hang`, `drop`.
    """

    injectors: list[Injector] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    _answers: deque[_Answer] = field(default_factory=deque)
    _hangs: deque[float] = field(default_factory=deque)
    _loop: asyncio.AbstractEventLoop | None = None
    _cut_all: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        self.injectors += [self._hang, self._answer]

    def answer_next(
        self,
        count: int,
        status: int,
        *,
        headers: Mapping[str, str] | None = None,
        body: str = '{"code":-1000,"msg":"An unknown error occurred while processing the request."}',
    ) -> None:
        """Answer the next `count` REST requests with this instead.

        Args:
            count: How many requests.
            status: HTTP status, such as 429, 418 or 503.
            headers: Additional headers, such as `Retry-After`.
            body: The body, sent as JSON whatever it is.
        """
        self._answers.extend([_Answer(status, dict(headers or {}), body.encode())] * count)

    def hang_next(self, seconds: float, *, count: int = 1) -> None:
        """Let the next `count` REST requests wait this long before they are answered."""
        self._hangs.extend([seconds] * count)

    def drop_sockets(self) -> None:
        """Lose all stream connections now, without a closing handshake."""
        self.injected["drop"] += 1
        if self._loop is not None and self._cut_all is not None:
            self._loop.call_soon_threadsafe(self._cut_all)

    def order(self, body: Mapping[str, object]) -> str | None:
        """Take an order that came over HTTP.

        Args:
            body: `{"kind":"answer","count":1,"status":429,"headers":{}}`,
                `{"kind":"hang","seconds":5,"count":1}` or `{"kind":"drop"}`.

        Returns:
            Why it is refused, or None.
        """
        match body:
            case {"kind": "answer", "count": int(count), "status": int(status), **rest}:
                headers = rest.get("headers")
                named = headers if isinstance(headers, dict) else {}
                self.answer_next(count, status, headers={str(k): str(v) for k, v in named.items()})
            case {"kind": "hang", "seconds": int() | float() as seconds, **rest}:
                times = rest.get("count", 1)
                self.hang_next(float(seconds), count=times if isinstance(times, int) else 1)
            case {"kind": "drop"}:
                self.drop_sockets()
            case _:
                return "A fault is of kind answer (count, status, headers), hang (seconds) or drop."
        return None

    def connect(self, loop: asyncio.AbstractEventLoop, cut_all: Callable[[], None]) -> None:
        """Tell how sockets are lost, and in which loop; called by the server when it starts."""
        self._loop = loop
        self._cut_all = cut_all

    async def inject(self, request: web.Request) -> web.StreamResponse | None:
        """Ask the injectors in order."""
        for injector in self.injectors:
            answer = await injector(request)
            if answer is not None:
                return answer
        return None

    async def _hang(self, _request: web.Request) -> web.StreamResponse | None:
        if self._hangs:
            self.injected["hang"] += 1
            await asyncio.sleep(self._hangs.popleft())
        return None

    async def _answer(self, _request: web.Request) -> web.StreamResponse | None:
        if not self._answers:
            return None
        answer = self._answers.popleft()
        self.injected["answer"] += 1
        return web.Response(
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            content_type="application/json",
        )
