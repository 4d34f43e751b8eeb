"""A round of Bitcoin's analysts, whoever answered for them: its weights, its outcomes, its rows.

Belongs here: what the embedded analysts and the models have in common. Does not belong here: what is
said (``babingepet.swarm``), and asking (``btc.analysts`` in the loop, ``rounds`` beside it).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np

from babingepet.cycles.btc_decision import cycle_id
from babingepet.market.frames import Candles
from babingepet.market.intervals import MINUTE
from babingepet.replay.analysts import HORIZON
from babingepet.swarm.agents import Group, names_of
from babingepet.swarm.answers import Answer
from babingepet.swarm.consensus import Agreed, NoQuorum
from babingepet.swarm.rosters import BTC, RULES
from babingepet.swarm.track_record import Prediction, weights
from babingepet_resources.warehouse.records import (
    FeedCheckRecord,
    OutcomeRecord,
    PredictionRecord,
    ReasoningRecord,
    RoundRecord,
    VerdictRecord,
)
from babingepet_services.swarm.values import Recalled

GENERALISTS = names_of(BTC, Group.GENERALIST)


class Vote(NamedTuple):
    """One vote that will weigh, once its hour is over."""

    asked: int
    """End of the minute whose facts were read."""
    agent: str
    p_up: float


class Origin(NamedTuple):
    """Where one answer came from."""

    model: str | None = None
    """That answered; None when none did."""
    prompt_hash: str | None = None
    answer_hash: str | None = None
    answered_at: int | None = None
    """On the market's clock, UTC ms; None for the moment at which the round became known."""


EMBEDDED = Origin(RULES)
"""A rule of ours: nobody was asked."""


@dataclass(frozen=True)
class Round:
    """One round, not written yet.

    Attributes:
        as_of: End of the minute whose facts were read.
        answers: Of all nine, in the order of the roster.
        agreed: What they agree on, or why on nothing.
        weights: Of the generalists.
        outcomes: Returns that became known since the round before, by the time they were asked at.
        provider: Who answered for the analysts.
        origins: Where answers came from, by analyst; one that is not named is embedded.
        remembered: What the memory told all of them; None where none was asked.
    """

    as_of: int
    answers: tuple[Answer, ...]
    agreed: Agreed | NoQuorum
    weights: Mapping[str, float]
    outcomes: dict[int, float]
    provider: str = RULES
    origins: Mapping[str, Origin] = field(default_factory=dict)
    remembered: Recalled | None = None


def votes_of_generalists(rows: Iterable[PredictionRecord]) -> list[Vote]:
    """Stored votes that will weigh."""
    return [
        Vote(row.as_of, row.agent, row.p_up)
        for row in rows
        if row.agent in GENERALISTS and row.p_up is not None
    ]


def weights_of(
    votes: Iterable[Vote], outcomes: Mapping[int, float], as_of: int
) -> dict[str, float]:
    """Weights of the generalists by their votes whose outcome is known, by the time of asking."""
    past: dict[str, list[Prediction]] = {name: [] for name in GENERALISTS}
    for asked, name, p_up in votes:
        if asked in outcomes:
            past[name].append(Prediction(asked, asked + HORIZON, p_up, outcomes[asked]))
    return weights(GENERALISTS, past, as_of)


def outcomes_of(waiting: Collection[int], minutes: Candles) -> dict[int, float]:
    """Returns of the hours after these moments, ascending; without those of missing minutes."""
    returns = {asked: _return(minutes, asked) for asked in sorted(waiting)}
    return {asked: value for asked, value in returns.items() if value is not None}


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
    origin = held.origins.get(answer.agent, EMBEDDED)
    answered_at = known_at if origin.answered_at is None else origin.answered_at
    return PredictionRecord(
        market=BTC.market,
        as_of=held.as_of,
        symbol=symbol,
        agent=answer.agent,
        provider=held.provider,
        state=answer.state.value,
        p_up=answer.p_up,
        confidence=None if answer.confidence is None else answer.confidence.value,
        reason=answer.reason,
        model=origin.model,
        prompt_hash=origin.prompt_hash,
        answer_hash=origin.answer_hash,
        horizon_end=held.as_of + HORIZON,
        known_at=max(answered_at, held.as_of + 1),
    )


def _verdict(held: Round, agreed: Agreed, known_at: int) -> VerdictRecord:
    return VerdictRecord(
        market=BTC.market,
        as_of=held.as_of,
        provider=held.provider,
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


def kind_of(provider: str) -> str:
    """Of the row that tells of a round beside its decision.

    One a provider: a loop without the key and a program with it may both ask about a moment.
    """
    return f"swarm_{provider}" if provider == RULES else "swarm"


def reasoning_record(
    held: Round, book: str, prompt_versions: Mapping[str, str] | None = None
) -> ReasoningRecord:
    """What a round tells of itself beside the decision whose moment it was about.

    Args:
        held: The round.
        book: The ledger of the decision.
        prompt_versions: By analyst; None for the embedded ones, which have no prompts, and whose
            answers are told by their own rows alone: the loop's transaction pays for this one.
    """
    versions = prompt_versions or {}
    said = [
        {
            "agent": answer.agent,
            "state": answer.state.value,
            "prompt_version": versions.get(answer.agent),
            **held.origins[answer.agent]._asdict(),
        }
        for answer in held.answers
        if answer.agent in held.origins
    ]
    detail = {"provider": held.provider, "analysts": said, "memory": _recalled(held.remembered)}
    return ReasoningRecord(
        book,
        cycle_id(held.as_of),
        held.as_of,
        kind_of(held.provider),
        sentence(held.agreed),
        detail,
    )


def _recalled(told: Recalled | None) -> dict[str, Any] | None:
    if told is None:
        return None
    singly = [{"engram": number, "facts": list(facts)} for number, facts in told.engrams.items()]
    return {
        "text": told.text,
        "remembered": told.remembered,
        "alike": told.alike,
        "engrams": singly,
    }


def sentence(agreed: Agreed | NoQuorum) -> str:
    """What a round came to, for people."""
    if isinstance(agreed, NoQuorum):
        return agreed.reason
    return (
        f"{agreed.valid} of {agreed.asked} analysts voted: the price is higher in an hour with a "
        f"probability of {agreed.p_up:.2f}; {agreed.agreement:.0%} agree"
    )


def _return(minutes: Candles, asked: int) -> float | None:
    """Return of the hour after a moment; None while a minute that it needs is missing."""
    first, last = _close(minutes, asked), _close(minutes, asked + HORIZON)
    return None if first is None or last is None else last / first - 1.0


def _close(minutes: Candles, end: int) -> float | None:
    row = int(np.searchsorted(minutes.open_time, end - MINUTE))
    is_there = row < len(minutes) and int(minutes.open_time[row]) == end - MINUTE
    return float(minutes.close[row]) if is_there else None
