"""The 60-second cycle over 2 000 cycles.

compute is facts to decision, record is hashing, packing and laying out rows, commit the transaction.
In the same run: a bare insert-commit into the same kind of database, and the indicators of one
cycle in pandas over the same bars.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pandas as pd
from sqlalchemy import text

from babingepet.market.frames import Candles
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, CycleReport, LoopOptions
from scripts.bench.common.market import MadeUpFeed, history_of
from scripts.bench.common.report import distribution, print_report, wants_json

CYCLES = 2_000
WARM_UP = 20
"""Cycles before the counted ones: the first one also writes the loaded history."""
PANDAS_RUNS = 20


def time_cycles(database: Database) -> list[CycleReport]:
    """Reports of the counted cycles."""
    feed = MadeUpFeed(CYCLES + WARM_UP)
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


def main() -> None:
    """Run and print."""
    as_json = wants_json(__doc__ or "")
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        schema.upgrade(database)
        reports = time_cycles(database)
        bare = time_bare_commits(database)
        database.close()
    pandas = time_pandas(history_of(MadeUpFeed(0)))
    figures = {
        "compute": distribution([report.compute_seconds for report in reports]),
        "record": distribution([report.record_seconds for report in reports]),
        "commit": distribution([report.commit_seconds for report in reports]),
        "bare_commit": distribution(bare),
        "pandas_indicators": distribution(pandas),
    }
    ratios = {
        "commit_over_bare_p50": round(
            figures["commit"]["p50_ms"] / figures["bare_commit"]["p50_ms"], 2
        ),
        "pandas_over_compute_p50": round(
            figures["pandas_indicators"]["p50_ms"] / figures["compute"]["p50_ms"], 2
        ),
    }
    print_report("cycle", {**figures, **ratios}, as_json=as_json)


if __name__ == "__main__":
    main()
