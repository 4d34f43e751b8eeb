"""Proof over a recorded market that nothing a replay tells depends on what happens later.

At a cut the market is replayed twice more: with nothing after it, and with another future. All that
was told until then has to be the same to the last bit: signals, votes, gates, fills, exits, funding,
the account. And a minute may know no more than its open when it pays funding and fills an order, nor
how far the price runs on when it leaves. A dependence on the very next bar shows in the last minute
before a cut alone: so cuts are many, and chosen (``lookahead_cuts``).

What a replay cannot read, the signals of trades, quotes and headlines, is not proven here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from babingepet.cycles.btc_values import BtcState
from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE, iso
from babingepet.replay.dependence import (
    NO_FUTURE,
    OTHER_FUTURE,
    OTHER_REST,
    RESUMED,
    Dependence,
    dependence,
    earlier,
)
from babingepet.replay.futures import known_market, other_market
from babingepet.replay.kernel import Columns, rows_of
from babingepet.replay.market import ReplayMarket, ReplayRules
from babingepet.replay.opening import Minute, known_too_early
from babingepet.replay.run import silent
from babingepet.replay.told import Difference, Told, by_cause, first_difference, told_of
from babingepet.replay.truth import (
    IN_SIGHT,
    Decide,
    Read,
    Truth,
    decide_minutes,
    read_minutes,
    read_truth,
)


@dataclass(frozen=True, slots=True)
class LookaheadReport:
    """What was compared, and the first dependence if there is one.

    Attributes:
        cuts: Moments at which the future was changed.
        minutes: Told again, all cuts together.
        distinct_minutes: The same, each counted once.
        values: Compared, all cuts and futures together.
        dependence: The earliest; None when nothing depends on the future.
    """

    cuts: int
    minutes: int
    distinct_minutes: int
    values: int
    dependence: Dependence | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one cut: the rows that were told again, and how many values."""

    begin: int
    stop: int
    values: int
    dependence: Dependence | None


def first_dependence(
    market: ReplayMarket,
    rules: ReplayRules,
    cuts: Iterable[int],
    *,
    read: Read = read_minutes,
    decide: Decide = decide_minutes,
) -> Dependence | None:
    """The earliest dependence on the future that some cuts show; None without any."""
    return check(read_truth(market, rules, read=read, decide=decide), cuts).dependence


def check(
    truth: Truth,
    cuts: Iterable[int],
    *,
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[int, int], None] = silent,
) -> LookaheadReport:
    """Change the future at every cut; ends with the last cut that could show an earlier dependence.

    Args:
        truth: What was truly told.
        cuts: Ends of decided minutes, UTC ms.
        seed: Of the other futures.
        workers: Cuts that are checked side by side.
        progress: Told after each cut.

    Raises:
        InputError: No decided minute ends at a cut.
    """
    ordered = sorted(set(cuts))
    for cut in ordered:
        if cut - MINUTE not in truth.columns.open_time[truth.rows_until(cut) - 1 :][:1]:
            raise InputError(f"no decided minute ends at the cut {iso(cut)}")
    done, first = list[Checked](), None
    as_ofs = truth.columns.open_time + MINUTE
    with ThreadPoolExecutor(workers) as pool:
        checks = [pool.submit(_check_cut, truth, cut, seed) for cut in ordered]
        for waiting in checks:
            checked = waiting.result()
            if first is not None and as_ofs[checked.begin] > first.as_of:
                pool.shutdown(cancel_futures=True)
                break
            done.append(checked)
            progress(len(done), len(ordered))
            first = earlier(first, checked.dependence)
    return _report(done, first)


def _report(done: list[Checked], first: Dependence | None) -> LookaheadReport:
    counted = np.zeros(max((checked.stop for checked in done), default=0), np.bool_)
    for checked in done:
        counted[checked.begin : checked.stop] = True
    return LookaheadReport(
        cuts=len(done),
        minutes=sum(checked.stop - checked.begin for checked in done),
        distinct_minutes=int(counted.sum()),
        values=sum(checked.values for checked in done),
        dependence=first,
    )


def _check_cut(truth: Truth, cut: int, seed: int) -> Checked:
    """Tell the last days before a cut again under two other futures, and compare."""
    begin, state = truth.stretch_before(cut)
    columns = rows_of(truth.columns, begin, truth.rows_until(cut + IN_SIGHT))
    told, after = _tell(truth, state, columns, cut)
    removed = _read_again(truth, known_market(truth.market, cut), begin, cut)
    replaced = _read_again(truth, other_market(truth.market, cut, seed), begin, cut)
    found = []
    for future, others in ((NO_FUTURE, removed), (OTHER_FUTURE, replaced)):
        difference = first_difference(told, _tell(truth, state, others, cut)[0])
        found += [(difference, future)] if difference else []
    rows = len(told.as_of)
    following, others = _rest(columns, rows), _rest(replaced, rows)
    if cut in following.open_time[:1] and cut in others.open_time[:1]:
        early = known_too_early(truth, Minute(after, following, others))
        found += [(difference, OTHER_REST) for difference in early]
    resumed = _resumed(truth, state, columns, (rows, after))
    found += [(resumed, RESUMED)] if resumed else []
    first = min(found, key=lambda one: by_cause(one[0]), default=None)
    return Checked(begin, begin + rows, 2 * told.values, dependence(*first, cut) if first else None)


def _read_again(truth: Truth, market: ReplayMarket, begin: int, cut: int) -> Columns:
    """The columns of a stretch in another market, and what lies in sight after the cut."""
    since = truth.columns.open_time[max(0, begin - 1) : begin + 1]  # a hole before it is paid for
    columns = truth.read(market, int(since[0]) + MINUTE, cut + IN_SIGHT + 1)
    return _rest(columns, int(np.searchsorted(columns.open_time, since[-1])))


def _rest(columns: Columns, start: int) -> Columns:
    return rows_of(columns, start, len(columns.open_time))


def _tell(truth: Truth, state: BtcState, columns: Columns, cut: int) -> tuple[Told, BtcState]:
    """All that is told of the minutes until a cut, and the account after them."""
    count = int(np.searchsorted(columns.open_time, cut - MINUTE, side="right"))
    decided = truth.decided(state, columns, count)
    return told_of(columns, decided), decided.state


def _resumed(
    truth: Truth, state: BtcState, columns: Columns, at: tuple[int, BtcState]
) -> Difference | None:
    """Whether a run hands on at a cut what one that ends there does.

    What a walk saw of later minutes may lie in the account alone, and show in their decisions.
    """
    rows, after = at
    following = _rest(columns, rows)
    if not len(following.open_time):
        return None
    told = told_of(columns, truth.decided(state, columns, len(columns.open_time)))
    again = told_of(following, truth.decided(after, following, len(following.open_time)))
    return first_difference(told.since(rows), again.since(0))
