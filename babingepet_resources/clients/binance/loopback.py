"""The few calls that only the loopback exchange knows: what it plays, and that it may go on."""

from __future__ import annotations

from typing import Any

import aiohttp
import orjson

from babingepet.errors import ExchangeUnavailable
from babingepet_resources.addresses import hidden, place_of, user_parts

_TIMEOUT = aiohttp.ClientTimeout(total=5)
"""Seconds; the server is on this machine and answers from memory."""


class LoopbackControl:
    """Talks to one loopback exchange through the client's own session."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._base_url = base_url

    async def status(self) -> dict[str, Any]:
        """What is played and where the clock stands.

        Raises:
            ExchangeUnavailable: There is no loopback exchange at the address.
        """
        return await self._ask("GET", "status", None)

    async def release(self, as_of: int) -> dict[str, Any]:
        """Let the clock go on if it is held at ``as_of``.

        Raises:
            ExchangeUnavailable: The exchange is gone.
        """
        return await self._ask("POST", "continue", orjson.dumps({"as_of": as_of}))

    async def _ask(self, method: str, what: str, body: bytes | None) -> dict[str, Any]:
        url = f"{self._base_url}/loopback/v1/{what}"
        try:
            async with self._session.request(method, url, data=body, timeout=_TIMEOUT) as response:
                answer = orjson.loads(await response.read())
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise ExchangeUnavailable(
                f"No loopback exchange answers at {place_of(url)}: {type(error).__name__} "
                f"{hidden(str(error), user_parts(url))}."
            ) from error
        if response.status != 200 or not isinstance(answer, dict):  # noqa: PLR2004 - HTTP
            raise ExchangeUnavailable(f"{place_of(url)} answered {response.status}: {answer}.")
        return answer
