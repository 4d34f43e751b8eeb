"""The embedded analysts over a replay: a round every 20 minutes, read by the minutes after it.

A round is held at the first decided minute of each 20 minutes, on what that minute knew, and is known
to the minutes after it. Generalists weigh by their votes of the last two days whose hour is over,
so that a round is the same wherever the replay began. What was stored live takes the same way into
the columns (``Verdicts``). What each analyst answered is kept apart (``Answers``), so that a consensus
without some of them can be had without asking again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from babingepet.cycles.btc_reading import LEAST_BARS, SPAN, moves_of
from babingepet.domain.codes import Regime
from babingepet.market.context import Verdicts
from babingepet.market.frames import Candles, Floats, Ints
from babingepet.market.history import newest_rows, usable_rows, values_at
from babingepet.market.intervals import MINUTE
from babingepet.replay.kernel import Columns
from babingepet.signals.ai_consensus import MAX_AGE, consensus_scores
from babingepet.signals.ai_consensus import NAME as AI
from babingepet.signals.regime import natr_ranks
from babingepet.signals.registry import NAMES
from babingepet.swarm.agents import Group
from babingepet.swarm.analysts.btc_series import BtcColumns, btc_votes
from babingepet.swarm.consensus_series import ConsensusSeries, agree_series
from babingepet.swarm.rosters import BTC
from babingepet.swarm.track_record import MEMORY, weight_series

EVERY = 20 * MINUTE
HORIZON = 60 * MINUTE
WARM_UP = MEMORY + MAX_AGE
"""How far before a minute lies the first round that it depends on."""


@dataclass(frozen=True, eq=False)
class Rounds:
    """What the analysts read beside the scores of their minute.

    Attributes:
        rows: The minute of each round, a row of the columns, ascending.
        moves: Returns and volatilities by name, (n,) each; filled in month by month.
        natr_rank: Rank of the quarter-hour's range, (n,); likewise.
    """

    rows: Ints
    moves: dict[str, Floats]
    natr_rank: Floats


@dataclass(frozen=True, eq=False)
class Answers:
    """What every analyst answered in each round, and what came of it.

    Shape: (n,) each, ascending by ``as_of``, then ``known_at``; votes (agents, n).

    Attributes:
        as_of: End of the minute whose facts were read.
        known_at: When the last answer was in.
        votes: In the order of the roster; NaN is no vote.
        weights: Of the generalists in each round, by name.
        outcomes: Return over the hour, a fraction; NaN where it is not known.
    """

    as_of: Ints
    known_at: Ints
    votes: Floats
    weights: Mapping[str, Floats]
    outcomes: Floats

    def agree(self, without: Collection[str] = ()) -> ConsensusSeries:
        """What they agree on in each round; quorum and weights stay when some are left out."""
        votes = self.votes.copy()
        votes[[name in without for name in BTC.names]] = np.nan
        return agree_series(BTC, votes, self.weights)

    def verdicts(self, without: Collection[str] = ()) -> Verdicts:
        """The rounds that have a quorum.

        Their ``known_at`` stays when an analyst is left out: a round is not over any sooner.
        """
        agreed = self.agree(without)
        return Verdicts(
            as_of=self.as_of,
            known_at=self.known_at,
            p_up=agreed.p_up,
            agreement=agreed.agreement,
            side=agreed.side.astype(np.float64),
        ).where(~np.isnan(agreed.p_up))


def begin_of(start: int) -> int:
    """The first minute that decisions from ``start`` on depend on by way of the analysts."""
    return (start - WARM_UP) // EVERY * EVERY


def rounds_of(as_ofs: Ints) -> Rounds:
    """The rounds held among some decided minutes."""
    _, rows = np.unique(as_ofs // EVERY, return_index=True)
    names = ("ret_1h", "ret_4h", "rv_1h", "rv_4h")
    return Rounds(rows, {name: np.empty(len(rows)) for name in names}, np.empty(len(rows)))


def read_month(
    rounds: Rounds, decided: slice, as_ofs: Ints, bars: Candles, natr: Floats, natr_rows: Ints
) -> None:
    """Fill in what the rounds of a month read.

    Args:
        rounds: Of all months.
        decided: Rows of the month's minutes.
        as_ofs: Their ends.
        bars: Closed bars of five minutes.
        natr: Range of every quarter-hour.
        natr_rows: The quarter-hour that each minute reads; -1 for none.
    """
    among = slice(*np.searchsorted(rounds.rows, (decided.start, decided.stop)).tolist())
    held = rounds.rows[among] - decided.start
    rounds.natr_rank[among] = values_at(natr_ranks(natr), natr_rows[held])
    rows = usable_rows(bars.open_time, SPAN, LEAST_BARS, as_ofs[held])
    for name, series in vars(moves_of(bars)).items():
        rounds.moves[name][among] = values_at(series, rows)


def hold(rounds: Rounds, columns: Columns) -> Verdicts:
    """What the analysts agree on in each round; rounds without a quorum are left out."""
    return ask(rounds, columns).verdicts()


def ask(rounds: Rounds, columns: Columns) -> Answers:
    """What the embedded analysts answer in each round."""
    as_ofs = columns.open_time[rounds.rows] + MINUTE
    measured = [NAMES[at] for at in columns.measured]
    votes = btc_votes(
        BtcColumns(
            scores={
                name: columns.scores[row, rounds.rows]
                for row, name in enumerate(measured)
                if name != AI
            },
            natr_percentile=rounds.natr_rank,
            is_volatile=columns.regime[rounds.rows] == Regime.VOLATILE.value,
            **rounds.moves,
        )
    )
    outcomes = _outcomes(columns, as_ofs)
    return Answers(as_ofs, as_ofs + 1, votes, weigh(as_ofs, votes, outcomes), outcomes)


def weigh(as_ofs: Ints, votes: Floats, outcomes: Floats) -> dict[str, Floats]:
    """Weight of each generalist in every round, by its votes whose hour was over."""
    return {
        agent.name: weight_series(as_ofs, votes[row], outcomes, HORIZON)
        for row, agent in enumerate(BTC.agents)
        if agent.group is Group.GENERALIST
    }


def _outcomes(columns: Columns, as_ofs: Ints) -> Floats:
    """Return of each round's hour; NaN where no minute ends with it."""
    ends = columns.open_time + MINUTE
    rows = np.searchsorted(ends, as_ofs + HORIZON)
    there = np.minimum(rows, len(ends) - 1)
    closes = np.where(ends[there] == as_ofs + HORIZON, columns.close[there], np.nan)
    return closes / columns.close[np.searchsorted(ends, as_ofs)] - 1.0


def fill_in(columns: Columns, verdicts: Verdicts) -> None:
    """Let every minute read the newest verdict that it knew, while it is not too old."""
    as_ofs = columns.open_time + MINUTE
    told = verdicts.in_order_of_news()
    rows = newest_rows(told.known_at, as_ofs)
    ages = as_ofs - np.where(rows < 0, -MAX_AGE, told.as_of[rows] if len(told) else 0)
    rows = np.where(ages > MAX_AGE, -1, rows)
    columns.ai_agreement[:] = values_at(told.agreement, rows)
    columns.ai_side[:] = np.nan_to_num(values_at(told.side, rows))
    scores = consensus_scores(values_at(told.p_up, rows), ages)
    columns.scores[np.flatnonzero(columns.measured == NAMES.index(AI))[0]] = scores
