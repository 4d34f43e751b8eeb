"""The 60-second cycle over 2 000 cycles.

compute is facts to decision, record is hashing, packing and laying out rows, commit the transaction.
In the same run: a bare insert-commit into the same kind of database, and the indicators of one
cycle in pandas over the same bars.

The same on PostgreSQL where a server is installed, at which every commit waits for the disk. Beside
it the very statements of a cycle as one text, in one round trip: what the server itself needs for
those rows. ``statements`` is how many round trips of a commit carry rows.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import psycopg2.extensions
from sqlalchemy import text

from babingepet.market.frames import Candles
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, CycleReport, LoopOptions
from scripts.bench.common.market import MadeUpFeed, history_of
from scripts.bench.common.report import distribution, print_report, wants_json
from scripts.bench.common.servers import durable_server, upgraded

CYCLES = 2_000
WARM_UP = 20
"""Cycles before the counted ones: the first one also writes the loaded history."""
PANDAS_RUNS = 20
RECORDED = 500
"""Cycles whose statements are kept."""


def time_cycles(database: Database, cycles: int) -> list[CycleReport]:
    """Reports of the counted cycles."""
    feed = MadeUpFeed(cycles + WARM_UP)
    loop = BtcLoop(feed, database, SystemClock(), BtcProgram(), LoopOptions("bench"))
    return list(loop.run())[WARM_UP:]


def time_bare_commits(database: Database) -> list[float]:
    """Seconds of a transaction that inserts one row into one table."""
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE bare (id INTEGER PRIMARY KEY, payload TEXT)"))
    seconds = []
    for i in range(CYCLES):
        begun = time.perf_counter()
        with database.writing() as connection:
            connection.execute(
                text("INSERT INTO bare VALUES (:id, :payload)"), {"id": i, "payload": "x" * 200}
            )
        seconds.append(time.perf_counter() - begun)
    return seconds


def true_range(bars: pd.DataFrame) -> pd.Series[float]:
    """Largest of the bar's range and its distances from the close before."""
    before = bars.close.shift()
    reach = [bars.high - bars.low, (bars.high - before).abs(), (bars.low - before).abs()]
    return pd.concat(reach, axis=1).max(axis=1)


def pandas_indicators(bars: dict[str, pd.DataFrame]) -> float:
    """The EMAs, ranges, ADX, efficiency ratio and VWAP of one cycle, the usual pandas way."""
    total = 0.0
    for interval in ("5m", "15m", "1h", "4h"):
        frame = bars[interval]
        fast = frame.close.ewm(span=20, adjust=False).mean()
        slow = frame.close.ewm(span=50, adjust=False).mean()
        reach = true_range(frame).ewm(alpha=1 / 14, adjust=False).mean()
        total += float(((fast - slow) / reach).iloc[-1])
    frame = bars["15m"]
    up, down = frame.high.diff(), -frame.low.diff()
    reach = true_range(frame).ewm(alpha=1 / 14, adjust=False).mean()
    plus = up.where((up > down) & (up > 0), 0.0).ewm(alpha=1 / 14, adjust=False).mean() / reach
    minus = down.where((down > up) & (down > 0), 0.0).ewm(alpha=1 / 14, adjust=False).mean() / reach
    adx = ((plus - minus).abs() / (plus + minus)).ewm(alpha=1 / 14, adjust=False).mean()
    ratio = frame.close.diff(20).abs() / frame.close.diff().abs().rolling(20).sum()
    rank = (reach / frame.close).rolling(500, min_periods=100).rank(pct=True)
    day = bars["1m"].tail(600)
    typical = (day.high + day.low + day.close) / 3
    vwap = (typical * day.base_volume).cumsum() / day.base_volume.cumsum()
    return total + float(adx.iloc[-1] + ratio.iloc[-1] + rank.iloc[-1] + vwap.iloc[-1])


def time_pandas(bars: dict[str, Candles]) -> list[float]:
    """Seconds of the indicators of one cycle in pandas."""
    frames = {name: pd.DataFrame(candles.columns()) for name, candles in bars.items()}
    pandas_indicators(frames)
    seconds = []
    for _ in range(PANDAS_RUNS):
        begun = time.perf_counter()
        pandas_indicators(frames)
        seconds.append(time.perf_counter() - begun)
    return seconds


class _Recording(psycopg2.extensions.connection):  # type: ignore[misc]
    """Keeps the text of each transaction that writes a decision."""

    written: ClassVar[list[list[bytes]]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (the driver's own)
        super().__init__(*args, **kwargs)
        self.texts: list[bytes] = []

    def cursor(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """A cursor that notes what it runs."""
        return super().cursor(*args, **{"cursor_factory": _RecordingCursor, **kwargs})

    def commit(self) -> None:
        """Keep the transaction, if it is a cycle's."""
        if any(b"btc_decisions" in text for text in self.texts):
            self.written.append(self.texts)
        self.texts = []
        super().commit()


class _RecordingCursor(psycopg2.extensions.cursor):  # type: ignore[misc]
    connection: _Recording

    def execute(self, query: str, values: Any = None) -> None:  # noqa: ANN401
        text = self.mogrify(query, values)
        if text.startswith((b"INSERT", b"UPDATE")):
            self.connection.texts.append(text)
        super().execute(query, values)


def recorded_cycles(url: str) -> list[list[bytes]]:
    """The statements of each cycle's transaction."""
    database = open_database(url)
    dialect = database.engine.dialect
    dialect.connect = partial(dialect.connect, connection_factory=_Recording)  # type: ignore[method-assign]
    time_cycles(database, RECORDED)
    database.close()
    return _Recording.written[WARM_UP:]


def time_one_round_trip(url: str, cycles: list[list[bytes]]) -> list[float]:
    """Seconds of a transaction that runs a cycle's statements as one text."""
    seconds = []
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for texts in cycles:
            begun = time.perf_counter()
            cursor.execute(b"; ".join(texts))
            connection.commit()
            seconds.append(time.perf_counter() - begun)
    return seconds


def measure(database: Database) -> dict[str, Any]:
    """The cycle and the bare commit on one database."""
    reports = time_cycles(database, CYCLES)
    bare = time_bare_commits(database)
    database.close()
    figures: dict[str, Any] = {
        "compute": distribution([report.compute_seconds for report in reports]),
        "record": distribution([report.record_seconds for report in reports]),
        "commit": distribution([report.commit_seconds for report in reports]),
        "bare_commit": distribution(bare),
    }
    ratio = figures["commit"]["p50_ms"] / figures["bare_commit"]["p50_ms"]
    return figures | {"commit_over_bare_p50": round(ratio, 2)}


def measure_postgres() -> dict[str, Any]:
    """The same on a server, under names of their own; nothing where none is installed."""
    with durable_server("cycle-pg-") as server:
        if server is None:
            return {}
        figures = measure(open_database(upgraded(server, "cycles")))
        cycles = recorded_cycles(upgraded(server, "recorded"))
        together = distribution(time_one_round_trip(upgraded(server, "together"), cycles))
    figures |= {
        "one_round_trip": together,
        "statements": round(sum(map(len, cycles)) / len(cycles), 1),
        "commit_over_one_round_trip_p50": round(
            figures["commit"]["p50_ms"] / together["p50_ms"], 2
        ),
    }
    return {f"postgres_{name}": figure for name, figure in figures.items()}


def main() -> None:
    """Run and print."""
    as_json = wants_json(__doc__ or "")
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        schema.upgrade(database)
        figures = measure(database)
    pandas = distribution(time_pandas(history_of(MadeUpFeed(0))))
    figures["pandas_indicators"] = pandas
    figures["pandas_over_compute_p50"] = round(pandas["p50_ms"] / figures["compute"]["p50_ms"], 2)
    print_report("cycle", figures | measure_postgres(), as_json=as_json)


if __name__ == "__main__":
    main()
