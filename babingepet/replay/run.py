"""A whole market replayed, month after month."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from babingepet.cycles.btc import require_capability
from babingepet.cycles.btc_values import BtcState, initial_state
from babingepet.errors import InputError
from babingepet.market.frames import Bools, Floats
from babingepet.market.history import with_numbers
from babingepet.market.intervals import MINUTE, iso
from babingepet.paper.position import ClosedTrade
from babingepet.replay.columns import Progress, read_columns
from babingepet.replay.kernel import Columns, Walked, empty_walk, read_votes, walk
from babingepet.replay.market import BASE_RULES, ReplayMarket, ReplayRules
from babingepet.replay.result import Minutes, Replay, ReplayTrades
from babingepet.signals.registry import NAMES, capability


def silent(_done: int, _total: int) -> None:
    """Report no progress."""


def replay(
    market: ReplayMarket,
    rules: ReplayRules = BASE_RULES,
    *,
    start: int | None = None,
    end: int | None = None,
    threads: int = 1,
    progress: Progress = silent,
) -> Replay:
    """Decide every minute with start <= as_of < end, from an account that has not traded.

    Minutes before ``start`` are history: they warm the signals up, and the analysts are asked from
    then on only. The result is the same, bit for bit, for every number of threads.

    Args:
        market: What is replayed.
        rules: What decides.
        start: UTC ms; None for the first minute.
        end: UTC ms; None for after the last minute.
        threads: Months whose signals are computed side by side.
        progress: Told after each month.

    Raises:
        ConfigurationError: The source can never supply enough of the vote.
        InputError: There is no minute in the period.
    """
    market, start, end = opened(market, rules, start, end)
    columns = read_columns(market, start, end, threads, progress)
    return decide(market, columns, rules, start, end, threads)


def opened(
    market: ReplayMarket, rules: ReplayRules, start: int | None, end: int | None
) -> tuple[ReplayMarket, int, int]:
    """The market as it is replayed, and the period that is decided.

    Raises:
        ConfigurationError: The source can never supply enough of the vote.
        InputError: There is no minute in the period.
    """
    require_capability(market.feeds, rules.settings, rules.book)
    market = replace(market, minutes=with_numbers(market.minutes), hours=with_numbers(market.hours))
    start, end = _period(market, start, end)
    return replace(market, asked_since=start), start, end


def decide(
    market: ReplayMarket,
    columns: Columns,
    rules: ReplayRules,
    start: int,
    end: int,
    threads: int = 1,
) -> Replay:
    """Walk columns that were read before; they depend on no setting and no weight."""
    mask = capability(market.feeds)
    state = initial_state(rules.capital)
    state, walked, rows = walk_from(state, columns, rules, np.array(mask), threads)
    scores = zip((NAMES[at] for at in columns.measured), columns.scores, strict=True)
    minutes = Minutes(
        as_of=columns.open_time + MINUTE,
        close=columns.close,
        scores=dict(scores),
        regime=columns.regime,
        **walked._asdict(),
    )
    return Replay(market, rules, start, end, mask, columns, minutes, _trades(rows), state)


def walk_from(
    state: BtcState, columns: Columns, rules: ReplayRules, mask: Bools, threads: int = 1
) -> tuple[BtcState, Walked, Floats]:
    """Decide minutes from a state on: the votes in stretches side by side, the account in order.

    Returns:
        The state after them, what each minute came to, and the kernel's rows of closed trades.
    """
    count, weights = len(columns.open_time), np.array(rules.book.weights)
    walked = empty_walk(count)

    def read(stretch: tuple[int, int]) -> None:
        read_votes(columns, *stretch, weights, mask, rules.settings.voting, walked)

    bounds = np.linspace(0, count, threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(read, pairwise(bounds)))
    state, trades = walk(state, columns, rules.settings, walked)
    return state, walked, trades


def _period(market: ReplayMarket, start: int | None, end: int | None) -> tuple[int, int]:
    """The period that is decided, and the refusal of an empty one."""
    open_time = market.minutes.open_time
    if not len(open_time):
        raise InputError("there is no minute to replay")
    first, last = int(open_time[0]) + MINUTE, int(open_time[-1]) + MINUTE
    start = first if start is None else max(start, first)
    end = last + 1 if end is None else min(end, last + 1)
    rows = np.searchsorted(open_time, (start - MINUTE, end - MINUTE))
    if rows[0] >= rows[1]:
        raise InputError(
            f"no minute lies in the period: the minutes are {iso(first - MINUTE)} to {iso(last)}"
        )
    return start, end


def _trades(rows: Floats) -> ReplayTrades:
    names = (*ClosedTrade._fields, "shadow")
    columns: dict[str, Any] = {name: rows[:, i] for i, name in enumerate(names)}
    return ReplayTrades(**columns)
