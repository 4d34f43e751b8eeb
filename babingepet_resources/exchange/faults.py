"""Scripted faults: what a test makes the exchange do wrong, on purpose.

Belongs here: which kinds there are, ordering them, and finding those in force. Does not belong
here: what a kind does (fault_answers.py, fault_messages.py), or answers that are right.

A fault never touches the loopback's own calls and markers: with them wrong, a market that stands
still would never go on.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from aiohttp import web

from babingepet.errors import InputError
from babingepet_resources.exchange import fault_answers as answers
from babingepet_resources.exchange import fault_messages as messages
from babingepet_resources.exchange.fault_answers import AnswerFault, Right
from babingepet_resources.exchange.fault_messages import MessageFault, Messages
from babingepet_resources.exchange.scripted import Fault, Script


class Kind(NamedTuple):
    """What a kind of fault does to answers and to messages, and its settings with their defaults."""

    answer: AnswerFault | None = None
    message: MessageFault | None = None
    settings: Mapping[str, Any] = MappingProxyType({})
    refuses_sockets: bool = False


_PRICE = {"factor": 10.0, "value": ""}

KINDS: Mapping[str, Kind] = {
    "latency": Kind(answers.latency, settings={"seconds": 1.0, "jitter": 0.0, "seed": 0}),
    "hang": Kind(answers.hang, settings={"seconds": 60.0, "after": "nothing"}),
    "reset": Kind(answers.reset),
    "refuse": Kind(answers.reset, refuses_sockets=True),
    "cut": Kind(answers.cut),
    "status": Kind(answers.status, settings={"status": 503, "retry_after": "", "body": "error"}),
    "body": Kind(answers.body, settings={"text": "", "content_type": "application/json"}),
    "truncate": Kind(answers.truncate),
    "retype": Kind(answers.retype),
    "strip": Kind(answers.strip),
    "gzip": Kind(answers.garble),
    "prices": Kind(answers.prices, messages.prices, _PRICE),
    "clock": Kind(answers.clock, messages.clock, {"shift": 0}),
    "delist": Kind(answers.delist, messages.lose),
    "lose": Kind(message=messages.lose),
    "freeze": Kind(message=messages.freeze),
    "duplicate": Kind(message=messages.duplicate),
    "disorder": Kind(message=messages.disorder),
    "unclosed": Kind(message=messages.unclosed),
    "rename": Kind(message=messages.rename),
    "swap": Kind(message=messages.swap),
    "garble": Kind(message=messages.garble, settings={"text": ""}),
    "drop": Kind(message=messages.drop),
}
"""Every kind of fault by name."""

_CHOICES = {"after": ("nothing", "headers", "body"), "body": ("error", "html")}
_NUMBERS = ("seconds", "jitter", "factor")
_WHENS = ("count", "start", "until")


class Faults:
    """Faults waiting to happen, and in force. `add`, `clear`, `drop_sockets`: from any thread.

    Attributes:
        injected: How often each kind has happened.
    """

    def __init__(self) -> None:
        self.injected: Counter[str] = Counter()
        self._scripts: list[Script] = []
        self._now: Callable[[], int] = lambda: 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cut_all: Callable[[], None] = lambda: None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is in force or waits."""
        return not self._scripts

    def add(
        self,
        kind: str,
        /,
        *,
        count: int | None = None,
        start: int | None = None,
        until: int | None = None,
        where: str = "*",
        symbol: str | None = None,
        **settings: Any,  # noqa: ANN401 - checked against the kind's own
    ) -> None:
        """Order a fault.

        Args:
            kind: A key of `KINDS`.
            count: How many requests or messages; None for all.
            start: First exchange time, UTC milliseconds; None for at once.
            until: Exchange time at which it is over; None for never.
            where: Pattern of REST paths and stream names.
            symbol: The one instrument concerned, in capitals.
            **settings: The kind's own; see `KINDS`.

        Raises:
            InputError: There is no such kind, or it has no such setting.
        """
        if kind not in KINDS:
            raise InputError(f"A fault is of kind {', '.join(KINDS)}; not {kind!r}.")
        defaults = KINDS[kind].settings
        for name, value in settings.items():
            _require_fitting(kind, name, value, defaults)
        whole = {**defaults, **settings}
        fault = Fault(kind, count, start, until, where, symbol, whole)
        self._scripts.append(Script(fault, self.injected))

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._scripts.clear()

    def order(self, body: Mapping[str, Any]) -> str | None:
        """Take an order that came over HTTP: the arguments of `add` as an object.

        Returns:
            Why it is refused, or None.
        """
        for name in _WHENS:
            if not isinstance(body.get(name), int | None):
                return f"{name} must be a whole number."
        for name in ("kind", "where", "symbol"):
            if not isinstance(body.get(name, ""), str):
                return f"{name} must be text."
        rest = {name: value for name, value in body.items() if name != "kind"}
        try:
            self.add(body.get("kind", ""), **rest)
        except InputError as error:
            return str(error)
        return None

    def drop_sockets(self) -> None:
        """Lose all stream connections now, without a closing handshake."""
        self.injected["drop"] += 1
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cut_all)

    def connect(
        self, loop: asyncio.AbstractEventLoop, now: Callable[[], int], cut_all: Callable[[], None]
    ) -> None:
        """Tell the exchange's clock and how sockets are lost; called by the server at its start."""
        self._loop, self._now, self._cut_all = loop, now, cut_all

    async def inject(self, request: web.Request, right: Right) -> web.StreamResponse:
        """Answer a REST request of the exchange, wrongly where that was ordered."""
        symbol = request.query.get("symbol", "")
        for script in self._in_force(request.path, symbol):
            wrong = KINDS[script.kind].answer
            if wrong is not None:
                right = partial(wrong, script, request, right)
        return await right()

    def refuses(self, request: web.Request) -> bool:
        """Whether a new socket is refused."""
        for script in self._in_force(request.path, ""):
            if KINDS[script.kind].refuses_sockets:
                script.happened()
                return True
        return False

    def send_instead(self, stream: str, data: bytes) -> Messages:
        """What is sent instead of one message; None loses the sockets that listen to it."""
        symbol = stream.partition("@")[0]
        sent = [*self._left_over(stream), data]
        for script in self._in_force(stream, symbol):
            wrong = KINDS[script.kind].message
            if wrong is None:
                continue
            instead: list[bytes] = []
            for message in sent:
                replaced = wrong(script, stream, message)
                if replaced is None:
                    return None
                instead += replaced
            sent = instead
        return sent

    def _in_force(self, place: str, symbol: str) -> list[Script]:
        now = self._now()
        return [script for script in self._scripts if script.concerns(place, symbol, now)]

    def _left_over(self, stream: str) -> list[bytes]:
        """Messages still held back by a fault that is over; then it is forgotten."""
        now = self._now()
        over = [script for script in self._scripts if script.is_over(now)]
        held = [
            script.memory.pop(stream)
            for script in over
            if script.kind == "disorder" and stream in script.memory
        ]
        for script in over:
            if script in self._scripts and not (script.kind == "disorder" and script.memory):
                self._scripts.remove(script)
        return held


def _require_fitting(kind: str, name: str, value: object, defaults: Mapping[str, Any]) -> None:
    if name not in defaults:
        raise InputError(f"A fault of kind {kind} has no setting {name!r}.")
    if name in _CHOICES and kind != "garble" and value not in _CHOICES[name]:
        raise InputError(f"{name} is one of {', '.join(_CHOICES[name])}; not {value!r}.")
    accepted: Any = int | float if name in _NUMBERS else type(defaults[name])
    if name != "retry_after" and not isinstance(value, accepted):
        raise InputError(f"{name} of a fault cannot be {value!r}.")
