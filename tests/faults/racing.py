"""A program in which processes reach for the same lease at the same moment, round after round.

Each racer is a process with a connection of its own. They are told a moment of the machine's clock,
wait for it in a busy loop, and move; what each achieved is told back. One of them may be killed
while it moves.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass

from babingepet.errors import CycleAlreadyDecided, LeaseLost
from babingepet_resources.warehouse import lease
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.records import Lease

STALE = 90_000
TURN = 10 * STALE
"""Between two rounds, so that whoever won the one before is stale."""
RACERS = 8
HEAD_START = 0.003
"""Seconds between the call and the moment: all have read it by then."""
LEAD = 0.03
"""Seconds that decide a race on a busy machine, too; a move takes one to three milliseconds."""
PATIENCE = 2.0
"""Seconds for which who stands by asks for the lease."""
LONGEST_LIFE = 0.004
"""Seconds after the moment within which a racer is killed; a take-over takes one or two."""

GO = "go\n"
"""Told to a racer that is not needed any more."""

Move = Callable[[Database, int], object]


@dataclass(frozen=True)
class Race:
    """What is set up before each round, and what each racer does in it."""

    prepare: Callable[[Database, int], None]
    moves: Sequence[Move]
    leads: Sequence[float] = (0.0,)
    """Seconds by which the first racer moves before the others, round after round in turn."""


def take(who: str) -> Move:
    def move(database: Database, now: int) -> object:
        held = lease.acquire(database, "btc", who, now, STALE)
        return None if held is None else held.fence

    return move


def take_when_it_is_passed_on(database: Database, now: int) -> object:
    """As who stands by does: again and again, for as long as the owner may need."""
    deadline = time.monotonic() + PATIENCE
    while (fence := take("next")(database, now)) is None and time.monotonic() < deadline:
        pass
    return fence


def stand_by(who: str) -> Move:
    return lambda database, now: lease.stand_by(database, "btc", who, now, STALE)


def claim(database: Database, now: int) -> object:
    """Claim the round's minute as the owner, and hold the row for a moment, as a cycle does."""
    held = owned(database)
    try:
        with database.writing() as connection:
            lease.renew_and_claim(connection, held, now, f"btc-{now:013d}")
            time.sleep(0.001)
    except (LeaseLost, CycleAlreadyDecided) as error:
        return type(error).__name__
    return held.fence


def hand_over(database: Database, now: int) -> object:
    return lease.hand_over(database, owned(database), "next", now)


def give_back(database: Database, now: int) -> object:
    return lease.release(database, owned(database), now)


def owned(database: Database) -> Lease:
    """The newest lease of the owner: what it would remember from having taken it."""
    held = lease.read(database, "btc")
    assert held is not None
    return Lease("btc", "owner", _fences[-1] if _fences else held.fence, 0, 0)


_fences: list[int] = []
"""In each racer: the fence that the owner holds in this round, told with the call."""


def nothing(database: Database, now: int) -> None:
    """The winner of the round before is stale by now, or was killed."""


def owner_holds(database: Database, now: int) -> None:
    assert lease.acquire(database, "btc", "owner", now - 1, STALE)


def owner_is_stale(database: Database, now: int) -> None:
    assert lease.acquire(database, "btc", "owner", now - STALE - 1, STALE)


def owner_is_asked(database: Database, now: int) -> None:
    owner_holds(database, now)
    held = lease.read(database, "btc")
    assert held is not None
    assert lease.ask_handover(database, "btc", held.fence, "race")


def next_stands_by(database: Database, now: int) -> None:
    owner_is_asked(database, now)
    assert lease.stand_by(database, "btc", "next", now - 1, STALE)


ALL = range(RACERS)
RACES = {
    "a stale lease": Race(nothing, [take(f"run-{n}") for n in ALL]),
    "a held lease": Race(owner_holds, [take(f"run-{n}") for n in ALL]),
    "a stale owner claims": Race(owner_is_stale, [claim, *(take(f"run-{n}") for n in ALL[1:])], leads=(0.0, LEAD, -LEAD)),
    "one owner started twice": Race(owner_holds, [claim] * RACERS),
    "successors stand by": Race(owner_is_asked, [stand_by(f"run-{n}") for n in ALL]),
    "a lease passed on": Race(next_stands_by, [hand_over, claim, take_when_it_is_passed_on, *(take(f"run-{n}") for n in ALL[3:])]),
    "a lease given back while one stands by": Race(next_stands_by, [give_back, claim, take_when_it_is_passed_on, *(take(f"run-{n}") for n in ALL[3:])]),
}  # fmt: skip


class Racer:
    """One forked process that makes its move whenever it is called."""

    def __init__(self, url: str, move: Move) -> None:
        calls, self._calls = os.pipe()
        self._answers, answers = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._calls)
            self._run(url, move, calls, answers)
            os._exit(0)
        os.close(calls)
        os.close(answers)

    def _run(self, url: str, move: Move, calls: int, answers: int) -> None:
        with closing(open_database(url)) as database, os.fdopen(calls) as heard:
            lease.read(database, "btc")  # connected
            os.write(answers, b"null\n")
            for line in heard:
                if line == GO:
                    return
                moment, now, fence = json.loads(line)
                _fences[:] = [fence]
                wait_for(moment)
                os.write(answers, json.dumps(move(database, now)).encode() + b"\n")

    def call(self, moment: float, now: int, fence: int) -> None:
        os.write(self._calls, json.dumps([moment, now, fence]).encode() + b"\n")

    def answer(self) -> object:
        """What it achieved; "killed" when it cannot say any more."""
        said = b""
        while not said.endswith(b"\n"):
            more = os.read(self._answers, 1_000)
            if not more:
                return "killed"
            said += more
        return json.loads(said)

    def end(self) -> None:
        with suppress(BrokenPipeError):  # it was killed
            os.write(
                self._calls, GO.encode()
            )  # its pipe's end is held by racers of later birth, too
        os.close(self._calls)
        os.close(self._answers)
        os.waitpid(self.pid, 0)


def run(url: str, race: Race, rounds: int, chance: random.Random | None) -> list[dict[str, object]]:
    """Race; with a source of chance one racer is killed in each round."""
    racers = [Racer(url, move) for move in race.moves]
    for racer in racers:
        racer.answer()
    played = []
    for turn in range(1, rounds + 1):
        now = turn * TURN
        with closing(open_database(url)) as database:
            race.prepare(database, now)
            before = lease.read(database, "btc")
        fence = before.fence if before else 0
        lead = race.leads[turn % len(race.leads)]
        moment = time.monotonic() + HEAD_START + abs(lead)
        racers[0].call(moment - lead, now, fence)
        for racer in racers[1:]:
            racer.call(moment, now, fence)
        victim = None if chance is None else kill_one(racers, moment, chance)
        results = [racer.answer() for racer in racers]
        if victim is not None:  # another process makes its move from the next round on
            racers[victim].end()
            racers[victim] = Racer(url, race.moves[victim])
            racers[victim].answer()
        with closing(open_database(url)) as database:
            after = lease.read(database, "btc")
        played.append(
            {"before": fence, "results": results, "after": asdict(after) if after else None}
        )
    for racer in racers:
        racer.end()
    return played


def wait_for(moment: float) -> None:
    """Sleep for most of the time, so that racers who wait leave the processors to those who move."""
    time.sleep(max(0.0, moment - time.monotonic() - HEAD_START))
    while time.monotonic() < moment:
        pass


def kill_one(racers: Sequence[Racer], moment: float, chance: random.Random) -> int:
    """SIGKILL a random racer before, in or after its move; returns which."""
    wait_for(moment + chance.uniform(0, LONGEST_LIFE))
    victim = chance.randrange(len(racers))
    os.kill(racers[victim].pid, signal.SIGKILL)
    return victim


def main(url: str, name: str, rounds: int, seed: int) -> None:
    """Run one of the races; a seed of 0 is one without deaths."""
    chance = random.Random(seed) if seed else None
    sys.stdout.write(json.dumps(run(url, RACES[name], rounds, chance)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
