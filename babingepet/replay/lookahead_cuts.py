"""At which moments the future is changed: where a bar, a fill or a settlement could betray it.

A dependence on the next bar shows in the last minute before its close alone, and perhaps for some
values only. So cuts lie right before, at and right after the close of every interval, fills, exits
and settlements; the rest lies anywhere.
"""

from __future__ import annotations

import numpy as np

from babingepet.market.frames import Ints
from babingepet.market.intervals import INTERVALS, MINUTE, month_start
from babingepet.replay.told import ENTRY_TIME, exit_ends
from babingepet.replay.truth import Truth

CUTS = 500
AROUND = (-MINUTE, 0, MINUTE)
"""Before, at and after a moment, ms."""


def choose_cuts(truth: Truth, count: int = CUTS, seed: int = 0) -> list[int]:
    """Ends of decided minutes, ascending: all of them when there are not more than ``count``."""
    as_ofs = truth.columns.open_time + MINUTE
    if len(as_ofs) <= count:
        return list(map(int, as_ofs))
    random, kinds = np.random.default_rng(seed), _moments(truth, as_ofs)
    share = count // (len(kinds) + 1)
    chosen = set[int]()
    for moments in kinds.values():
        order = random.permutation(len(moments))
        some = moments[order[: max(1, share // len(AROUND))]]
        around = (some[:, np.newaxis] + np.array(AROUND)).ravel()
        chosen.update(np.intersect1d(around, as_ofs).tolist())
    anywhere = (time for time in random.permutation(as_ofs).tolist() if time not in chosen)
    kept = random.permutation(np.array(sorted(chosen), np.int64))[:count].tolist()
    return sorted(
        [*kept, *(time for time, _ in zip(anywhere, range(count - len(kept)), strict=False))]
    )


def _moments(truth: Truth, as_ofs: Ints) -> dict[str, Ints]:
    """Moments of each kind within the decided minutes."""
    first, last = int(as_ofs[0]), int(as_ofs[-1])
    months = [month_start(last)]
    while months[-1] > first:
        months.append(month_start(months[-1], 1))
    settled = truth.market.funding.between(first, last + 1).funding_time
    closes = {
        name: np.arange(-(-first // span) * span, last + 1, span)
        for name, span in INTERVALS.items()
        if span > MINUTE
    }
    return closes | {
        "month": np.array(months[:-1], np.int64),
        "fill": truth.trades[:, ENTRY_TIME].astype(np.int64),
        "exit": exit_ends(truth.trades),
        "settlement": settled,
    }
