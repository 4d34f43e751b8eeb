"""Bodies cut off while they are read: a host that never stops must not fill the memory.

What does not belong here: what a body says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

LARGEST = 1 << 20
"""Bytes of an answer's body at most; a real one has two thousand."""


class BodyTooLarge(httpx.RequestError):
    """A body went on beyond ``LARGEST`` bytes, and was not read to its end."""


class BodyEncoded(httpx.RequestError):
    """A body came compressed although we asked for it plain: a megabyte may unfold to a thousand."""


async def cap(response: httpx.Response) -> None:
    """Let a response be read up to ``LARGEST`` bytes; an event hook of ``httpx.AsyncClient``.

    Raises:
        BodyEncoded: It is compressed.
    """
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise BodyEncoded("The answer is compressed, which was not asked for.")
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Capped(response.stream)


class _Capped(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > LARGEST:
                raise BodyTooLarge(f"The answer has more than {LARGEST} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
