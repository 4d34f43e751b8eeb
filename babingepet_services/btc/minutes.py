"""Every minute of a period accounted for: decided, missed with its reason, or known to nobody.

Belongs here: reading the account. Does not belong here: how a missed minute gets its reason
(``btc.missed``) and how the account is shown.

A minute is named by its open time; its decision carries the time of its end. Nothing is written:
what nobody noted stays unknown, since an account that fills its own holes proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from babingepet.market.intervals import MINUTE
from babingepet_resources.settings import REAL
from babingepet_resources.warehouse import gaps, history
from babingepet_resources.warehouse.records import GapRecord
from babingepet_services.btc.records import PAPER
from babingepet_services.market.gap_ledger import DECISION, NEVER, Market


def newest_known(connection: Connection, market: Market, now: int) -> int:
    """Up to when a market's minutes may be accounted for, UTC ms; 0 before the first.

    Only the real market's clock is this machine's: a played one was seen up to its newest minute.

    Args:
        connection: To the warehouse.
        market: The instrument, and whose facts.
        now: This machine's clock, UTC ms.
    """
    if market.source == REAL:
        return now
    decided = history.last_decision(connection, PAPER, market.symbol, market.source)
    last = 0 if decided is None else decided.as_of
    noted = gaps.read(connection, market.symbol, last, NEVER, source=market.source, feed=DECISION)
    return max([last, *(gap.end_time for gap in noted)])


@dataclass(frozen=True)
class Stretch:
    """Minutes in a row that were not decided for one reason; [start, end), UTC ms.

    Attributes:
        start: Open time of the first.
        end: End of the last.
        reason: Why, as it was noted; None when nobody knows.
    """

    start: int
    end: int
    reason: str | None

    @property
    def minutes(self) -> int:
        """How many there are."""
        return (self.end - self.start) // MINUTE


@dataclass(frozen=True)
class MinuteAccount:
    """What became of the minutes of a period.

    Attributes:
        start: Open time of the first minute, UTC ms.
        end: End of the last one.
        decided: Minutes with a decision.
        both: Minutes that were decided and are noted as missed too; it should be none.
        not_decided: The others, in ascending time.
        fences: Decisions by the fence that they were made under.
    """

    start: int
    end: int
    decided: int
    both: int
    not_decided: Sequence[Stretch]
    fences: Mapping[int, int]

    @property
    def minutes(self) -> int:
        """Minutes in the period."""
        return (self.end - self.start) // MINUTE

    @property
    def missed(self) -> int:
        """Minutes that were not decided, and why is known."""
        return sum(stretch.minutes for stretch in self.not_decided if stretch.reason is not None)

    @property
    def unknown(self) -> int:
        """Minutes of which nobody knows anything."""
        return sum(stretch.minutes for stretch in self.not_decided if stretch.reason is None)

    @property
    def reasons(self) -> dict[str, int]:
        """Missed minutes by reason, the most frequent first."""
        counts: Counter[str] = Counter()
        for stretch in self.not_decided:
            if stretch.reason is not None:
                counts[stretch.reason] += stretch.minutes
        return dict(counts.most_common())


def account_minutes(
    connection: Connection, market: Market, start: int, end: int, book: str = PAPER
) -> MinuteAccount:
    """Account for the minutes that begin in [start, end); both are cut down to whole minutes.

    Args:
        connection: One snapshot, so that a minute that is decided meanwhile is not lost in between.
        market: The instrument and where its facts come from.
        start: UTC ms.
        end: UTC ms, excluded.
        book: The ledger; ``paper`` is what happened.
    """
    first, last = start // MINUTE * MINUTE, end // MINUTE * MINUTE
    count = max(0, (last - first) // MINUTE)
    fences = history.fences(
        connection, book, market.symbol, market.source, first + MINUTE, last + MINUTE
    )
    decided = np.zeros(count, np.bool_)
    decided[[(as_of - first) // MINUTE - 1 for as_of in fences]] = True
    noted = gaps.read(
        connection, market.symbol, first, last, source=market.source, feed=DECISION
    )  # fmt: skip
    reason_of, reasons = _reasons(noted, first, count)
    return MinuteAccount(
        start=first,
        end=first + count * MINUTE,
        decided=int(decided.sum()),
        both=int((decided & (reason_of >= 0)).sum()),
        not_decided=_stretches(np.where(decided, _DECIDED, reason_of), reasons, first),
        fences=Counter(fences.values()),
    )


_DECIDED, _NOT_NOTED = -2, -1


def _reasons(
    noted: Sequence[GapRecord], first: int, count: int
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """The reason of each minute by its number; the first that was noted counts."""
    reason_of = np.full(count, _NOT_NOTED, np.int64)
    reasons = list(dict.fromkeys(gap.reason for gap in noted))
    for gap in sorted(noted, key=lambda one: one.id or 0, reverse=True):
        begin = max(0, (gap.start_time - first) // MINUTE)
        until = max(0, -(-(gap.end_time - first) // MINUTE))
        reason_of[begin:until] = reasons.index(gap.reason)
    return reason_of, reasons


def _stretches(
    states: npt.NDArray[np.int64], reasons: Sequence[str], first: int
) -> tuple[Stretch, ...]:
    edges = np.flatnonzero(np.diff(states, prepend=_DECIDED, append=_DECIDED))
    return tuple(
        Stretch(
            first + begin * MINUTE,
            first + until * MINUTE,
            None if states[begin] == _NOT_NOTED else reasons[states[begin]],
        )
        for begin, until in pairwise(edges.tolist())
        if states[begin] != _DECIDED
    )
