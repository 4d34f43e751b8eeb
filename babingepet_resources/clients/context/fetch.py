"""One answer of a feed, as bytes: within a time, within a size, from the host that was asked.

Belongs here: HTTP, and how little a server is trusted. Does not belong here: what the bytes say.

An address may hold a key, so that only its host is ever named; httpx would log the whole of it. A
server that repeats the key, in a headline or a figure, is not heard with it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from babingepet.errors import ConfigurationError, FeedUnavailable
from babingepet_resources.addresses import HIDDEN, forms_of, hidden, secrets_of
from babingepet_resources.clients.http_logs import keep_addresses_out

HEADERS = {
    # Unpacked, an answer of 64 KiB may fill 64 MiB before anyone counts: it is asked for as it is.
    "Accept-Encoding": "identity",
    "User-Agent": "babingepet (+https://pypi.org/project/babingepet)",
}


_SAID = 400
"""Characters of a reason: the name of a host that a stranger redirects to has no end."""


@dataclass(frozen=True)
class FetchLimits:
    """How patient to be, and how much to take.

    Attributes:
        silence_s: Seconds without a byte after which a connection is dead.
        deadline_s: Seconds that an answer may take altogether, redirects included.
        largest: Bytes of an answer at most; 100 headlines have about 100,000.
        redirects: How many are followed.
    """

    silence_s: float = 10.0
    deadline_s: float = 30.0
    largest: int = 2 << 20
    redirects: int = 3


def fetch(url: str, limits: FetchLimits | None = None) -> bytes:
    """Get what an address answers.

    Redirects are followed to https on the same host only: a feed that sends elsewhere is not the
    one that was named.

    Args:
        url: http or https.
        limits: How patient to be.

    Raises:
        FeedUnavailable: No usable answer; the message says why and names the host.
        ConfigurationError: The URL is not one.
    """
    limits = limits or FetchLimits()
    address, secrets = _address(url), secrets_of(url)
    host, line = address.host, _Line()
    late = f"{host} did not answer within {limits.deadline_s:g} s."
    keep_addresses_out()
    try:
        with line.cut_after(limits.deadline_s):
            body = _follow(address, line, limits)
    except (httpx.HTTPError, httpx.StreamError) as error:
        said = late if line.is_cut else f"{host} did not answer: {_shown(error, secrets)}."
        # Not as its cause: a library's error holds the request, and with it the address.
        raise FeedUnavailable(said) from None
    except FeedUnavailable as error:
        raise FeedUnavailable(hidden(str(error), secrets)[:_SAID]) from None
    if line.is_cut:  # the end of a body without a length looks like the end of its connection
        raise FeedUnavailable(late)
    for form in (form for secret in secrets for form in forms_of(secret)):
        body = body.replace(form.encode(), HIDDEN.encode())
    return body


def _follow(address: httpx.URL, line: _Line, limits: FetchLimits) -> bytes:
    extensions = {"trace": line.watch}
    with httpx.Client(timeout=limits.silence_s, headers=HEADERS) as client:
        for _ in range(limits.redirects + 1):
            request = client.build_request("GET", address, extensions=extensions)
            response = client.send(request, stream=True)
            try:
                if response.status_code == HTTPStatus.OK:
                    return _body(response, limits)
                address = next_address(address, response)
            finally:
                response.close()
    raise FeedUnavailable(f"{address.host} redirected more than {limits.redirects} times.")


class _Line:
    """The connection under way, which a deadline cuts.

    Silence alone is no measure: a server that sends a byte of its headers every few seconds is never
    silent, and not done in a week.
    """

    def __init__(self) -> None:
        self.is_cut = False
        self._socket: socket.socket | None = None

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        """Cut what is under way when the block has not ended by then."""
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def watch(self, event: str, told: Mapping[str, Any]) -> None:
        """Take note of a connection that was made; httpx calls it."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = told["return_value"].get_extra_info("socket")
            if self.is_cut:
                self._cut()

    def _cut(self) -> None:
        self.is_cut = True
        if self._socket is not None:
            with suppress(OSError):  # it may be closed by now
                self._socket.shutdown(socket.SHUT_RDWR)


def next_address(address: httpx.URL, response: httpx.Response) -> httpx.URL:
    """Where an answer that is not the wanted one sends.

    Raises:
        FeedUnavailable: Nowhere, to another host, or to a place without encryption.
    """
    if not response.has_redirect_location:
        raise FeedUnavailable(f"{address.host} answered with status {response.status_code}.")
    target = address.join(response.headers["Location"])  # httpx has refused what is none
    if target.host != address.host or target.scheme != "https":
        raise FeedUnavailable(
            f"{address.host} redirects to {target.scheme}://{target.host}; "
            "only https on the same host is followed."
        )
    return target


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        address = httpx.URL()
    if address.scheme not in {"http", "https"} or not address.host:
        # The text itself is not shown: it may hold a key.
        raise ConfigurationError("The address of the feed is none: http:// or https:// is needed.")
    return address


def _body(response: httpx.Response, limits: FetchLimits) -> bytes:
    host, packing = response.url.host, response.headers.get("Content-Encoding", "identity")
    if packing.strip().lower() not in {"", "identity"}:
        raise FeedUnavailable(f"{host} answered packed, although it was asked not to.")
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > limits.largest:
            raise FeedUnavailable(f"{host} answered with more than {limits.largest:,} bytes.")
    return bytes(body)


def _shown(error: Exception, secrets: Iterable[str]) -> str:
    said = hidden(" ".join(str(error).split()), secrets)
    return said[:200].rstrip(".") or type(error).__name__
