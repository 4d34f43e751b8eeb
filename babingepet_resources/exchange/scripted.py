"""One scripted fault: what goes wrong, where, for how long, and how often it has happened.

Belongs here: the value, and its state while it is in force. Does not belong here: what a kind of
fault does (fault_answers.py, fault_messages.py), or which faults there are (faults.py).
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """What was ordered.

    Attributes:
        kind: A key of `faults.KINDS`.
        count: How many requests or messages it concerns; None for all in its time.
        start: Exchange time from which it is in force; None for at once.
        until: Exchange time at which it is over; None for when it has happened `count` times.
        where: Pattern of REST paths and stream names, such as `/fapi/v1/klines` or `*@aggTrade`.
        symbol: The one instrument concerned, in capitals; None for all.
        settings: Details of the kind, complete.
    """

    kind: str
    count: int | None = None
    start: int | None = None
    until: int | None = None
    where: str = "*"
    symbol: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


class Script:
    """A fault in force.

    Attributes:
        settings: Of the fault.
        random: For jitter; seeded, so that two runs jitter alike.
        memory: What the kind remembers between two messages, by stream.
        symbol: The one instrument concerned, if it is one.
    """

    def __init__(self, fault: Fault, injected: Counter[str]) -> None:
        self._fault = fault
        self._left = fault.count
        self._injected = injected
        self.kind = fault.kind
        self.settings = fault.settings
        self.symbol = fault.symbol
        self.random = random.Random(fault.settings.get("seed", 0))  # noqa: S311 - no secret
        self.memory: dict[str, Any] = {}

    def happened(self) -> None:
        """Count one injection."""
        self._injected[self.kind] += 1
        if self._left is not None:
            self._left -= 1

    def concerns(self, place: str, symbol: str, now: int) -> bool:
        """Whether it is in force at `place` for `symbol`."""
        fault = self._fault
        return (
            not self.is_over(now)
            and (fault.start is None or fault.start <= now)
            and (fault.symbol is None or not symbol or fault.symbol == symbol.upper())
            and fnmatchcase(place, fault.where)
        )

    def is_over(self, now: int) -> bool:
        """Whether it will not happen again."""
        until = self._fault.until
        return self._left == 0 or (until is not None and now >= until)
