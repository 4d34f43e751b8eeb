"""A program that runs the loop again and again, each time killed at a random point of a cycle.

It forks, so that a restart costs a tenth of a second, and forks from a process of its own with one
thread, which has compiled everything and has no connection open. Each child takes the lease over
from the one that was killed before it. The last child is left alive.
"""

import json
import os
import random
import sys
from contextlib import closing

from babingepet.cycles.settings import BtcSettings, override
from babingepet.market.frames import Quotes, Trades
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import CollectedMinute, FeedHealth, FeedInfo, MarketEnded
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import STALE_AFTER, BtcLoop, LoopOptions
from babingepet_services.market.source import open_embedded_or_current
from scripts.bench.common.market import START, MadeUpFeed
from tests.fakes import FakeClock
from tests.faults.kill_points import Board, Follower, KillPoint, random_point
from tests.services.conftest import DRIFT, EAGER, SEED

QUIET = 4
"""Minutes that each of two loops decides before the first death; the last one is measured."""
DAYS = 2
"""Of history: enough to trade on, and read in a moment; with one day no regime is known."""


class KlineFeed(MadeUpFeed):
    """The made-up market as a recording of candles, which goes on after a given minute."""

    def __init__(self, minutes: int, after: int | None) -> None:
        super().__init__(minutes, seed=SEED, drift=DRIFT, history_days=DAYS)
        self.first_after = after
        self.info = FeedInfo(
            "recorded", "spot", "BTCUSDT", frozenset({"candles", "taker_volume", "funding"}),
            frozenset(), "candles in memory", lockstep=True,
        )  # fmt: skip

    def next_minute(self, *, after: int | None, timeout: float) -> CollectedMinute:
        before = after or self.first_after or START
        if before >= START + self.cycles * MINUTE:
            raise MarketEnded
        as_of = before + MINUTE
        return CollectedMinute(
            as_of=as_of, clock=as_of, candles=self.minutes.between(before, as_of),
            trades=Trades.empty(), trades_from=None, quotes=Quotes.empty(), quotes_from=None,
            depth=None, funding=self.funding.between(before, as_of),
            mark_price=None, gaps=(), health=FeedHealth(),
        )  # fmt: skip


COLLECT = KlineFeed.next_minute.__code__


def last_as_of(database: Database) -> int | None:
    with database.reading() as connection:
        last = history.last_decision(connection, "paper", "BTCUSDT", "recorded")
    return last.as_of if last else None


def new_loop(database: Database, minutes: int, clock: Clock, options: LoopOptions) -> BtcLoop:
    """A loop over the market that goes on after the last decision."""
    program = BtcProgram(settings=override(BtcSettings(), (*EAGER, "min_capability=0")))
    return BtcLoop(KlineFeed(minutes, last_as_of(database)), database, clock, program, options)


def run_loop(database: Database, minutes: int, number: int, max_cycles: int | None = None) -> None:
    """Run the loop of a number, when the heartbeat of the one before is stale."""
    clock = FakeClock(1_700_000_000_000 + number * 2 * STALE_AFTER)
    options = LoopOptions(f"run-{number}", max_cycles=max_cycles)
    for _ in new_loop(database, minutes, clock, options).run():
        pass


def run_killed(url: str, minutes: int, number: int, point: KillPoint, board: Board) -> int | None:
    """Run the loop in a child that dies at the point; returns the signal that ended it, or None."""
    child = os.fork()
    if child == 0:
        database = open_embedded_or_current(url, None)
        Follower(COLLECT, board, point).follow()
        run_loop(database, minutes, number)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, status
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


def measure(database: Database, minutes: int) -> Follower:
    """Decide the first minutes undisturbed: calls of a minute, and seconds of each phase."""
    run_loop(database, minutes, 0, QUIET)  # which also writes the history
    follower = Follower(COLLECT, Board())
    follower.follow()
    run_loop(database, minutes, 1, QUIET)
    sys.setprofile(None)
    return follower


def count_decided(url: str) -> int:
    """Minutes that are decided; nothing is left open that a child could inherit."""
    with closing(open_embedded_or_current(url, None)) as database:
        return ((last_as_of(database) or START) - START) // MINUTE


def main(url: str, unbroken: str, seed: int, points: int, minutes: int) -> None:
    """Kill ``points`` loops one after the other, then let one finish; print what happened.

    ``unbroken`` is the address of another database, which gets the same market without a death.
    """
    with closing(open_embedded_or_current(unbroken, None)) as other:
        run_loop(other, minutes, 0)
    chance, board = random.Random(seed), Board()
    with closing(open_embedded_or_current(url, None)) as database:
        measured = measure(database, minutes)
    deaths, decided = [], 2 * QUIET
    for number in range(2, points + 2):
        point = random_point(chance, measured.calls, measured.seconds)
        ended_by = run_killed(url, minutes, number, point, board)
        before, decided = decided, count_decided(url)
        deaths.append(
            {
                "way": "timed" if point.calls is None else "counted",
                "phase": board.phase,
                "signal": ended_by,
                "cycles": decided - before,
            }
        )
    with closing(open_embedded_or_current(url, None)) as database:
        run_loop(database, minutes, points + 2)
    sys.stdout.write(json.dumps(deaths) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
