"""Where in a cycle a process dies or stands still: at any call that it makes, or inside one.

Belongs here: following a cycle's phases, and dying or pausing in them. Does not belong here: the loop.

A profile function sees every call, Python's and C's. It knows the phase by the functions that begin
one, so nothing of the product is replaced. Two ways, both without a line of clean-up:

- counted: SIGKILL (or SIGSTOP) to itself at the n-th call after a phase began
- timed: an alarm a few microseconds to milliseconds after a phase began; its default action ends
  the process in the kernel, also while it waits in C for the database's answer
"""

import mmap
import os
import random
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType

from sqlalchemy.engine.default import DefaultDialect

from babingepet_resources.warehouse import cycles, lease
from babingepet_services.btc import cycle
from babingepet_services.btc.load import load_memory

PHASES = (
    "start", "collect", "load", "decide", "seal", "prepare", "claim", "insert", "commit", "after",
)  # fmt: skip
"""``start`` is the lease, ``collect`` ends with the minute in memory and its context read, ``load``
is the history in the first minute, ``after`` is from the commit to the next minute."""
LATEST = 3
"""The last of a process's minutes in which it may die: some die in their first, some later."""
LATE = 1.2
"""Times a phase's length within which an alarm goes off: some hit the beginning of the next one."""

_BEGINS: dict[CodeType, str] = {
    load_memory.__code__: "load",
    cycle.decide.__code__: "decide",
    cycle.seal.__code__: "seal",
    cycle.prepare.__code__: "prepare",
    lease.renew_and_claim.__code__: "claim",
    cycles._write_decision.__code__: "insert",
    DefaultDialect.do_commit.__code__: "commit",
}
_ONLY_IN = {"start": 0, "load": 1}
"""Phases that a process goes through once, and in which of its minutes."""
_ENDS: dict[CodeType, str] = {
    load_memory.__code__: "collect",
    cycles.commit.__code__: "after",
}


@dataclass(frozen=True)
class KillPoint:
    """One way to die, or to be paused.

    Attributes:
        minute: In which of the process's minutes; 0 is before the first.
        phase: From whose beginning on calls or seconds are counted.
        delay: Of the alarm, seconds; of no use with calls.
        calls: At which call; None for a timed death.
        number: The signal at that call.
    """

    minute: int
    phase: str
    delay: float = 0.0
    calls: int | None = None
    number: signal.Signals = signal.SIGKILL


NEVER = KillPoint(-1, "start")


class Board:
    """Memory that outlives a killed child: the phase in which it died."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, mmap.PAGESIZE)

    @property
    def phase(self) -> str:
        return PHASES[self._shared[0]]

    def note(self, phase: str) -> None:
        self._shared[0] = PHASES.index(phase)


@dataclass
class Follower:
    """Follows a process through its phases; installed by ``follow``.

    Attributes:
        collect: The function that begins a minute.
        board: Where the phase is noted.
        point: Where the process dies.
        calls: Fewest that were made in one of the minutes before the newest: one without loading.
        seconds: Of each phase, when it was last gone through.
    """

    collect: CodeType
    board: Board
    point: KillPoint = NEVER
    calls: int = sys.maxsize
    minute: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    _phase: str = "start"
    _since: float = 0.0
    _calls: int = 0
    _calls_before: int = 0
    _last_call: int | None = None

    def follow(self) -> None:
        self._enter("start")
        sys.setprofile(self._see)

    def _see(self, frame: FrameType, event: str, _arg: object) -> None:
        if event == "call":
            self._begin(frame.f_code)
        elif event == "return" and frame.f_code in _ENDS:
            self._enter(_ENDS[frame.f_code])
        if event in {"call", "c_call"}:
            self._calls += 1
            if self._calls == self._last_call:
                os.kill(os.getpid(), self.point.number)

    def _begin(self, code: CodeType) -> None:
        if code is self.collect:
            self.minute += 1
            if self.minute > 1:
                self.calls = min(self.calls, self._calls - self._calls_before)
            self._calls_before = self._calls
            self._enter("collect")
            return
        phase = _BEGINS.get(code)
        # Reading transactions end with a commit as well: it is the cycle's after the insert only.
        if phase is not None and (phase != "commit" or self._phase == "insert"):
            self._enter(phase)

    def _enter(self, phase: str) -> None:
        now = time.perf_counter()
        self.seconds[self._phase] = now - self._since
        self._phase, self._since = phase, now
        self.board.note(phase)
        if (self.minute, phase) != (self.point.minute, self.point.phase):
            return
        if self.point.calls is not None:
            self._last_call = self._calls + self.point.calls
        else:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, self.point.delay)


def random_point(chance: random.Random, calls: int, seconds: Mapping[str, float]) -> KillPoint:
    """Half of the deaths are counted; the others begin in every phase alike.

    Args:
        chance: Where it comes from.
        calls: Made in a minute.
        seconds: Length of each phase.
    """
    minute = chance.randint(1, LATEST)
    if chance.random() < 0.5:
        return KillPoint(minute, "collect", calls=chance.randint(1, calls))
    phase = chance.choice(PHASES)
    delay = max(1e-6, chance.uniform(0, LATE * seconds[phase]))
    return KillPoint(_ONLY_IN.get(phase, minute), phase=phase, delay=delay)
