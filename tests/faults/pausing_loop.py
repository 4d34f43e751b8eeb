"""A program in which the loop that owns the lease is stopped in mid-cycle, replaced, and woken.

Real processes, a real clock, SIGSTOP and SIGCONT; only the age at which a heartbeat is stale is
shortened. It forks from one process with one thread and no open connection, as ``crashing_loop``.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from babingepet.errors import BabingepetError, LeaseLost, WarehouseUnavailable
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.warehouse.database import open_database
from babingepet_resources.warehouse.limits import CYCLE
from babingepet_services.btc.loop import LoopOptions
from tests.faults.crashing_loop import COLLECT, measure, new_loop
from tests.faults.kill_points import PHASES, Board, Follower, KillPoint

STALE_AFTER = 400
"""Milliseconds after which a heartbeat is stale; a cycle takes ten."""
SUCCESSOR_DECIDES, OWNER_DECIDES = 2, 6
"""Minutes: a woken owner that nobody replaced decides more than those before it was stopped."""
PAUSED_IN = PHASES[PHASES.index("load") :]
"""Not in ``start``: who is stopped before it has the lease is nobody's owner."""
LOCK_SECONDS = 0.2
"""A successor's patience on SQLite, where a stopped writer holds the only lock for as long as it is
stopped."""
REFUSALS = 3
"""Refused so often, a successor leaves; on a server the stopped one's transaction ends before that."""


def owner(url: str, minutes: int, name: str, point: KillPoint, board: Board) -> str:
    """Decide until stopped and on; says how it ended."""
    with closing(open_database(url)) as database:
        options = LoopOptions(name, max_cycles=OWNER_DECIDES, stale_after=STALE_AFTER)
        loop = new_loop(database, minutes, SystemClock(), options)
        Follower(COLLECT, board, point).follow()
        try:
            missed = [report.missed for report in loop.run() if report.decision is None]
        except LeaseLost as error:
            return f"left: {error}"
        return f"went on: {missed}"


def successor(url: str, minutes: int, name: str) -> str:
    """Try again and again, as the sensor does; decide some minutes once the lease is taken."""
    limits = replace(CYCLE, lock=LOCK_SECONDS) if url.startswith("sqlite") else CYCLE
    refused = 0
    with closing(open_database(url, limits=limits)) as database:
        options = LoopOptions(name, max_cycles=SUCCESSOR_DECIDES, stale_after=STALE_AFTER)
        while refused < REFUSALS:
            try:
                decided = len(list(new_loop(database, minutes, SystemClock(), options).run()))
            except LeaseLost:
                time.sleep(0.05)
            except WarehouseUnavailable as error:
                refused += 1
                reason = str(error)
            else:
                return f"took over: {decided}"
    return f"refused: {reason}"


class Child:
    """A forked process that says one thing when it ends."""

    def __init__(self, work: Callable[[], str]) -> None:
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                said = work()
            except BabingepetError as error:
                said = f"failed: {error}"
            os.write(writer, said.encode())
            os._exit(0)
        os.close(writer)
        self._said = os.fdopen(reader)

    def wait_until_stopped(self) -> bool:
        """Whether it was stopped; False when it ended before."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        return os.WIFSTOPPED(status)

    def result(self) -> str:
        """What it said at its end."""
        with self._said as said:
            result = said.read()
        os.waitpid(self.pid, 0)
        return result


def play(url: str, minutes: int, number: int, point: KillPoint, board: Board) -> dict[str, object]:
    """One owner stopped, replaced if it can be, and woken."""
    paused = Child(lambda: owner(url, minutes, f"owner-{number}", point, board))
    if not paused.wait_until_stopped():
        return {"phase": None}
    phase, since = board.phase, time.monotonic()
    other = Child(lambda: successor(url, minutes, f"successor-{number}")).result()
    waited = round(time.monotonic() - since, 2)
    os.kill(paused.pid, signal.SIGCONT)
    return {"phase": phase, "successor": other, "seconds": waited, "owner": paused.result()}


def main(url: str, seed: int, rounds: int, minutes: int) -> None:
    """Stop an owner in each phase in turn; print what came of it."""
    chance, board = random.Random(seed), Board()
    with closing(open_database(url)) as database:
        measure(database, minutes)
    played = []
    for number in range(rounds):
        phase = PAUSED_IN[number % len(PAUSED_IN)]
        minute = 1 if phase == "load" else chance.randint(1, 3)
        point = KillPoint(minute, phase, calls=chance.randint(1, 12), number=signal.SIGSTOP)
        played.append(play(url, minutes, number, point, board))
    sys.stdout.write(json.dumps(played) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
