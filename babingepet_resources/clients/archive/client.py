"""One file of the archive: taken from the folder of those that are kept, or downloaded and checked.

Belongs here: requests, retries, checksums, and what is written to disk. Does not belong here: which
files are wanted, and what is in them.

1. a file that is kept is hashed again; as long as its checksum holds, nothing is asked
2. else the checksum is fetched; none means that the file is not published
3. the file is streamed into a temporary one, within a size cap, and hashed on the way
4. a wrong hash is fetched once more: the file may have been published anew in between
5. the file takes its place in one step; a program that is killed leaves nothing half-written
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    wait_exponential,
    wait_random,
)

from babingepet.errors import ConfigurationError, ExchangeUnavailable
from babingepet_resources.addresses import hidden, secrets_of
from babingepet_resources.clients.archive import kept
from babingepet_resources.clients.archive.files import ArchiveFile
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.http_logs import keep_addresses_out

_CHECKSUM = re.compile(rb"\s*([0-9a-fA-F]{64})\s+\*?(\S+)\s*")
Result = TypeVar("Result")

_SMALL = 4_096
"""Bytes of a checksum file at most; a real one has about 100."""


@dataclass(frozen=True)
class ArchiveOptions:
    """How patient to be.

    Attributes:
        attempts: Requests for one file before it is given up, the first included.
        pause_s: First pause between two; doubles, with jitter, up to ``longest_pause_s``.
        longest_pause_s: Longest pause, also where the archive asks for a longer one.
        read_s: Seconds without a byte after which a connection is dead.
        deadline_s: Seconds one file may take altogether, retries included.
        largest: Bytes of one file at most; the largest day of BTC trades has about 100 million.
    """

    attempts: int = 4
    pause_s: float = 0.5
    longest_pause_s: float = 30.0
    read_s: float = 30.0
    deadline_s: float = 900.0
    largest: int = 512 << 20


class _Transient(ExchangeUnavailable):
    """Another attempt may succeed.

    Attributes:
        wait_s: Seconds that the archive asked for, if it did.
    """

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class BinanceArchive:
    """The archive, and the folder where its files are kept. Safe to use from several threads.

    Args:
        base_url: Address without what ``ArchiveFile.path`` says.
        folder: Where files are kept; made when the first one comes.
        clock: This machine's clock.
        options: How patient to be.
    """

    def __init__(
        self, base_url: str, folder: Path, clock: Clock, options: ArchiveOptions | None = None
    ) -> None:
        keep_addresses_out()
        self._base_url = base_url.rstrip("/")
        self._folder = folder
        self._clock = clock
        self._options = options or ArchiveOptions()
        self._client = httpx.Client(timeout=self._options.read_s)
        self._closed = threading.Event()

    def close(self) -> None:
        """Close the connections; downloads under way end with an error."""
        self._closed.set()
        self._client.close()

    def fetch(self, file: ArchiveFile) -> Path | None:
        """The file on disk, its content checked.

        Returns:
            None when the archive has not published it.

        Raises:
            ExchangeUnavailable: No usable answer; the message says which and why.
            WarehouseUnavailable: The disk refuses it.
        """
        target = self._folder / file.path
        if kept.is_kept(target):
            return target
        begun = self._clock.monotonic()
        sums: list[str] = []
        for _ in range(2):
            named = self._patiently(partial(self._checksum, file, begun), begun)
            if named is None:
                return None
            found = self._patiently(partial(self._download, file, target, named, begun), begun)
            if found is None or found == named:
                return None if found is None else target
            sums.append(f"{found} instead of {named}")
        raise ExchangeUnavailable(
            f"{file.name} of the archive is damaged; its SHA-256 is {', then '.join(sums)}."
        )

    def size(self, file: ArchiveFile) -> int | None:
        """Bytes that a download would take: 0 when it is kept, None when it is not published.

        Raises:
            ExchangeUnavailable: The archive does not say.
        """
        if kept.is_kept(self._folder / file.path):
            return 0
        response = self._patiently(partial(self._head, file), self._clock.monotonic())
        length = response and response.headers.get("Content-Length", "")
        return None if not length or not length.isdecimal() else int(length)

    def _patiently(self, attempt: Callable[[], Result], begun: float) -> Result:
        """Try again what may succeed later, within the deadline of the file."""
        retrying = Retrying(
            stop=lambda state: (
                state.attempt_number >= self._options.attempts or self._is_late(begun)
            ),
            wait=self._pause,
            sleep=self._clock.sleep,
            retry=retry_if_exception_type(_Transient),
            reraise=True,
        )
        return retrying(attempt)

    def _pause(self, state: RetryCallState) -> float:
        longest = self._options.longest_pause_s
        usual = wait_exponential(self._options.pause_s, longest) + wait_random(
            0, self._options.pause_s
        )
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait_s if isinstance(error, _Transient) else 0.0
        return min(max(asked, usual(state)), longest)

    def _shown(self, answer: bytes) -> str:
        """The beginning of an answer: a mirror may repeat how it was asked."""
        return _shown(hidden(repr(answer), secrets_of(self._base_url))[:82])

    def _is_late(self, begun: float) -> bool:
        return self._closed.is_set() or (self._clock.monotonic() - begun > self._options.deadline_s)

    @contextmanager
    def _request(self, method: str, path: str) -> Iterator[httpx.Response | None]:
        """An answer with status 200 whose body is not read yet; None for a file that is not there."""
        url = f"{self._base_url}/{path}"
        try:
            with self._client.stream(method, url) as response:
                if response.status_code == HTTPStatus.NOT_FOUND:
                    yield None
                    return
                _require_ok(response, path)
                yield response
        except (httpx.HTTPError, httpx.StreamError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not self._client.is_closed:
                raise
            raise _Transient(f"The archive did not deliver {path}: {_shown(error)}.") from error
        except httpx.InvalidURL as error:
            raise ConfigurationError("BABINGEPET_ARCHIVE_URL is not an address.") from error

    def _head(self, file: ArchiveFile) -> httpx.Response | None:
        with self._request("HEAD", file.path) as response:
            return response

    def _checksum(self, file: ArchiveFile, begun: float) -> str | None:
        with self._request("GET", f"{file.path}.CHECKSUM") as response:
            if response is None:
                return None
            body = b""
            for chunk in self._body(response, file, begun):
                body += chunk
                if len(body) > _SMALL:
                    break
        matched = _CHECKSUM.fullmatch(body)
        if matched is None or matched[2].decode(errors="replace") != file.name:
            raise ExchangeUnavailable(
                f"The archive's checksum of {file.name} is none: {self._shown(body)}."
            )
        return matched[1].decode().lower()

    def _download(self, file: ArchiveFile, target: Path, named: str, begun: float) -> str | None:
        """Stream the file; it is kept when its hash is the one that is named. Returns the hash."""
        with self._request("GET", file.path) as response:
            if response is None:
                return None
            with kept.refused_disk(target), kept.temporary(target) as part:
                found = self._write(response, file, part, begun)
                if found == named:
                    kept.keep(part, target, named)
                return found

    def _write(self, response: httpx.Response, file: ArchiveFile, part: Path, begun: float) -> str:
        digest, size = hashlib.sha256(), 0
        with part.open("wb") as out:
            for chunk in self._body(response, file, begun):
                size += len(chunk)
                if size > self._options.largest:
                    raise ExchangeUnavailable(
                        f"{file.name} of the archive has more than {self._options.largest} bytes."
                    )
                digest.update(chunk)
                out.write(chunk)
        return digest.hexdigest()

    def _body(self, response: httpx.Response, file: ArchiveFile, begun: float) -> Iterator[bytes]:
        """What arrives, as it arrives: a chunk of a given size may take for ever."""
        for chunk in response.iter_raw():
            if self._is_late(begun):
                raise ExchangeUnavailable(
                    f"{file.name} did not come within {self._options.deadline_s:g} s."
                )
            yield chunk


def _require_ok(response: httpx.Response, path: str) -> None:
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    sentence = f"The archive answered {path} with status {status}."
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT} or status >= 500:  # noqa: PLR2004 - HTTP
        asked = response.headers.get("Retry-After", "")
        raise _Transient(sentence, float(asked) if asked.isdecimal() else 0.0)
    raise ExchangeUnavailable(sentence)


def _shown(answer: object) -> str:
    text = " ".join(str(answer).split())
    return text or type(answer).__name__
