"""A simulated day through the whole program: exchange, sockets, client, decisions, warehouse.

The exchange is a process of its own at full speed, with everything it offers: trades, quotes, book,
mark prices, funding, open interest. The loop is this process; its resident memory after the 200th
cycle, when every buffer and cache has been filled, is compared with that after the last one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil

from babingepet.cycles.btc import CAPITAL
from babingepet.domain.money import amount
from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse import schema, stock
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, CycleReport, LoopOptions
from scripts.bench.common.report import distribution, print_report

CYCLES = 1_440
SETTLED = 200
"""Cycles after which memory is expected to stand still."""
MEGABYTE = 1 << 20
START = "2025-01-01T07:00"


@dataclass
class Tally:
    """What the day came to."""

    decided: int = 0
    missed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    blocked: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    closed: list[float] = field(default_factory=list)
    conserved: bool = True
    equity: float = 0.0
    held: str | None = None

    def note(self, report: CycleReport) -> None:
        """Count one minute."""
        decision = report.decision
        if decision is None:
            self.missed.append(report.missed or "not decided")
            return
        self.decided += 1
        self.seconds.append(report.compute_seconds + report.record_seconds + report.commit_seconds)
        self.verdicts[decision.verdict] += 1
        self.blocked.update(refusal.gate for refusal in decision.blocked_by)
        self._count_entry(decision.position)
        if decision.closed is not None:
            self.closed.append(decision.closed["net_pnl"])
        account = {name: amount(decision.account[name]) for name in _MONEY}
        explained = amount(CAPITAL) + account["realized_pnl"]
        explained -= account["fees_paid"] + account["funding_paid"]
        self.conserved &= account["cash"] == explained
        self.equity = decision.account["equity"]

    def _count_entry(self, position: Mapping[str, Any] | None) -> None:
        held = position["position_id"] if position else None
        self.opened += held is not None and held != self.held
        self.held = held


_MONEY = ("cash", "realized_pnl", "fees_paid", "funding_paid")


@contextmanager
def exchange(seed: int) -> Iterator[tuple[str, psutil.Process]]:
    """A simulated exchange at full speed: its address and its process."""
    command = [
        sys.executable, "-m", "babingepet_resources.exchange", "--market", "simulated",
        "--from", START, "--speed", "max", "--seed", str(seed), "--parent-pid", str(os.getpid()),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield json.loads(line)["url"], psutil.Process(process.pid)
        finally:
            process.terminate()


@dataclass(frozen=True)
class Footprint:
    """Bytes this process and its database take."""

    resident: int
    database: int

    @classmethod
    def of(cls, database: Database) -> Footprint:
        """Now."""
        with database.reading() as connection:
            return cls(psutil.Process().memory_info().rss, stock.size_bytes(connection))


def live_through(url: str, database: Database, cycles: int) -> tuple[Tally, Footprint]:
    """Decide so many minutes; also the footprint after the settled one."""
    tally, settled = Tally(), Footprint(0, 0)
    feed = BinanceFeed("BTCUSDT", base_url=url)
    loop = BtcLoop(
        feed, database, SystemClock(), BtcProgram(), LoopOptions("bench", max_cycles=cycles)
    )
    for report in loop.run():
        tally.note(report)
        if tally.decided == SETTLED:
            settled = Footprint.of(database)
    return tally, settled


def measure(seed: int, cycles: int) -> dict[str, object]:
    """One whole day."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory(prefix="bench-day-") as folder, exchange(seed) as (url, other):
        with closing(open_database(f"sqlite:///{Path(folder) / 'bench.sqlite'}")) as database:
            schema.upgrade(database)
            begun = clock.monotonic()
            tally, settled = live_through(url, database, cycles)
            seconds = clock.monotonic() - begun
            end = Footprint.of(database)
        exchange_bytes = other.memory_info().rss
    grown = (end.database - settled.database) / max(tally.decided - SETTLED, 1) * CYCLES
    return {
        "seed": seed,
        "cycles": tally.decided,
        "missed": Counter(tally.missed),
        "seconds": round(seconds, 1),
        "speed": round(tally.decided * 60 / seconds, 1),
        "cycle": distribution(tally.seconds),
        "trades_opened": tally.opened,
        "trades_closed": len(tally.closed),
        "won": sum(pnl > 0 for pnl in tally.closed),
        "net_pnl": float(sum(map(Decimal, map(str, tally.closed)))),
        "equity": tally.equity,
        "conserved": tally.conserved,
        "verdicts": tally.verdicts,
        "blocked_by": tally.blocked,
        "resident_mb_settled": round(settled.resident / MEGABYTE, 1),
        "resident_mb_end": round(end.resident / MEGABYTE, 1),
        "resident_growth": round(end.resident / max(settled.resident, 1) - 1, 4),
        "exchange_resident_mb": round(exchange_bytes / MEGABYTE, 1),
        "database_mb": round(end.database / MEGABYTE, 1),
        "database_mb_a_day": round(grown / MEGABYTE, 2),
        "database_gb_a_year": round(grown * 365 / (1 << 30), 2),
        "load_1m": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cycles", type=int, default=CYCLES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print_report("day", measure(options.seed, options.cycles), as_json=options.json)


if __name__ == "__main__":
    main()
