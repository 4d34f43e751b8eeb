"""One request, one value: nothing that a model, a host or the network does is an exception.

Belongs here: what is sent, the time it may take, and the key, which leaves this file in one header
only. Does not belong here: trying again (services), reading what came (``body``).
"""

from __future__ import annotations

import asyncio
import email.utils
import ssl
from collections.abc import Awaitable
from dataclasses import replace
from functools import lru_cache
from types import TracebackType
from typing import Any

import httpx
import openai
from pydantic import SecretStr

from babingepet_resources.addresses import hidden
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.openrouter.body import Body, read_completion, read_credit
from babingepet_resources.clients.openrouter.capped import BodyEncoded, BodyTooLarge, cap
from babingepet_resources.clients.openrouter.catalogue import model_named
from babingepet_resources.clients.openrouter.values import (
    NOTHING_BILLED,
    Attempt,
    Call,
    Credit,
    Status,
    Usage,
)

TITLE = {"X-Title": "Babingepet"}
"""The name under which the provider lists our requests to the owner of the key."""

_FAILURES: tuple[tuple[type[BaseException], Status, Usage], ...] = (
    (BodyTooLarge, Status.TOO_LARGE, Usage()),
    (BodyEncoded, Status.MALFORMED, Usage()),
    (httpx.ConnectTimeout, Status.UNREACHABLE, NOTHING_BILLED),
    (httpx.ConnectError, Status.UNREACHABLE, NOTHING_BILLED),
    (httpx.TimeoutException, Status.TIMEOUT, Usage()),
)
"""What the first of these that fits says; whatever else breaks is a connection that broke."""


class OpenRouter:
    """The provider, for one event loop: ``async with OpenRouter(...) as models``.

    Args:
        base_url: Address of the API, without ``/chat/completions``.
        key: Sent as a bearer token, shown to nobody.
        clock: This machine's clock.
    """

    def __init__(self, base_url: str, key: SecretStr, clock: Clock) -> None:
        self._key = key
        self._clock = clock
        # No redirects: the key would go wherever a stranger says.
        http: Any = httpx.AsyncClient(
            verify=_authorities(), event_hooks={"response": [cap]}, follow_redirects=False
        )
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=key.get_secret_value(),
            max_retries=0,  # each attempt is reserved and booked by whoever asks
            default_headers={**TITLE, "Accept-Encoding": "identity"},
            http_client=http,
        )

    def __repr__(self) -> str:
        return f"OpenRouter({str(self._client.base_url)!r})"

    async def __aenter__(self) -> OpenRouter:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()

    async def complete(self, call: Call, timeout_s: float) -> Attempt:
        """Ask a model once.

        Args:
            call: What is asked.
            timeout_s: Seconds for all of it, from connecting to the last byte.
        """
        begun = self._clock.monotonic()
        sent = self._client.post("/chat/completions", cast_to=httpx.Response, body=_request(call))
        answer = await _answer(sent, timeout_s)
        attempt = answer if isinstance(answer, Attempt) else self._read(answer)
        return replace(
            attempt,
            latency_ms=round((self._clock.monotonic() - begun) * 1_000, 3),
            detail=self._shown(attempt.detail),
            text=attempt.text and self._shown(attempt.text),
        )

    async def credit(self, timeout_s: float = 10.0) -> Credit:
        """Ask what the key may still spend.

        Args:
            timeout_s: Seconds for all of it; people wait for it.
        """
        answer = await _answer(self._client.get("/key", cast_to=httpx.Response), timeout_s)
        if isinstance(answer, Attempt):
            return Credit(answer.status, answer.detail)
        return read_credit(self._body(answer))

    def _read(self, answer: httpx.Response) -> Attempt:
        attempt = read_completion(self._body(answer))
        return replace(attempt, retry_after_s=self._silence(answer.headers.get("Retry-After", "")))

    def _silence(self, header: str) -> float | None:
        """Seconds that the header asks for, as a number or as the date until when."""
        if header.isdecimal():
            return float(header)
        try:
            until = email.utils.parsedate_to_datetime(header)
        except (ValueError, OverflowError):
            return None
        return max(0.0, until.timestamp() - self._clock.now() / 1_000)

    def _body(self, answer: httpx.Response) -> Body:
        """A body without the key: hidden before anything is cut, or a half of it would be left."""
        return Body(answer.status_code, answer.content, hides=(self._key.get_secret_value(),))

    def _shown(self, text: str) -> str:
        """Text without the key: a host that is asked may repeat what it was sent."""
        return hidden(text, [self._key.get_secret_value()])


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """Whom we trust to vouch for the provider: reading them takes 40 ms, a request 2."""
    return httpx.create_ssl_context()


async def _answer(sent: Awaitable[httpx.Response], timeout_s: float) -> httpx.Response | Attempt:
    """The response with whatever status, or how the connection failed."""
    try:
        # The library's limits are for each wait of its own: a byte a second would satisfy them.
        async with asyncio.timeout(timeout_s):
            return await sent
    except TimeoutError:
        return Attempt(Status.TIMEOUT, f"No whole answer within {timeout_s:.1f} s.")
    except openai.APIStatusError as error:
        response: Any = error.response
        refused: httpx.Response = response
        return refused
    except openai.APIConnectionError as error:
        return _broken(error.__cause__ or error)


def _broken(cause: BaseException) -> Attempt:
    for kind, status, usage in _FAILURES:
        if isinstance(cause, kind):
            return Attempt(status, _sentence(cause), usage=usage)
    return Attempt(Status.UNREACHABLE, _sentence(cause))


def _sentence(cause: BaseException) -> str:
    return f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__


def _request(call: Call) -> dict[str, Any]:
    price = model_named(call.model).most
    provider: dict[str, Any] = {
        "max_price": {"prompt": float(price.prompt), "completion": float(price.completion)}
    }
    if call.structured:
        # Without require_parameters a host that knows no schemas is asked all the same.
        provider["require_parameters"] = True
        json_schema = {"name": "answer", "strict": True, "schema": dict(call.schema)}
        form: dict[str, Any] = {"type": "json_schema", "json_schema": json_schema}
    else:
        form = {"type": "json_object"}
    return {
        "model": call.model,
        "messages": [{"role": "user", "content": call.message}],
        "max_tokens": call.max_tokens,
        "temperature": 0,
        "response_format": form,
        "provider": provider,
    }
