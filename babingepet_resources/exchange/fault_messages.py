"""What goes wrong with a stream message: each kind a function to the messages sent instead.

Belongs here: messages. Does not belong here: when it happens (scripted.py), or answers to requests
(fault_answers.py).
"""

from collections.abc import Callable
from typing import Any

import orjson

from babingepet_resources.exchange.fault_prices import with_prices
from babingepet_resources.exchange.scripted import Script

Messages = list[bytes] | None
"""Sent instead of one message; None loses the sockets that listen to its stream."""

MessageFault = Callable[[Script, str, bytes], Messages]

_CANDLE_PRICES = ("o", "h", "l", "c")


def lose(script: Script, _stream: str, _data: bytes) -> Messages:
    """Send nothing: a frozen feed, or a gap."""
    script.happened()
    return []


def duplicate(script: Script, _stream: str, data: bytes) -> Messages:
    """Send it twice."""
    script.happened()
    return [data, data]


def disorder(script: Script, stream: str, data: bytes) -> Messages:
    """Send every second message before the one it follows."""
    held = script.memory.pop(stream, None)
    if held is None:
        script.memory[stream] = data
        return []
    script.happened()
    return [data, held]


def unclosed(script: Script, _stream: str, data: bytes) -> Messages:
    """Send a candle that never closes."""
    message = orjson.loads(data)
    if "k" not in message:
        return [data]
    script.happened()
    return [orjson.dumps(message | {"k": message["k"] | {"x": False}})]


def prices(script: Script, _stream: str, data: bytes) -> Messages:
    """Send wrong prices; see `fault_prices`."""
    script.happened()
    message = orjson.loads(data)
    if "k" in message:
        message["k"] = with_prices(message["k"], script.settings)
        return [orjson.dumps(message)]
    return [orjson.dumps(with_prices(message, script.settings))]


def freeze(script: Script, stream: str, data: bytes) -> Messages:
    """Send the first price again and again, with all else as it is."""
    message = orjson.loads(data)
    first = script.memory.setdefault(stream, message)
    script.happened()
    if "k" in message:
        price = dict.fromkeys(_CANDLE_PRICES, first["k"]["c"])
        return [orjson.dumps(message | {"k": message["k"] | price})]
    names = ("p", "P", "i") if "p" in message else ("b", "a")
    return [orjson.dumps(message | {name: first[name] for name in names if name in first})]


def rename(script: Script, _stream: str, data: bytes) -> Messages:
    """Send an event of a type nobody knows."""
    return _with(script, data, "e", "surprise")


def swap(script: Script, _stream: str, data: bytes) -> Messages:
    """Send it as another instrument's."""
    return _with(script, data, "s", "ETHUSDT")


def garble(script: Script, _stream: str, _data: bytes) -> Messages:
    """Send `text` instead, or bytes that are not even text when it is empty."""
    script.happened()
    return [script.settings["text"].encode() or b'"\xff\xfe"']


def drop(script: Script, _stream: str, _data: bytes) -> Messages:
    """Lose the connection instead, without a closing handshake."""
    script.happened()
    return None


def clock(script: Script, _stream: str, data: bytes) -> Messages:
    """Stamp it with a time that is `shift` milliseconds off."""
    message = orjson.loads(data)
    return _with(script, data, "E", message["E"] + script.settings["shift"])


def _with(script: Script, data: bytes, name: str, value: Any) -> Messages:  # noqa: ANN401 - JSON
    script.happened()
    return [orjson.dumps(orjson.loads(data) | {name: value})]
