"""The live path over recorded minutes, and how its decisions are held against a replay's rows.

The live path is what the loop does between two writes: a history that grows by the minute and is
loaded anew when the month changes or the process starts again, a state that is written as JSON and
read back, and ``run_cycle``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from babingepet.cycles.btc import CycleInputs, run_cycle
from babingepet.cycles.btc_reading import btc_reading
from babingepet.cycles.btc_state import dump_state, load_state
from babingepet.cycles.btc_values import BtcState, initial_state
from babingepet.domain.codes import Gate, Grade, Regime, Side, Verdict
from babingepet.domain.decision import Decision
from babingepet.market.context import Consensus
from babingepet.market.history import BarHistory, with_numbers
from babingepet.market.intervals import HOUR, MINUTE, minutes_needed_from, month_start
from babingepet.replay.analysts import EVERY
from babingepet.replay.market import ReplayMarket, ReplayRules
from babingepet.replay.result import Replay
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.registry import NAMES, SWARM, compute_scores
from babingepet.swarm.agents import Group, names_of
from babingepet.swarm.analysts.btc import btc_answers
from babingepet.swarm.consensus import Agreed, agree
from babingepet.swarm.rosters import BTC
from babingepet.swarm.track_record import Prediction, weights
from babingepet_services.btc.context import Context, signal_inputs


def loaded(market: ReplayMarket, as_of: int) -> BarHistory:
    """The history of a process that starts at ``as_of``: what the anchors ask for, and all hours."""
    minutes = market.minutes.between(minutes_needed_from(as_of), as_of)
    first = int(minutes.open_time[0]) // HOUR * HOUR if len(minutes) else as_of
    return BarHistory(minutes, market.hours.between(0, first))


def live(
    market: ReplayMarket, rules: ReplayRules, start: int, end: int, restart_every: int
) -> Iterator[tuple[Decision, BtcState]]:
    """Decisions with start <= as_of < end of a fresh account, as the loop makes them.

    Args:
        market: The recorded market; its hours reach over the minutes too.
        rules: What decides.
        start: First decision.
        end: After the last one.
        restart_every: Decisions between two restarts of the process.
    """
    state = initial_state(rules.capital)
    analysts = LiveAnalysts() if SWARM in market.feeds else None
    minutes = with_numbers(market.minutes).between(start - MINUTE, end - MINUTE)
    history, month = loaded(market, start - MINUTE), month_start(start)
    for row in range(len(minutes)):
        as_of = int(minutes.open_time[row]) + MINUTE
        if month_start(as_of) != month or row % restart_every == restart_every - 1:
            history, month = loaded(market, as_of - MINUTE), month_start(as_of)
            state = load_state(dump_state(state))
        history.append(minutes.rows(row, row + 1))
        known = market.funding.between(0, as_of + 1)
        context = Context(consensus=analysts.consensus if analysts else None)
        inputs = signal_inputs(history, (), known, context, as_of)
        if analysts:
            analysts.after(inputs, market.feeds)
        cycle = CycleInputs(market.symbol, market.source, inputs, market.feeds, clock=as_of)
        decision, state = run_cycle(cycle, state, rules.settings, rules.book)
        yield decision, state


class LiveAnalysts:
    """The embedded analysts as they are asked live: after a minute, for the minutes that follow."""

    def __init__(self) -> None:
        self.consensus: Consensus | None = None
        self._closes: dict[int, float] = {}
        self._votes: list[tuple[int, str, float]] = []
        self._bucket = -1

    def after(self, inputs: SignalInputs, feeds: frozenset[str]) -> None:
        """Hold a round if none was held in these twenty minutes."""
        as_of = inputs.as_of
        self._closes[as_of] = float(inputs.minutes.close[-1])
        if as_of // EVERY == self._bucket:
            return
        self._bucket = as_of // EVERY
        scores, _ = compute_scores(inputs, feeds)
        answers = btc_answers(btc_reading(inputs, {score.signal: score.value for score in scores}))
        names = names_of(BTC, Group.GENERALIST)
        past = {name: [*self._resolved(name)] for name in names}
        agreed = agree(BTC, answers, weights(names, past, as_of))
        self._votes += [(as_of, a.agent, a.p_up) for a in answers if a.p_up is not None]
        if isinstance(agreed, Agreed):
            self.consensus = Consensus(
                as_of, agreed.p_up, agreed.agreement, agreed.side, agreed.valid, "rules"
            )

    def _resolved(self, agent: str) -> Iterator[Prediction]:
        for as_of, name, p_up in self._votes:
            end = as_of + 60 * MINUTE
            if name == agent and end in self._closes:
                outcome = self._closes[end] / self._closes[as_of] - 1.0
                yield Prediction(as_of, end, p_up, outcome)


def told_live(decision: Decision) -> dict[str, object]:
    """What a decision says, floats by their exact value."""
    position = decision.position
    return {
        "as_of": decision.as_of,
        **{f"score {name}": decision.scores[name] for name in NAMES},
        "score": decision.score,
        "coverage": decision.coverage,
        "verdict": decision.verdict,
        "votes": decision.votes,
        "points": decision.grade_points,
        "grade": decision.grade,
        "regime": decision.regime,
        "gates": [refusal.gate for refusal in decision.blocked_by],
        "side": position["side"] if position else "FLAT",
        "equity": decision.account["equity"],
    }


def _known(score: float) -> float | None:
    return None if np.isnan(score) else score


def told_by_replay(replay: Replay, row: int) -> dict[str, object]:
    """What a replay says of one minute, in the same words."""
    minutes = replay.minutes
    scores = {name: float(column[row]) for name, column in minutes.scores.items()}
    blocked = int(minutes.blocked[row])
    return {
        "as_of": int(minutes.as_of[row]),
        **{f"score {name}": _known(scores.get(name, np.nan)) for name in NAMES},
        "score": float(minutes.score[row]),
        "coverage": float(minutes.coverage[row]),
        "verdict": Verdict(int(minutes.verdict[row])).name,
        "votes": int(minutes.votes[row]),
        "points": float(minutes.points[row]),
        "grade": Grade(int(minutes.grade[row])).name,
        "regime": Regime(int(minutes.regime[row])).name,
        "gates": [gate.name for gate in Gate if blocked >> gate.value & 1],
        "side": Side(int(minutes.side[row])).name,
        "equity": float(minutes.equity[row]),
    }


def trades_told_live(decisions: list[Decision]) -> list[tuple[object, ...]]:
    """Closed trades in the order of the replay: a real one before a shadow of the same minute."""
    return [
        (trade["entry_time"], trade["exit_time"], trade["net_pnl"], trade["funding_paid"], shadow)
        for decision in decisions
        for trade, shadow in ((decision.closed, False), (decision.shadow_closed, True))
        if trade
    ]


def trades_told_by_replay(replay: Replay) -> list[tuple[object, ...]]:
    """The same of a replay."""
    trades = replay.trades
    columns = (
        trades.entry_time, trades.exit_time, trades.net_pnl, trades.funding_paid, trades.shadow,
    )  # fmt: skip
    return list(zip(*(column.tolist() for column in columns), strict=True))
