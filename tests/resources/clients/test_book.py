"""The client's own order book: joined to a snapshot, kept by differences, and equal to the exchange's."""

import asyncio
import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from babingepet.errors import ExchangeUnavailable
from babingepet_resources.clients.binance.book import SNAPSHOT_LEVELS, BookFollower
from babingepet_resources.clients.binance.connection import Connection, open_connection
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.binance.streams import StreamSupervisor
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.threaded import serve_in_thread

MINUTE = 60_000


def snapshot(update_id: int, *, bid: str = "99.0") -> dict[str, Any]:
    return {"lastUpdateId": update_id, "bids": [[bid, "1"]], "asks": [["101.0", "1"]]}


def difference(first: int, last: int, previous: int, *, bid: str = "98.0") -> dict[str, Any]:
    return {"U": first, "u": last, "pu": previous, "b": [[bid, "2"]], "a": []}


class Snapshots:
    """Answers with the given snapshots or errors in turn, and counts how often it was asked."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self) -> dict[str, Any]:
        self.asked += 1
        answer = self._answers.pop(0) if self._answers else ExchangeUnavailable("no more")
        if isinstance(answer, Exception):
            raise answer
        return answer


def follow(
    snapshots: Snapshots, talk: Callable[[BookFollower], Any]
) -> tuple[BookFollower, Counter[str]]:
    """Run ``talk``, which may wait for the follower, beside the follower's own task."""

    async def run() -> tuple[BookFollower, Counter[str]]:
        counts: Counter[str] = Counter()
        follower = BookFollower(snapshots, pause_s=0.001, counts=counts)
        keeping = asyncio.create_task(follower.keep())
        async with asyncio.timeout(5):
            await talk(follower)
        keeping.cancel()
        return follower, counts

    return asyncio.run(run())


def test_differences_that_came_before_the_snapshot_are_applied_to_it():
    async def talk(follower: BookFollower) -> None:
        follower.receive(difference(1, 5, 0))
        follower.receive(difference(6, 9, 5, bid="99.5"))
        follower.receive(difference(10, 12, 9, bid="99.6"))
        await follower.known()

    follower, counts = follow(Snapshots(snapshot(8)), talk)
    assert follower.book.update_id == 12
    assert follower.book.best(3)[0] == [("99.6", "2"), ("99.5", "2"), ("99.0", "1")]
    assert counts["book_resyncs"] == 0


def test_a_lost_difference_is_counted_and_the_book_is_unknown_until_it_is_joined_again():
    async def talk(follower: BookFollower) -> None:
        follower.receive(difference(6, 9, 5))
        await follower.known()
        follower.receive(difference(12, 13, 11))
        assert follower.book.best(1) == ([], [])
        await follower.known()

    snapshots = Snapshots(snapshot(8), snapshot(13, bid="99.7"))
    follower, counts = follow(snapshots, talk)
    assert counts["book_resyncs"] == 1
    assert follower.book.best(1)[0] == [("99.7", "1")]


@pytest.mark.parametrize(
    "first",
    [
        snapshot(3),  # older than the first difference
        ExchangeUnavailable("down"),
        {"code": -1, "msg": "an error with the status 200"},
    ],
)
def test_a_snapshot_that_does_not_fit_or_come_is_asked_for_again(first):
    async def talk(follower: BookFollower) -> None:
        follower.receive(difference(6, 9, 5))
        await follower.known()

    snapshots = Snapshots(first, snapshot(9))
    follower, _ = follow(snapshots, talk)
    assert snapshots.asked == 2
    assert follower.book.update_id == 9


def test_differences_lost_while_the_snapshot_is_awaited_are_not_glossed_over():
    async def talk(follower: BookFollower) -> None:
        follower.receive(difference(6, 9, 5))
        follower.receive(difference(15, 16, 14, bid="99.9"))
        await follower.known()

    snapshots = Snapshots(snapshot(8), snapshot(17))
    follower, _ = follow(snapshots, talk)
    assert snapshots.asked == 2
    assert follower.book.best(1)[0] == [("99.0", "1")]


@pytest.mark.parametrize("price", ["nan", "-1", "0", "inf", "abc", None])
def test_a_level_that_is_none_is_refused(price):
    async def talk(follower: BookFollower) -> None:
        with pytest.raises((ValueError, TypeError)):
            follower.receive({**difference(6, 9, 5), "b": [[price, "1"]]})

    follow(Snapshots(), talk)


class Comparison:
    """Hears a recording through the client's socket, keeps its book, and notes both tops by id."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        rest, symbol = connection.rest, connection.market.info.symbol
        self.follower = BookFollower(
            lambda: rest.call(
                "futures_order_book", {"symbol": symbol, "limit": SNAPSHOT_LEVELS}, weight=20
            ),
            pause_s=0.05,
            counts=connection.counts,
        )
        self.quotes: dict[int, tuple[Any, ...]] = {}
        self.tops: dict[int, tuple[Any, ...]] = {}
        self.crossed = 0
        self.markers: asyncio.Queue[int] = asyncio.Queue()

    def receive(self, _coverage: object, message: Any) -> None:
        data = message["data"]
        if data["e"] == "clock":
            self.markers.put_nowait(data["E"])
        elif data["e"] == "bookTicker":
            self.quotes[data["u"]] = (data["b"], data["B"], data["a"], data["A"])
        else:
            self.follower.receive(data)
            self._note()

    def _note(self) -> None:
        book = self.follower.book
        if book.update_id is not None:
            (bid,), (ask,) = book.best(1)
            self.tops[book.update_id] = (*bid, *ask)
            self.crossed += book.is_crossed

    async def play(self, channel: str, until: int) -> None:
        connection, symbol = self._connection, self._connection.market.info.symbol.lower()
        supervisor = StreamSupervisor(
            "public",
            [f"{symbol}@{channel}", f"{symbol}@bookTicker", "!clock"],
            connection.sockets,
            self,
            clock=SystemClock(),
            options=FeedOptions(),
            watch_silence=False,
            counts=connection.counts,
        )
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(supervisor.run()), tasks.create_task(self.follower.keep())]
            while (marker := await self.markers.get()) < until:
                # The recorder's snapshot came seconds after its first difference.
                async with asyncio.timeout(20):
                    await self.follower.known()
                await connection.control.release(marker)
            for task in running:
                task.cancel()


def recorded_ids(files: list[Path], symbol: str, first: int, end: int) -> tuple[set[int], set[int]]:
    """Update ids of all recorded differences and quotes of a stretch, straight from the files."""
    differences, quotes = set(), set()
    for path in files:
        with gzip.open(path) as file:
            for line in file:
                message = orjson.loads(line.partition(b" ")[2])
                data = message.get("data", {})
                if first <= data.get("E", 0) < end and message["stream"].startswith(symbol):
                    kind = {"depthUpdate": differences, "bookTicker": quotes}.get(data["e"])
                    if kind is not None:
                        kind.add(data["u"])
    return differences, quotes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("symbol", "days", "comparable"),
    [
        ("BTCUSDT", ("usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz"), 1_000),
        ("BTCUSDT", ("usdm_btcusdt_20240718.gz", "usdm_btcusdt_20240719.gz"), 400),
        ("ETHUSDT", ("usdm_ethusdt_20240718.gz", "usdm_ethusdt_20240719.gz"), 400),
    ],
)
def test_the_book_rebuilt_through_the_client_has_the_recorded_quote_wherever_ids_agree(
    recorded_data, symbol, days, comparable
):
    files = [recorded_data / "crypto" / "perp_l2_ws" / day for day in days]
    source = open_source("recorded", data=files, symbol=symbol, start=None, seed=0)
    end = source.info.end

    async def run(url: str) -> Comparison:
        connection = await open_connection(symbol, url, SystemClock(), FeedOptions())
        try:
            comparison = Comparison(connection)
            await comparison.play("depth@0ms", end)
        finally:
            await connection.close()
        assert connection.counts["book_resyncs"] == 0, "the recorded pu chain is unbroken"
        return comparison

    with serve_in_thread(source, speed=None) as exchange:
        heard = asyncio.run(run(exchange.url))

    common = heard.tops.keys() & heard.quotes.keys()
    assert {u: heard.tops[u] for u in common} == {u: heard.quotes[u] for u in common}
    assert heard.crossed == 0
    second_minute = source.info.start - source.info.start % MINUTE + MINUTE
    differences, quotes = recorded_ids(files, symbol.lower(), second_minute, end)
    assert common >= differences & quotes
    assert len(differences & quotes) > comparable
