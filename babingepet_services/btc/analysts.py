"""The embedded analysts beside the loop: asked once in twenty minutes, on what a decision knew.

A round is written in the transaction of the decision whose facts it read, so that a loop that dies
leaves both or neither, and is read from the next decision on. Generalists weigh by their votes of
the last two days, which are remembered; whoever loads the loop's memory reads them back.

Does not belong here: what the analysts say (``babingepet.swarm``), asking models (``swarm.asking``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection

from babingepet.cycles.btc_reading import btc_reading
from babingepet.market.frames import Candles
from babingepet.market.intervals import MINUTE
from babingepet.replay.analysts import EVERY, HORIZON
from babingepet.signals.inputs import SignalInputs
from babingepet.swarm.agents import Group, names_of
from babingepet.swarm.analysts.btc import btc_answers
from babingepet.swarm.answers import Answer
from babingepet.swarm.consensus import Agreed, NoQuorum, agree
from babingepet.swarm.rosters import BTC, RULES
from babingepet.swarm.track_record import MEMORY, Prediction, weights
from babingepet_resources.warehouse import predictions
from babingepet_resources.warehouse.records import (
    FeedCheckRecord,
    OutcomeRecord,
    PredictionRecord,
    RoundRecord,
    VerdictRecord,
)

GENERALISTS = names_of(BTC, Group.GENERALIST)


@dataclass(frozen=True)
class Round:
    """One round, not written yet.

    Attributes:
        as_of: End of the minute whose facts were read.
        answers: Of all nine, in the order of the roster.
        agreed: What they agree on, or why on nothing.
        weights: Of the generalists.
        outcomes: Returns that became known since the round before, by the time they were asked at.
    """

    as_of: int
    answers: tuple[Answer, ...]
    agreed: Agreed | NoQuorum
    weights: Mapping[str, float]
    outcomes: dict[int, float]


@dataclass
class EmbeddedAnalysts:
    """What is remembered of earlier rounds.

    Attributes:
        last: End of the minute of the last round; None before the first.
        votes: The generalists' votes of the last two days: time, name, probability.
        outcomes: Returns that are known, by the time they were asked at.
    """

    last: int | None = None
    votes: list[tuple[int, str, float]] = field(default_factory=list)
    outcomes: dict[int, float] = field(default_factory=dict)

    def hold(self, inputs: SignalInputs, scores: Mapping[str, float | None]) -> Round | None:
        """Ask all nine, unless they were asked in these twenty minutes; nothing is remembered."""
        as_of = inputs.as_of
        if self.last is not None and self.last // EVERY == as_of // EVERY:
            return None
        fresh = self._new_outcomes(inputs.minutes, as_of)
        known = self.outcomes | fresh
        past: dict[str, list[Prediction]] = {name: [] for name in GENERALISTS}
        for asked, name, p_up in self.votes:
            if asked in known:
                past[name].append(Prediction(asked, asked + HORIZON, p_up, known[asked]))
        weighed = weights(GENERALISTS, past, as_of)
        answers = btc_answers(btc_reading(inputs, scores))
        return Round(as_of, answers, agree(BTC, answers, weighed), weighed, fresh)

    def take_over(self, held: Round) -> None:
        """Remember a round that is written."""
        since = held.as_of - MEMORY
        said = [(held.as_of, a.agent, a.p_up) for a in held.answers if a.p_up is not None]
        votes = [vote for vote in said if vote[1] in GENERALISTS]
        self.last = held.as_of
        self.votes = [vote for vote in (*self.votes, *votes) if vote[0] >= since]
        known = self.outcomes | held.outcomes
        self.outcomes = {asked: value for asked, value in known.items() if asked >= since}

    def _new_outcomes(self, minutes: Candles, as_of: int) -> dict[int, float]:
        waiting = {asked for asked, _, _ in self.votes if asked + HORIZON <= as_of}
        returns = {asked: _return(minutes, asked) for asked in waiting - self.outcomes.keys()}
        return {asked: value for asked, value in sorted(returns.items()) if value is not None}


def load_analysts(connection: Connection, as_of: int) -> EmbeddedAnalysts:
    """What the loop before remembered."""
    rows = predictions.since(connection, BTC.market, RULES, as_of - MEMORY)
    votes = [(row.as_of, row.agent, row.p_up) for row in rows if row.agent in GENERALISTS]
    return EmbeddedAnalysts(
        last=max((row.as_of for row in rows), default=None),
        votes=[(asked, agent, p_up) for asked, agent, p_up in votes if p_up is not None],
        outcomes={row.as_of: row.outcome for row in rows if row.outcome is not None},
    )


def round_record(held: Round, symbol: str, known_at: int) -> RoundRecord:
    """A round as it is stored; it is known later than the decision whose facts it read."""
    known_at = max(known_at, held.as_of + 1)
    return RoundRecord(
        predictions=[_prediction(answer, held, symbol, known_at) for answer in held.answers],
        verdicts=[_verdict(held, held.agreed, known_at)] if isinstance(held.agreed, Agreed) else [],
        checks=[_check(held.agreed, known_at)],
        outcomes=[
            OutcomeRecord(BTC.market, asked, symbol, asked + HORIZON, outcome, known_at)
            for asked, outcome in held.outcomes.items()
        ],
    )


def _prediction(answer: Answer, held: Round, symbol: str, known_at: int) -> PredictionRecord:
    return PredictionRecord(
        market=BTC.market,
        as_of=held.as_of,
        symbol=symbol,
        agent=answer.agent,
        provider=RULES,
        state=answer.state.value,
        p_up=answer.p_up,
        confidence=None if answer.confidence is None else answer.confidence.value,
        reason=answer.reason,
        model=RULES,
        prompt_hash=None,
        answer_hash=None,
        horizon_end=held.as_of + HORIZON,
        known_at=known_at,
    )


def _verdict(held: Round, agreed: Agreed, known_at: int) -> VerdictRecord:
    return VerdictRecord(
        market=BTC.market,
        as_of=held.as_of,
        provider=RULES,
        p_up=agreed.p_up,
        agreement=agreed.agreement,
        side=agreed.side,
        valid=agreed.valid,
        degraded=agreed.degraded,
        known_at=known_at,
        detail=verdict_detail(agreed, held.answers, held.weights),
    )


def verdict_detail(
    agreed: Agreed, answers: Iterable[Answer], weighed: Mapping[str, float]
) -> dict[str, Any]:
    """What people read of a verdict: its numbers, the weights, and each analyst's answer."""
    numbers = asdict(agreed)
    return {
        name: numbers[name]
        for name in (
            "p_generalists",
            "p_personas",
            "bulls",
            "bears",
            "asked",
            "entropy",
            "pairwise",
        )
    } | {
        "weights": dict(weighed),
        "answers": [
            {
                "agent": answer.agent,
                "state": answer.state.value,
                "p_up": answer.p_up,
                "confidence": answer.confidence and answer.confidence.value,
                "reason": answer.reason,
            }
            for answer in answers
        ],
    }


def _check(agreed: Agreed | NoQuorum, known_at: int) -> FeedCheckRecord:
    if isinstance(agreed, NoQuorum):
        return FeedCheckRecord("swarm", BTC.market, known_at, ok=False, detail=agreed.reason)
    detail = f"{agreed.valid} of {agreed.asked} votes"
    return FeedCheckRecord("swarm", BTC.market, known_at, ok=True, detail=detail)


def _return(minutes: Candles, asked: int) -> float | None:
    """Return of the hour after a moment; None while a minute that it needs is missing."""
    first, last = _close(minutes, asked), _close(minutes, asked + HORIZON)
    return None if first is None or last is None else last / first - 1.0


def _close(minutes: Candles, end: int) -> float | None:
    row = int(np.searchsorted(minutes.open_time, end - MINUTE))
    is_there = row < len(minutes) and int(minutes.open_time[row]) == end - MINUTE
    return float(minutes.close[row]) if is_there else None
