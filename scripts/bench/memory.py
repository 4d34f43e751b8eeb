"""A memory of 100,000 engrams: how long a search, a store and a decay take, and the file's size.

Seven of ten engrams are notes of 30 words out of 5,000, as frequent as words are (Zipf); three are
closed trades in the product's own words. 98,000 are stored at once, then 2,000 one by one, each in
a transaction of its own. Queries have 1 to 12 words: frequent ones, rare ones and conditions of
trades. Beside the times stands how much of the answer is that of a search which scores every
engram that has any of the words, as the product's does not.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np

from babingepet.market.intervals import MINUTE
from babingepet.memory.conditions import Conditions
from babingepet.memory.engrams import Engram, Outcome
from babingepet.memory.events import trade_engram
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.hippocampus.search import MOST_SCORED
from babingepet_resources.hippocampus.store import Hippocampus
from scripts.bench.common.report import print_report, wants_json

ENGRAMS, SINGLY, QUERIES, COMPARED = 100_000, 2_000, 400, 60
WORDS, WORDS_OF_A_NOTE, LONGEST_QUERY, FOUND = 5_000, 30, 12, 5
START = 1_746_403_200_000
END = START + ENGRAMS * MINUTE
AIMS = {"search_p95_ms": 80.0, "store_p95_ms": 5.0}

VPIN = ("LOW", "NORMAL", "HIGH", "TOXIC")
OFI = ("STRONG_SELL", "SELL", "NEUTRAL", "BUY", "STRONG_BUY")
SESSIONS = ("ASIA", "EU", "US", "LATE")
REGIMES = ("TRENDING_UP", "TRENDING_DOWN", "VOLATILE", "NEUTRAL")


class Corpus:
    """Engrams and queries of one seed."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(7)
        shares = 1.0 / np.arange(1, WORDS + 1)
        self._shares = shares / shares.sum()

    def engram(self, number: int) -> Engram:
        """A note or a trade."""
        time = START + number * MINUTE
        if self._random.random() < 0.7:  # noqa: PLR2004
            text = " ".join(self._words(WORDS_OF_A_NOTE))
            return Engram("note", "btc", "BTCUSDT", "simulated", text, time, time)
        return trade_engram(
            fact_id=f"paper:trade-{number}",
            symbol="BTCUSDT",
            source="simulated",
            side="LONG",
            entry_time=time - MINUTE,
            outcome=Outcome(float(self._random.normal(0.0, 0.01)), "STOP_LOSS"),
            conditions=self._conditions(),
            event_time=time,
            known_at=time,
        )

    def query(self, length: int) -> str:
        """Frequent words, rare words, and conditions."""
        rare = (f"w{one}" for one in self._random.integers(0, WORDS, length))
        pool = [*self._words(length), *rare, *self._conditions().tags]
        return " ".join(self._random.choice(pool, length))

    def _words(self, count: int) -> list[str]:
        return [f"w{one}" for one in self._random.choice(WORDS, count, p=self._shares)]

    def _conditions(self) -> Conditions:
        choices = (VPIN, OFI, ("A", "B"), SESSIONS, REGIMES)
        return Conditions(*(str(self._random.choice(one)) for one in choices))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of one call, and of this process' own work in it: beside others it takes longer."""
    clock = SystemClock()
    begun, worked = clock.monotonic(), process_time()
    work()
    return (clock.monotonic() - begun) * 1e3, (process_time() - worked) * 1e3


def spread(name: str, times: list[tuple[float, float]]) -> dict[str, float]:
    """Median, 95th percentile and maximum, and the 95th percentile of the own work."""
    elapsed, worked = zip(*times, strict=True)
    p50, p95 = np.percentile(elapsed, (50, 95))
    cpu = np.percentile(worked, 95)
    values = {"p50_ms": p50, "p95_ms": p95, "max_ms": max(elapsed), "p95_cpu_ms": cpu}
    return {f"{name}_{key}": round(float(value), 3) for key, value in values.items()}


def measure_search(memory: Hippocampus, corpus: Corpus) -> dict[str, object]:
    """Times of all queries, and the share of answers that scoring everything gives too."""
    queries = [corpus.query(1 + number % LONGEST_QUERY) for number in range(QUERIES)]
    search = partial(memory.search_memory, k=FOUND, known_until=END)
    times = [timed(partial(search, query)) for query in queries]

    def found(query: str, most: int = MOST_SCORED) -> list[int]:
        return [row.id for row in search(query, most_scored=most)]

    usual = [found(query) for query in queries[:COMPARED]]
    whole = [found(query, ENGRAMS) for query in queries[:COMPARED]]
    kept = sum(len(set(a) & set(b)) for a, b in zip(usual, whole, strict=True))
    same_first = sum(a[:1] == b[:1] for a, b in zip(usual, whole, strict=True))
    return {
        **spread("search", times),
        "queries": QUERIES,
        "share_of_exhaustive": round(kept / sum(map(len, whole)), 4),
        "first_is_exhaustive": round(same_first / COMPARED, 4),
    }


def measure() -> dict[str, object]:
    """One whole run."""
    corpus = Corpus()
    figures: dict[str, object] = {"engrams": ENGRAMS, "aims": AIMS}
    figures["load_before"] = round(os.getloadavg()[0], 2)
    engrams = [corpus.engram(number) for number in range(ENGRAMS)]
    first, last = engrams[:-SINGLY], engrams[-SINGLY:]
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as name:
        path = Path(name) / "babingepet_memory.sqlite"
        with closing(Hippocampus(path)) as memory:
            store = partial(memory.store_engram, now=END)
            filled, _ = timed(partial(memory.store_engrams, first, now=END))
            figures |= spread("store", [timed(partial(store, one)) for one in last])
            figures |= measure_search(memory, corpus)
            decayed, _ = timed(partial(memory.trigger_decay, now=END))
            checked, _ = timed(memory.health_check)
        figures["file_mib"] = round(path.stat().st_size / 2**20, 1)
    seconds = {"fill": filled, "decay": decayed, "health": checked}
    figures |= {f"{key}_seconds": round(value / 1e3, 2) for key, value in seconds.items()}
    figures["met"] = all(float(str(figures[key])) <= aim for key, aim in AIMS.items())
    return figures


def main() -> None:
    """Run and print."""
    as_json = wants_json(str(__doc__))
    print_report("memory", measure(), as_json=as_json)


if __name__ == "__main__":
    main()
