"""One REST call to Binance, done properly: silence, deadline, retries, and errors of ours.

Belongs here: everything that is the same for every endpoint. Which rows are asked for belongs to
``history``, what they mean to ``payloads``. python-binance neither retries nor throttles.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from binance.async_client import AsyncClient
from binance.exceptions import BinanceAPIException, BinanceRequestException
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from babingepet.errors import BabingepetError, ExchangeUnavailable, InputError
from babingepet_resources.clients.binance.limits import RequestLimits
from babingepet_resources.clients.binance.options import FeedOptions

UNKNOWN_SYMBOL = -1121
"""Binance's error code for a symbol it does not list."""

_SILENCE = (HTTPStatus.TOO_MANY_REQUESTS, 418)
_LONGEST_PAUSE_S = 8.0
"""Seconds between two attempts at most, before jitter."""

_SHOWN = 200
"""Characters of an unexpected answer quoted in the error."""


class _Transient(ExchangeUnavailable):
    """Another attempt may succeed."""


class BinanceRest:
    """Calls the futures methods of python-binance's client by name."""

    def __init__(
        self,
        client: AsyncClient,
        limits: RequestLimits,
        options: FeedOptions,
        counts: Counter[str],
    ) -> None:
        self._client = client
        self._limits = limits
        self._options = options
        self._counts = counts
        self._listed: set[object] = set()

    def note_listed(self, symbol: str) -> None:
        """Remember that the exchange knew a symbol: no longer knowing it is the exchange's doing."""
        self._listed.add(symbol)

    async def rows(
        self, method: str, params: Mapping[str, object], *, weight: int, patient: bool = False
    ) -> list[Any]:
        """Call an endpoint that answers with a list; see ``call``."""
        answer = await self.call(method, params, weight=weight, patient=patient)
        if not isinstance(answer, list):
            raise ExchangeUnavailable(f"Binance answered {method} with {_shown(answer)}.")
        return answer

    async def call(
        self, method: str, params: Mapping[str, object], *, weight: int, patient: bool = False
    ) -> Any:  # noqa: ANN401 - parsed JSON
        """Call an endpoint.

        Args:
            method: python-binance's name, ``futures_klines``.
            params: The vendor's parameters.
            weight: Request weight, of the vendor's page.
            patient: Whether to wait for the next minute when this one's weight is spent.

        Returns:
            The parsed answer.

        Raises:
            RateLimited: The whole client has to be silent.
            ExchangeUnavailable: No usable answer within the deadline.
            InputError: The exchange does not know the symbol.
        """
        await self._limits.turn(weight, patient=patient)
        pause = self._options.backoff_s
        retrying = AsyncRetrying(
            stop=stop_after_attempt(1 + self._options.retries),
            wait=wait_exponential(multiplier=pause, max=_LONGEST_PAUSE_S) + wait_random(0, pause),
            retry=retry_if_exception_type(_Transient),
            reraise=True,
        )
        try:
            async with asyncio.timeout(self._options.deadline_s):
                return await retrying(self._attempt, method, params)
        except TimeoutError as error:
            raise ExchangeUnavailable(
                f"Binance did not answer {method} within {self._options.deadline_s:g} s."
            ) from error

    async def _attempt(self, method: str, params: Mapping[str, object]) -> Any:  # noqa: ANN401
        self._limits.check()
        self._counts["rest_calls"] += 1
        try:
            async with asyncio.timeout(self._options.attempt_s):
                answer = await getattr(self._client, method)(**params)
        except BinanceAPIException as error:
            raise self._refusal(method, params, error) from error
        except (BinanceRequestException, aiohttp.ContentTypeError) as error:
            raise ExchangeUnavailable(
                f"Binance answered {method} with something that is not JSON: {_shown(error)}."
            ) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _Transient(
                f"Binance did not answer {method}: {type(error).__name__} {error}."
            ) from error
        except (ValueError, AttributeError) as error:
            # python-binance itself stumbles over an error body that is JSON but not an object.
            raise ExchangeUnavailable(
                f"Binance answered {method} with something unreadable: {error}."
            ) from error
        self._limits.observe(self._client.response.headers)
        if isinstance(answer, dict) and "code" in answer:
            raise self._meant(method, params, answer["code"], _shown(answer))
        return answer

    def _refusal(
        self, method: str, params: Mapping[str, object], error: BinanceAPIException
    ) -> BabingepetError:
        headers = error.response.headers
        self._limits.observe(headers)
        status = int(error.status_code)
        if status in _SILENCE:
            self._counts["rate_limited"] += 1
            return self._limits.silence(status, headers)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return _Transient(f"Binance answered {method} with status {status}.")
        return self._meant(method, params, error.code, f"status {status}, {_shown(error.message)}")

    def _meant(
        self, method: str, params: Mapping[str, object], code: object, seen: str
    ) -> BabingepetError:
        symbol = params.get("symbol")
        if code == UNKNOWN_SYMBOL and symbol in self._listed:
            return ExchangeUnavailable(f"The exchange no longer lists the symbol {symbol}.")
        if code == UNKNOWN_SYMBOL:
            return InputError(f"The exchange does not list the symbol {symbol}.")
        return ExchangeUnavailable(f"Binance refused {method}: {seen}.")


def _shown(answer: object) -> str:
    text = " ".join(str(answer).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
