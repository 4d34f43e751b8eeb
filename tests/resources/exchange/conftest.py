"""A real python-binance client pointed at a loopback exchange, and the recordings it plays."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet
import pytest
from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException

from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.source import MarketSource

MINUTE = 60_000


@dataclass
class Client:
    """python-binance as the product uses it, plus the loopback's own calls."""

    url: str
    binance: AsyncClient
    sockets: BinanceSocketManager
    session: aiohttp.ClientSession
    stack: AsyncExitStack

    async def subscribe(self, *streams: str, category: str = "market") -> Any:
        socket = self.sockets.futures_multiplex_socket(list(streams), category=category)
        return await self.enter(socket)

    async def enter(self, socket: Any) -> Any:
        """Connect; closing waits for a read in flight, by default ten seconds."""
        socket.TIMEOUT = 0.1
        return await self.stack.enter_async_context(socket)

    async def status(self) -> dict[str, Any]:
        async with self.session.get(f"{self.url}/loopback/v1/status") as response:
            return await response.json()

    async def go_on(self, as_of: int) -> dict[str, Any]:
        async with self.session.post(
            f"{self.url}/loopback/v1/continue", json={"as_of": as_of}
        ) as response:
            return await response.json()

    async def refusal(self, call: Awaitable[Any]) -> tuple[int, int, str]:
        """HTTP status, code and message with which the exchange refuses a call."""
        with pytest.raises(BinanceAPIException) as refused:
            await call
        return refused.value.status_code, refused.value.code, refused.value.message

    async def until_marker(self, socket: Any) -> list[dict[str, Any]]:
        """Messages up to and with the next marker."""
        messages = [await asyncio.wait_for(socket.recv(), 10)]
        while messages[-1].get("stream") != "!clock":
            messages.append(await asyncio.wait_for(socket.recv(), 10))
        return messages


@asynccontextmanager
async def _connect(url: str) -> AsyncIterator[Client]:
    async with AsyncExitStack() as stack:
        binance = AsyncClient()
        stack.push_async_callback(binance.close_connection)
        binance.FUTURES_URL = f"{url}/fapi"
        binance.FUTURES_DATA_URL = f"{url}/futures/data"
        sockets = BinanceSocketManager(binance, max_queue_size=100_000)
        sockets.FSTREAM_URL = url.replace("http", "ws") + "/"
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Client(url, binance, sockets, session, stack)


@pytest.fixture
def with_client() -> Callable[[str, Callable[[Client], Awaitable[Any]]], Any]:
    """Run `talk(client)` against the exchange at `url`."""

    def run(url: str, talk: Callable[[Client], Awaitable[Any]]) -> Any:
        async def connected() -> Any:
            async with _connect(url) as client:
                return await talk(client)

        return asyncio.run(connected())

    return run


@pytest.fixture(scope="session")
def stream_folder(recorded_data: Path) -> Path:
    return recorded_data / "crypto" / "perp_l2_ws"


@pytest.fixture(scope="session")
def stream_2023(stream_folder: Path) -> MarketSource:
    return open_source("recorded", data=[stream_folder], symbol="BTCUSDT", start=None, seed=0)


@pytest.fixture(scope="session")
def stream_2024(stream_folder: Path) -> MarketSource:
    start = 1_721_347_080_000
    return open_source("recorded", data=[stream_folder], symbol="BTCUSDT", start=start, seed=0)


def minute_columns(count: int, start: int = 1_700_000_040_000) -> dict[str, Any]:
    """Columns of a plausible candle file, prices rising by one each minute."""
    price = 100.0 + np.arange(count)
    return {
        "open_time": start + np.arange(count, dtype=np.int64) * MINUTE,
        "open": price,
        "high": price + 2,
        "low": price - 1,
        "close": price + 1,
        "volume": np.full(count, 2.5),
        "quote_volume": price * 2.5,
        "trades": np.full(count, 7),
        "taker_buy_base": np.full(count, 1.5),
        "taker_buy_quote": price * 1.5,
    }


@pytest.fixture
def write_minutes(tmp_path: Path) -> Callable[..., Path]:
    """Write a candle file; keywords replace columns, None leaves one out."""

    def write(name: str = "minutes.parquet", count: int = 30, **changes: Any) -> Path:
        start = changes.pop("start", 1_700_000_040_000)
        columns = minute_columns(count, start) | changes
        path = tmp_path / name
        kept = {key: value for key, value in columns.items() if value is not None}
        pyarrow.parquet.write_table(pa.table(kept), path)
        return path

    return write


def stream_message(symbol: str, channel: str, time: int, **data: Any) -> tuple[str, dict[str, Any]]:
    """A stream's name and one message of it, as recorders lay them down."""
    return f"{symbol.lower()}@{channel}", {"E": time, "s": symbol, **data}


@pytest.fixture
def record_stream(tmp_path: Path) -> Callable[..., MarketSource]:
    """Lay messages and depth snapshots down as a day's recording, and open it."""

    def record(
        messages: list[tuple[str, dict[str, Any]]],
        snapshots: Sequence[dict[str, Any]] = (),
        symbol: str = "BTCUSDT",
    ) -> MarketSource:
        lines = [orjson.dumps(body) for body in snapshots]
        lines += [orjson.dumps({"stream": name, "data": data}) for name, data in messages]
        path = tmp_path / f"usdm_{symbol.lower()}_20231114.gz"
        path.write_bytes(gzip.compress(b"".join(b"1 " + line + b"\n" for line in lines)))
        return open_source("recorded", data=[path], symbol=symbol, start=None, seed=0)

    return record


@pytest.fixture
def candles(write_minutes: Callable[..., Path]) -> MarketSource:
    """Thirty minutes of candles from 2023-11-14T22:14 on, nothing else."""
    return open_source("recorded", data=[write_minutes()], symbol="BTCUSDT", start=None, seed=0)
