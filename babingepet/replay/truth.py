"""A replay as it truly was, with the states from which any stretch of it can be decided again.

Belongs here: reading and deciding the whole period once, day by day. What is compared with it is
decided in ``lookahead``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from babingepet.cycles.btc import require_capability
from babingepet.cycles.btc_values import BtcState, initial_state
from babingepet.errors import InputError
from babingepet.market.frames import Bools, Floats, Ints
from babingepet.market.history import with_numbers
from babingepet.market.intervals import DAY, HOUR, MINUTE, iso
from babingepet.replay.columns import read_columns
from babingepet.replay.kernel import Columns, Walked, rows_of
from babingepet.replay.market import ReplayMarket, ReplayRules
from babingepet.replay.run import silent, walk_from
from babingepet.replay.told import Decided, exit_ends
from babingepet.signals.registry import capability

STRETCH_DAYS = 2
"""Whole days before the day of a cut that are told again."""
IN_SIGHT = 2 * HOUR
"""Later minutes that lie in sight of a walk; an honest one does not look."""

Read = Callable[[ReplayMarket, int, int], Columns]
"""Columns of the minutes of a market with start <= as_of < end."""
Decide = Callable[[ReplayRules, Bools, BtcState, Columns, int], Decided]
"""Takes rules, capability, the state before, columns, and how many of the minutes are decided: the
first ones."""


def read_minutes(market: ReplayMarket, start: int, end: int) -> Columns:
    """The reader of the product, in one thread."""
    return read_columns(market, start, end, 1, silent)


def decide_minutes(
    rules: ReplayRules, mask: Bools, state: BtcState, columns: Columns, count: int
) -> Decided:
    """The walk of the product: told with later minutes in sight, handed on without going further."""
    _, walked, trades = walk_from(state, columns, rules, mask)
    until = columns._replace(open_time=columns.open_time[:count])
    after, _, _ = walk_from(state, until, rules, mask)
    ends = columns.open_time[count - 1] + MINUTE
    return Decided(
        after, Walked._make(column[:count] for column in walked), trades[exit_ends(trades) <= ends]
    )


@dataclass(frozen=True, eq=False)
class Truth:
    """A replay of the whole market.

    Attributes:
        market: Its candles free of rows without numbers.
        rules: What decides.
        read: How columns are read.
        decide: How they are decided.
        columns: Of every decided minute.
        first_rows: Row of the first minute of each day, (d,).
        states: The account before each of these rows.
        trades: Rows of closed trades, shadows among them.
    """

    market: ReplayMarket
    rules: ReplayRules
    read: Read
    decide: Decide
    columns: Columns
    first_rows: Ints
    states: tuple[BtcState, ...]
    trades: Floats

    def rows_until(self, as_of: int) -> int:
        """How many minutes are decided until ``as_of``."""
        return int(np.searchsorted(self.columns.open_time, as_of - MINUTE, side="right"))

    def stretch_before(self, cut: int) -> tuple[int, BtcState]:
        """The row with which the days before a cut begin, and the account before it."""
        days = self.columns.open_time[self.first_rows] // DAY
        day = int(np.searchsorted(days, cut // DAY - STRETCH_DAYS))
        day = min(day, int(np.searchsorted(days, (cut - MINUTE) // DAY, side="right")) - 1)
        return int(self.first_rows[day]), self.states[day]

    def state_before(self, row: int) -> BtcState:
        """The account before the minute of a row."""
        day = int(np.searchsorted(self.first_rows, row, side="right")) - 1
        first, state = int(self.first_rows[day]), self.states[day]
        if row == first:
            return state
        sight = self.rows_until(int(self.columns.open_time[row]) + IN_SIGHT)
        return self.decided(state, rows_of(self.columns, first, sight), row - first).state

    def decided(self, state: BtcState, columns: Columns, count: int) -> Decided:
        """Decide the first ``count`` of some minutes under the rules."""
        mask = np.array(capability(self.market.feeds))
        return self.decide(self.rules, mask, state, columns, count)


def read_truth(
    market: ReplayMarket,
    rules: ReplayRules,
    *,
    start: int | None = None,
    end: int | None = None,
    read: Read = read_minutes,
    decide: Decide = decide_minutes,
) -> Truth:
    """Replay a market once.

    Args:
        market: What is replayed.
        rules: What decides.
        start: First time that is decided, UTC ms; None for the first minute.
        end: Where the decisions end, UTC ms; None for after the last minute.
        read: How columns are read.
        decide: How they are decided.

    Raises:
        ConfigurationError: The source can never supply enough of the vote.
        InputError: There is no minute in the period.
    """
    require_capability(market.feeds, rules.settings, rules.book)
    market = replace(market, minutes=with_numbers(market.minutes), hours=with_numbers(market.hours))
    as_ofs = market.minutes.open_time + MINUTE
    first, stop = np.searchsorted(as_ofs, (start or 0, end or 2**62)).tolist()
    if first >= stop:
        held = (
            f"the minutes end {iso(int(as_ofs[0]))} to {iso(int(as_ofs[-1]))}"
            if len(as_ofs)
            else "there is none"
        )
        raise InputError(f"no minute lies in the period: {held}")
    market = replace(market, asked_since=int(as_ofs[first]))
    columns = read(market, int(as_ofs[first]), int(as_ofs[stop - 1]) + 1)
    first_rows = np.flatnonzero(np.diff(columns.open_time // DAY, prepend=-1))
    truth = Truth(market, rules, read, decide, columns, first_rows, (), np.empty((0, 0)))
    return _walked(truth)


def _walked(truth: Truth) -> Truth:
    columns, state = truth.columns, initial_state(truth.rules.capital)
    states, trades = [], []
    stops = [*truth.first_rows[1:].tolist(), len(columns.open_time)]
    for first, stop in zip(truth.first_rows.tolist(), stops, strict=True):
        states.append(state)
        sight = truth.rows_until(int(columns.open_time[stop - 1]) + IN_SIGHT)
        decided = truth.decided(state, rows_of(columns, first, sight), stop - first)
        state = decided.state
        trades.append(decided.trades)
    return replace(truth, states=tuple(states), trades=np.concatenate(trades))
