"""A program that runs the loop again and again, each time killed in the middle of a cycle.

It forks, so that a restart costs a tenth of a second, and forks from a process of its own with one
thread. Each child counts the database's statements from the claim of a cycle on and sends itself
SIGKILL before the one it was told: nothing can be cleaned up. The last child is left alive.
"""

import json
import os
import random
import signal
import sqlite3
import sys
from pathlib import Path

from sqlalchemy import event

from babingepet.cycles.settings import BtcSettings, override
from babingepet.market.frames import Quotes, Trades
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.feed import CollectedMinute, FeedHealth, FeedInfo, MarketEnded
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import STALE_AFTER, BtcLoop, LoopOptions
from babingepet_services.market.source import open_embedded_or_current
from scripts.bench.common.market import START, MadeUpFeed
from tests.fakes import FakeClock
from tests.services.conftest import DRIFT, EAGER, SEED

MINUTES = 200
MOST_STATEMENTS = 75
"""About three cycles: some children die in their first, some after a commit, some in a later one."""
QUIET = 3
"""Minutes decided before the first death; the process that forks then has compiled everything."""
DAYS = 3
"""Of history: enough to trade on, and read in a moment."""


class KlineFeed(MadeUpFeed):
    """The made-up market as a recording of candles, which goes on after a given minute."""

    def __init__(self, after: int | None) -> None:
        super().__init__(MINUTES, seed=SEED, drift=DRIFT, history_days=DAYS)
        self.first_after = after
        self.info = FeedInfo(
            "recorded", "spot", "BTCUSDT", frozenset({"candles", "taker_volume", "funding"}),
            frozenset(), "candles in memory", lockstep=True,
        )  # fmt: skip

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        before = after or self.first_after or START
        if before >= START + MINUTES * MINUTE:
            raise MarketEnded
        as_of = before + MINUTE
        return CollectedMinute(
            as_of=as_of, clock=as_of, candles=self.minutes.between(before, as_of),
            trades=Trades.empty(), trades_from=None, quotes=Quotes.empty(), quotes_from=None,
            depth=None, funding=self.funding.between(before, as_of),
            mark_price=None, gaps=(), health=FeedHealth(),
        )  # fmt: skip


def last_as_of(database: Database) -> int | None:
    with database.reading() as connection:
        last = history.last_decision(connection, "paper", "BTCUSDT", "recorded")
    return last.as_of if last else None


def run_loop(database: Database, number: int, max_cycles: int | None = None) -> None:
    """Run the loop of a number, when the heartbeat of the one before is stale."""
    program = BtcProgram(settings=override(BtcSettings(), (*EAGER, "min_capability=0")))
    clock = FakeClock(1_700_000_000_000 + number * 2 * STALE_AFTER)
    options = LoopOptions(f"run-{number}", max_cycles=max_cycles)
    for _ in BtcLoop(KlineFeed(last_as_of(database)), database, clock, program, options).run():
        pass


def kill_before(database: Database, statement: int) -> None:
    """Let this process die before the given statement, counted from the first claim."""
    seen = 0

    def count(sql: str) -> None:
        nonlocal seen
        seen += seen > 0 or (sql.startswith("UPDATE loop_lease") and "cycle_id = " in sql)
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(database.engine, "connect")
    def trace(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(count)


def run_killed(database: Database, number: int, statement: int | None) -> int | None:
    """Run the loop in a child; returns the signal that ended it, or None."""
    database.close()
    child = os.fork()
    if child == 0:
        if statement is not None:
            kill_before(database, statement)
        run_loop(database, number)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


def main(url: str, seed: int, points: int) -> None:
    """Kill ``points`` loops one after the other, then let one finish; print what happened."""
    chance = random.Random(seed)
    database = open_embedded_or_current(url, None)
    run_loop(database, 0, QUIET)
    deaths = []
    for number in range(1, points + 1):
        before = last_as_of(database) or START
        statement = chance.randint(1, MOST_STATEMENTS)
        ended_by = run_killed(database, number, statement)
        cycles = ((last_as_of(database) or START) - before) // MINUTE
        deaths.append({"statement": statement, "signal": ended_by, "cycles": cycles})
    run_killed(database, points + 1, None)
    sys.stdout.write(json.dumps(deaths) + "\n")


if __name__ == "__main__":
    main(f"sqlite:///{Path(sys.argv[1])}", int(sys.argv[2]), int(sys.argv[3]))
