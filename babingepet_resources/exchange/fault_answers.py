"""What goes wrong with an answer: each kind a function from the right answer to the wrong one.

Belongs here: HTTP as a client must never trust it. Does not belong here: when it happens
(scripted.py), messages on sockets (fault_messages.py).
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from babingepet_resources.exchange.fault_prices import with_prices
from babingepet_resources.exchange.scripted import Script

Right = Callable[[], Awaitable[web.StreamResponse]]
"""Answers as the exchange would."""

AnswerFault = Callable[[Script, web.Request, Right], Awaitable[web.StreamResponse]]

_HTML = "<!DOCTYPE html><html><body>The service is unavailable.</body></html>"
_ERROR = '{"code":-1000,"msg":"An unknown error occurred while processing the request."}'
_BODIES = {"error": (_ERROR, "application/json"), "html": (_HTML, "text/html")}


async def latency(script: Script, _request: web.Request, right: Right) -> web.StreamResponse:
    """Answer late: `seconds`, and up to `jitter` more."""
    script.happened()
    await asyncio.sleep(
        script.settings["seconds"] + script.random.uniform(0, script.settings["jitter"])
    )
    return await right()


async def hang(script: Script, request: web.Request, right: Right) -> web.StreamResponse:
    """Be silent for `seconds` before the headers, after them, or in the middle of the body."""
    script.happened()
    after, seconds = script.settings["after"], script.settings["seconds"]
    if after == "nothing":
        await asyncio.sleep(seconds)
        return await right()
    body = await _body_of(right)
    response = _headed(body)
    await response.prepare(request)
    await response.write(b"" if after == "headers" else body[: len(body) // 2])
    await asyncio.sleep(seconds)
    _abort(request)
    return response


async def reset(script: Script, request: web.Request, _right: Right) -> web.StreamResponse:
    """Lose the connection before a byte of the answer was sent."""
    script.happened()
    _abort(request)
    return web.Response()


async def cut(script: Script, request: web.Request, right: Right) -> web.StreamResponse:
    """Lose the connection in the middle of the body."""
    script.happened()
    body = await _body_of(right)
    response = _headed(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    _abort(request)
    return response


async def status(script: Script, _request: web.Request, _right: Right) -> web.StreamResponse:
    """Refuse with `status`, with `retry_after` when it is not empty; `body` error or html."""
    script.happened()
    text, content_type = _BODIES[script.settings["body"]]
    asked = str(script.settings["retry_after"])
    return web.Response(
        status=script.settings["status"],
        headers={"Retry-After": asked} if asked else {},
        text=text,
        content_type=content_type,
    )


async def body(script: Script, _request: web.Request, _right: Right) -> web.StreamResponse:
    """Answer 200 with `text`, called `content_type`."""
    script.happened()
    return web.Response(text=script.settings["text"], content_type=script.settings["content_type"])


async def truncate(script: Script, _request: web.Request, right: Right) -> web.StreamResponse:
    """Answer 200 with half of the JSON, as if that were all of it."""
    script.happened()
    whole = await _body_of(right)
    return _json(whole[: len(whole) // 2])


async def retype(script: Script, _request: web.Request, right: Right) -> web.StreamResponse:
    """Answer 200 with JSON of another type: an object for a list, a list for an object."""
    script.happened()
    answer = orjson.loads(await _body_of(right))
    return _json(orjson.dumps({"rows": answer} if isinstance(answer, list) else [answer]))


async def strip(script: Script, _request: web.Request, right: Right) -> web.StreamResponse:
    """Answer 200 with half of each row's fields."""
    script.happened()
    answer = orjson.loads(await _body_of(right))
    rows = [_half(row) for row in answer] if isinstance(answer, list) else _half(answer)
    return _json(orjson.dumps(rows))


async def garble(script: Script, _request: web.Request, _right: Right) -> web.StreamResponse:
    """Answer 200 with bytes that are called gzip and are not."""
    script.happened()
    headers = {"Content-Encoding": "gzip"}
    return web.Response(
        body=b"\x1f\x8b\x08garbage", headers=headers, content_type="application/json"
    )


async def prices(script: Script, _request: web.Request, right: Right) -> web.StreamResponse:
    """Answer with wrong prices; see `fault_prices`."""
    return await _altered(script, right, lambda answer: with_prices(answer, script.settings))


async def clock(script: Script, _request: web.Request, right: Right) -> web.StreamResponse:
    """Tell a time that is `shift` milliseconds off."""
    return await _altered(script, right, lambda answer: _shifted(answer, script.settings["shift"]))


async def delist(script: Script, request: web.Request, right: Right) -> web.StreamResponse:
    """Not know the instrument any more: -1121, and no listing."""
    if "symbol" in request.query:
        script.happened()
        return _json(b'{"code":-1121,"msg":"Invalid symbol."}', status=400)
    return await _altered(script, right, lambda answer: _unlisted(answer, script.symbol))


async def _altered(script: Script, right: Right, alter: Callable[[Any], Any]) -> web.StreamResponse:
    response = await right()
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    altered = orjson.dumps(alter(orjson.loads(response.body)))
    if altered == response.body:
        return response
    script.happened()
    response.body = altered
    return response


def _shifted(answer: Any, shift: int) -> Any:  # noqa: ANN401 - JSON
    if isinstance(answer, dict) and "serverTime" in answer:
        return answer | {"serverTime": answer["serverTime"] + shift}
    return answer


def _unlisted(answer: Any, symbol: str | None) -> Any:  # noqa: ANN401 - JSON
    if isinstance(answer, dict) and "symbols" in answer:
        kept = [one for one in answer["symbols"] if symbol not in {None, one["symbol"]}]
        return answer | {"symbols": kept}
    return answer


def _half(row: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(row, list):
        return row[: len(row) // 2]
    return dict(list(row.items())[: len(row) // 2]) if isinstance(row, dict) else row


async def _body_of(right: Right) -> bytes:
    response = await right()
    found = response.body if isinstance(response, web.Response) else b""
    return found if isinstance(found, bytes) else b""


def _headed(whole: bytes) -> web.StreamResponse:
    return web.StreamResponse(
        headers={"Content-Length": str(len(whole)), "Content-Type": "application/json"}
    )


def _json(content: bytes, *, status: int = 200) -> web.Response:
    return web.Response(body=content, status=status, content_type="application/json")


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
