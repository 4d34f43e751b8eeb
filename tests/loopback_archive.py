"""Binance's public archive on this machine: ZIP files with checksums, served over a real socket.

Belongs here: serving, scripted faults, and archive files made of rows. Does not belong here: what
a client makes of them.
"""

import hashlib
import io
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from babingepet.market.frames import Candles, FundingRates, OpenInterest, Trades
from babingepet.market.intervals import DAY, MINUTE, month_start, to_datetime
from babingepet_resources.clients.archive.files import ArchiveFile

KLINE_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)


PAUSE = threading.Event()
"""Never set: waiting for it is a pause."""


@dataclass
class LoopbackArchive:
    """What is served, what goes wrong, and what was asked.

    Attributes:
        url: Address.
        files: Content by path.
        faults: What to answer instead, by the end of a path, first come first served: a status,
            a body, or a name: ``cut`` in the middle, ``slow`` as a byte in 20 ms, ``hang up``.
        asked: Requests by path.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[int | bytes | str]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    headers: dict[int, tuple[str, str]] = field(default_factory=dict)

    def put(self, file: ArchiveFile, text: str) -> bytes:
        """Publish a file with its checksum; returns the ZIP."""
        packed = zipped(file.name.replace(".zip", ".csv"), text)
        self.files[file.path] = packed
        checksum = hashlib.sha256(packed).hexdigest()
        self.files[f"{file.path}.CHECKSUM"] = f"{checksum}  {file.name}\n".encode()
        return packed

    def fault(self, path: str) -> int | bytes | str | None:
        """What is wrong with this request, if anything."""
        for end, wrong in self.faults.items():
            if path.endswith(end) and wrong:
                return wrong.pop(0)
        return None

    @property
    def downloads(self) -> int:
        """How many files were asked for, checksums left aside."""
        return sum(n for path, n in self.asked.items() if path.endswith(".zip"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    archive: LoopbackArchive

    def do_GET(self):
        path = self.path.lstrip("/")
        archive = self.archive
        archive.asked[path] += 1
        wrong = archive.fault(path)
        if wrong == "hang up":
            self.close_connection = True
            return
        if isinstance(wrong, int):
            self._answer(wrong, b"<html>status</html>")
        elif isinstance(wrong, bytes):
            self._answer(200, wrong)
        elif path not in archive.files:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif wrong == "slow":
            self._dribble(archive.files[path])
        elif wrong == "cut":
            body = archive.files[path]
            self._answer(200, body[: len(body) // 2], length=len(body))
            self.close_connection = True
        else:
            self._answer(200, archive.files[path])

    def do_HEAD(self):
        path = self.path.lstrip("/")
        body = self.archive.files.get(path)
        self._answer(404 if body is None else 200, b"", length=len(body or b""))

    def handle(self):
        with suppress(ConnectionError):  # whoever asked is gone: that is part of many a test
            super().handle()

    def _answer(self, status, body, length=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if status in self.archive.headers:
            self.send_header(*self.archive.headers[status])
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _dribble(self, body):
        self._answer(200, b"", length=len(body))
        for position in range(len(body)):
            self.wfile.write(body[position : position + 1])
            if PAUSE.wait(0.02):
                return

    def log_message(self, *args):
        pass


@contextmanager
def served_archive() -> Iterator[LoopbackArchive]:
    """An empty archive for the length of a block."""
    archive = LoopbackArchive()
    handler = type("Handler", (_Handler,), {"archive": archive})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        archive.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield archive
        finally:
            server.shutdown()
            thread.join()


def zipped(name: str, text: str) -> bytes:
    """A ZIP of one file, the same bytes for the same text."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as into:
        into.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def kline_text(candles: Candles, unit: int = 1, *, header: bool = True) -> str:
    """Klines as the archive writes them; a unit of 1,000 gives microseconds."""
    rows = [
        f"{t * unit},{o!r},{h!r},{low!r},{c!r},{v!r},{(t + MINUTE) * unit - 1},{q!r},{n:.0f},{b!r},0,0"
        for t, o, h, low, c, v, q, n, b in zip(
            *(column.tolist() for column in candles.columns().values()), strict=True
        )
    ]
    return "\n".join([*([KLINE_HEADER] if header else []), *rows, ""])


def funding_text(rates: FundingRates) -> str:
    """Settlements as the archive writes them, some milliseconds late."""
    rows = [
        f"{time + 3},{hours:.0f},{rate!r}"
        for time, rate, hours, _ in zip(
            *(column.tolist() for column in rates.columns().values()), strict=True
        )
    ]
    return "\n".join(["calc_time,funding_interval_hours,last_funding_rate", *rows, ""])


def metrics_text(rows: OpenInterest) -> str:
    """Open interest as the archive writes it."""
    lines = [
        f"{to_datetime(time):%Y-%m-%d %H:%M:%S},BTCUSDT,{base!r},{usd!r},1.1,1.2,1.3,1.4"
        for time, base, usd in zip(
            *(column.tolist() for column in rows.columns().values()), strict=True
        )
    ]
    header = (
        "create_time,symbol,sum_open_interest,sum_open_interest_value,"
        "count_toptrader_long_short_ratio,sum_toptrader_long_short_ratio,"
        "count_long_short_ratio,sum_taker_long_short_vol_ratio"
    )
    return "\n".join([header, *lines, ""])


def trades_text(trades: Trades) -> str:
    """Aggregate trades as the archive writes them."""
    rows = [
        f"{number},{price!r},{quantity!r},{number},{number},{time},{str(maker).lower()}"
        for number, time, price, quantity, maker in zip(
            *(column.tolist() for column in trades.columns().values()), strict=True
        )
    ]
    header = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
    return "\n".join([header, *rows, ""])


def publish_candles(
    archive: LoopbackArchive, candles: Candles, *, months_until: int, symbol: str = "BTCUSDT"
) -> None:
    """Publish months that are over before a moment, and the days of them all."""
    first, last = int(candles.open_time[0]), int(candles.open_time[-1]) + MINUTE
    month = month_start(first)
    while month < last:
        file = ArchiveFile("klines", symbol, "monthly", month)
        if file.end <= months_until:
            archive.put(file, kline_text(candles.between(file.start, file.end)))
        month = file.end
    for day in range(first, last, DAY):
        file = ArchiveFile("klines", symbol, "daily", day)
        archive.put(file, kline_text(candles.between(day, day + DAY)))


def flat_minutes(start: int, end: int, seed: int = 5) -> Candles:
    """Minutes of a random walk with two decimals, every one of them."""
    random = np.random.default_rng(seed)
    times = np.arange(start, end, MINUTE)
    close = np.round(60_000.0 * np.exp(np.cumsum(random.normal(0, 5e-4, len(times)))), 2)
    opened = np.concatenate([close[:1], close[:-1]])
    volume = np.round(random.gamma(2.0, 5.0, len(times)) + 0.001, 3)
    return Candles(
        times,
        opened,
        np.maximum(opened, close) + 1.0,
        np.minimum(opened, close) - 1.0,
        close,
        volume,
        np.round(volume * close, 3),
        np.full(len(times), 100.0),
        np.round(volume * 0.4, 3),
    )
