"""One market, read once, and decided with some of its analysts left out.

Only the consensus differs between two of these replays: the market's columns are read once, the
answers are given, and nobody is asked again. What the replays are worth is measured elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from babingepet.cycles.btc import require_capability
from babingepet.errors import InputError
from babingepet.replay import analysts
from babingepet.replay.columns import Progress, read_asked
from babingepet.replay.kernel import AI_ROW, Columns
from babingepet.replay.market import ReplayMarket, ReplayRules
from babingepet.replay.result import Replay
from babingepet.replay.run import decide
from babingepet.signals.registry import SWARM


@dataclass(frozen=True, eq=False)
class Ablation:
    """A market and what every analyst said about it.

    Attributes:
        market: What is decided.
        rules: What decides.
        start: Decisions lie at start <= as_of < end, UTC ms.
        end: See ``start``.
        columns: All but those of the analysts.
        answers: Of all analysts; rounds may lie before ``start``.
        threads: Stretches that are voted on side by side; the result is the same.
    """

    market: ReplayMarket
    rules: ReplayRules
    start: int
    end: int
    columns: Columns
    answers: analysts.Answers
    threads: int

    def without(self, names: Collection[str] = ()) -> Replay:
        """The replay had these analysts not answered; without a name it is that of all."""
        columns = self.columns._replace(
            scores=self.columns.scores.copy(),
            ai_agreement=self.columns.ai_agreement.copy(),
            ai_side=self.columns.ai_side.copy(),
        )
        analysts.fill_in(columns, self.answers.verdicts(names))
        return decide(self.market, columns, self.rules, self.start, self.end, self.threads)

    def without_any(self) -> Replay:
        """The replay of a market that has no analysts: their weight is not missed either."""
        rows = self.columns.measured != AI_ROW
        columns = self.columns._replace(
            scores=np.ascontiguousarray(self.columns.scores[rows]),
            measured=self.columns.measured[rows],
        )
        market = _unheard(self.market)
        return decide(market, columns, self.rules, self.start, self.end, self.threads)


def read_ablation(
    market: ReplayMarket,
    rules: ReplayRules,
    start: int,
    end: int,
    *,
    answers: analysts.Answers | None,
    threads: int,
    progress: Progress,
) -> Ablation:
    """Read what all replays have in common.

    Args:
        market: As ``run.opened`` returns it, with a feed of analysts.
        rules: What decides.
        start: First time that is decided, UTC ms.
        end: Where decisions end, UTC ms.
        answers: What was stored; None to ask the embedded analysts.
        threads: Months that are read side by side.
        progress: Told after each month.

    Raises:
        ConfigurationError: Without analysts the source can never supply enough of the vote.
        InputError: The market has no analysts, or stored ones and no answers.
    """
    require_capability(_unheard(market).feeds, rules.settings, rules.book)
    columns, rounds = read_asked(market, start, end, threads, progress)
    if answers is None:
        if rounds is None:
            raise InputError("answers: the market has nobody to ask, and none are given.")
        answers = analysts.ask(rounds, columns)
    return Ablation(market, rules, start, end, columns, answers, threads)


def _unheard(market: ReplayMarket) -> ReplayMarket:
    return replace(market, feeds=market.feeds - {SWARM}, verdicts=None)
