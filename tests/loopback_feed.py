"""A feed on this machine that answers what a test says, badly too, over a real socket.

Belongs here: serving, and feeds made of headlines. Does not belong here: what a client makes of them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

import pytest

MIB = 1 << 20
NOW = 1_790_359_200_000
"""2026-09-25 18:00 UTC, a Friday: when feeds are asked that tell of their newest days."""


@dataclass
class Answer:
    """What is sent.

    Attributes:
        headers: Beside the length; an empty one is left out, the length too.
        body: Sent whole, or as ``way`` says.
        way: ``whole``; ``hang`` before the first byte; ``drip`` a byte in 20 ms, and ``drip
            headers`` before it; ``cut`` in the middle.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    way: str = "whole"


@dataclass
class LoopbackFeed:
    """What is answered, and what was asked.

    Attributes:
        url: Address.
        answer: To every request.
        asked: Paths with their query, and the headers of each request.
        stopping: Set at the end: a hanging answer waits for it.
    """

    url: str = ""
    answer: Answer = field(default_factory=Answer)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    feed: LoopbackFeed

    def do_GET(self):
        self.feed.asked.append((self.path, dict(self.headers)))
        answer = self.feed.answer
        self.close_connection = True
        if answer.way == "hang":
            self.feed.stopping.wait()
            return
        if answer.way == "drip headers":
            self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + answer.body)
            return
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if answer.way == "drip":
            self._drip(answer.body)
        else:
            end = len(answer.body) // 2 if answer.way == "cut" else len(answer.body)
            self.wfile.write(answer.body[:end])

    def _drip(self, sent):
        for position in range(len(sent)):
            self.wfile.write(sent[position : position + 1])
            if self.feed.stopping.wait(0.02):
                return

    def handle(self):
        with suppress(ConnectionError):  # whoever asked is gone: that is part of many a test
            super().handle()

    def log_message(self, *args):
        pass


@contextmanager
def served_feed() -> Iterator[LoopbackFeed]:
    """A feed for the length of a block."""
    feed = LoopbackFeed()
    handler = type("Handler", (_Handler,), {"feed": feed})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        feed.url = f"http://127.0.0.1:{server.server_address[1]}/feed"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield feed
        finally:
            feed.stopping.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def feed() -> Iterator[LoopbackFeed]:
    """A feed for the length of a test."""
    with served_feed() as served:
        yield served


def addresses_at(feed: LoopbackFeed) -> dict[str, str]:
    """Settings by which every feed of context is asked here."""
    return dict.fromkeys(("news_url", "etf_flows_url", "fear_greed_url"), feed.url)


def rss(*items: str) -> bytes:
    """A feed of items."""
    return f'<rss version="2.0"><channel><title>t</title>{"".join(items)}</channel></rss>'.encode()


def item(title: str, at: int | None, outlet: str = "The Herald", link: str = "") -> str:
    """One item as Google writes it, published at a time in UTC ms; None leaves the date out."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at or 0)
    date = "" if at is None else f"<pubDate>{format_datetime(moment, usegmt=True)}</pubDate>"
    return (
        f"<item><title>{escape(title)} - {escape(outlet)}</title><link>{escape(link)}</link>{date}"
        f'<source url="https://example.org">{escape(outlet)}</source></item>'
    )
