"""The live feed at full speed, and with a consumer that stops.

A process of its own plays recorded messages through a real socket; the client, its buffers and its
consumer share one core.
1. as fast as it goes, every minute of the market collected and released
2. at a steady pace of the exchange's clock; the consumer stops for a real minute, then goes on
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from babingepet_resources.clients.feed import CollectedMinute, MarketEnded
from scripts.bench.common.dense_recording import Lap, read_lap, write_dense
from scripts.bench.common.report import distribution, print_report, wants_json

with warnings.catch_warnings():
    # python-binance imports names that websockets deprecated: the library's business, not ours.
    warnings.simplefilter("ignore", DeprecationWarning)
    from babingepet_resources.clients.binance.feed import BinanceFeed

from babingepet_resources.clients.binance.options import FeedOptions

FULL_SPEED_S = 22.0
FULL_SPEED_MESSAGES = 1_800_000
"""22 seconds of 80,000 a second; the exchange holds them in about a gigabyte."""
PACE = 7_000.0
"""Recorded messages a second while the consumer is stopped; the exchange joins trades of one order
into one message, so that a sixth less are sent."""
STOPPED_S = 60.0
PACED_S = 100.0
BUFFER_ROWS = 25_000
"""An eighth of the default, so that a minute's trades overflow as well as its quotes."""
GROWTH_MIB = 30.0
"""Most that memory may grow meanwhile; the rows of that minute would take about 100."""
LOOK_EVERY_S = 0.1
TIMEOUT_S = 90.0


@contextmanager
def exchange(lap: Lap, speed: str, messages: int, a_second: float | None) -> Iterator[str]:
    """The address of a loopback exchange that plays the messages on another core, when there is one."""
    with tempfile.TemporaryDirectory() as folder:
        write_dense(lap, Path(folder), messages=messages, a_second=a_second)
        command = [sys.executable, "-m", "babingepet_resources.exchange", "--market", "recorded"]
        command += ["--data", folder, "--speed", speed, "--parent-pid", str(os.getpid())]
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[1:] or cores)  # what is begun now stays there
        with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
            os.sched_setaffinity(0, cores[:1])
            try:
                line = server.stdout.readline() if server.stdout else b""
                yield json.loads(line)["url"]
            finally:
                server.terminate()
                os.sched_setaffinity(0, cores)


def next_minute(feed: BinanceFeed, after: int | None) -> CollectedMinute:
    """The minute after ``after``; a market that stands still is an error."""
    minute = feed.next_minute(after=after, timeout=TIMEOUT_S)
    if minute is None:
        raise SystemExit("the exchange went silent")
    return minute


def full_speed(lap: Lap) -> dict[str, Any]:
    """Messages a second while each minute is consumed, from the first minute's end on."""
    with exchange(lap, "max", FULL_SPEED_MESSAGES, None) as url:
        feed = BinanceFeed("BTCUSDT", base_url=url)
        feed.start()
        try:
            first = minute = next_minute(feed, None)
            began, worked = time.perf_counter(), time.process_time()
            seconds: list[float] = []
            with suppress(MarketEnded):  # a faster machine than ours plays all of it
                while sum(seconds) < FULL_SPEED_S:
                    before = time.perf_counter()
                    feed.release(minute.as_of)
                    minute = next_minute(feed, minute.as_of)
                    seconds.append(time.perf_counter() - before)
            elapsed, worked = time.perf_counter() - began, time.process_time() - worked
        finally:
            feed.stop()
    counters = minute.health.counters
    messages = counters["messages"] - first.health.counters["messages"]
    return {
        "seconds": round(elapsed, 2),
        "messages": messages,
        "messages_a_second": round(messages / elapsed),
        "client_cpu_us_a_message": round(worked / messages * 1e6, 2),
        "minutes": len(seconds),
        "minute": distribution(seconds),
        "dropped": counters.get("dropped", 0),
        "rejected": counters.get("rejected", 0),
        "repaired_trades": counters.get("repaired_trades", 0),
    }


def stopped_consumer(lap: Lap) -> dict[str, Any]:
    """What a minute without a consumer costs, and what is left of it afterwards."""
    process = psutil.Process()
    with exchange(lap, "1", int(PACE * PACED_S), PACE) as url:
        feed = BinanceFeed("BTCUSDT", base_url=url, options=FeedOptions(buffer_rows=BUFFER_ROWS))
        feed.start()
        try:
            latencies = _watch(feed)
            minute = next_minute(feed, None)
            latencies.clear()
            memory = [process.memory_info().rss]
            until = time.perf_counter() + STOPPED_S
            while time.perf_counter() < until:
                time.sleep(LOOK_EVERY_S)
                memory.append(process.memory_info().rss)
            arrived = list(latencies)
            minute = next_minute(feed, minute.as_of)
            memory.append(process.memory_info().rss)
        finally:
            feed.stop()
    return _told(minute, memory, arrived)


def _watch(feed: BinanceFeed) -> list[float]:
    """Milliseconds from the exchange's clock at sending to the buffers, of every message."""
    latencies: list[float] = []
    inbox = feed._session._inbox  # type: ignore[union-attr]  # noqa: SLF001 a product needs no hook
    receive, now = inbox.receive, feed.now

    def timed(coverage: Any, message: Any) -> None:  # noqa: ANN401
        receive(coverage, message)
        latencies.append(now() - message["data"]["E"])

    inbox.receive = timed  # type: ignore[method-assign]
    return latencies


def _told(minute: CollectedMinute, memory: list[int], latencies: list[float]) -> dict[str, Any]:
    p50, p99 = np.percentile(latencies, (50, 99))
    counters = minute.health.counters
    lost = [gap for gap in minute.gaps if gap.feed in {"trades", "quotes"}]
    return {
        "stopped_seconds": STOPPED_S,
        "messages_a_second": round(len(latencies) / STOPPED_S),
        "latency_ms": {
            "n": len(latencies),
            "p50": round(float(p50), 1),
            "p99": round(float(p99), 1),
            "max": round(max(latencies), 1),
        },
        "buffer_rows": BUFFER_ROWS,
        "resident_mib_before": round(memory[0] / 2**20, 1),
        "resident_mib_peak": round(max(memory) / 2**20, 1),
        "resident_mib_growth": round((max(memory) - memory[0]) / 2**20, 1),
        "dropped": counters.get("dropped", 0),
        "repaired_trades": counters.get("repaired_trades", 0),
        "trades_kept_whole": minute.trades_from is not None
        and minute.trades_from <= minute.as_of - 60_000,
        "quotes_covered": minute.quotes_from is not None
        and minute.quotes_from <= minute.as_of - 60_000,
        "gaps": [
            {
                "feed": gap.feed,
                "seconds": round((gap.end - gap.start) / 1_000, 1),
                "reason": gap.reason,
                "repaired_from": gap.repaired_from,
            }
            for gap in lost
        ],
    }


def main() -> None:
    """Run and print."""
    as_json = wants_json(__doc__ or "")
    lap = read_lap()
    full = full_speed(lap)
    stopped = stopped_consumer(lap)
    figures = {"messages_of": lap.origin, "full_speed": full, "stopped_consumer": stopped}
    targets = {
        "sustains_5000_a_second": full["messages_a_second"] >= 5_000,  # noqa: PLR2004
        "none_dropped": full["dropped"] == 0,
        "memory_bounded": stopped["resident_mib_growth"] <= GROWTH_MIB,
        "drops_are_told": stopped["dropped"] > 0 and bool(stopped["gaps"]),
    }
    print_report("feed", {**figures, "targets": targets}, as_json=as_json)


if __name__ == "__main__":
    main()
