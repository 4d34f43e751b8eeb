"""What the analysts' ledger is made of: one frozen dataclass per kind of row, and sums over them.

Import them from ``records``. Money is US dollars as Decimal with at most eight decimal places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from babingepet_resources.warehouse.context_records import FeedCheckRecord, VerdictRecord


@dataclass(frozen=True)
class CallKey:
    """Which call: the attempts of an agent in a round are numbered from 1, whatever the model."""

    market: str
    as_of: int
    agent: str
    attempt: int


@dataclass(frozen=True)
class CallRecord:
    """One call of a model, written before it is made and settled once after.

    Attributes:
        market: Whose price: ``BTC``.
        as_of: End of the minute whose facts the prompt tells.
        agent: Who asked.
        attempt: From 1.
        status: ``in_flight``; then how it ended, or ``possibly_billed`` when nobody saw it end.
        model: Who was asked.
        answered_by: The model that answered, as the provider says.
        served_by: The host that ran it.
        prompt_hash: Of the blob that holds the prompt.
        sent_hash: Of the blob that holds what was sent: the prompt, and the schema in words where
            the model could not be held to it.
        answer_hash: Of the blob that holds the answer; None without one.
        prompt_tokens: As billed; None where nobody said.
        completion_tokens: As billed.
        cached_tokens: Those of the prompt that cost less.
        reserved_usd: The most it could cost, counted against the budget until the cost is known.
        cost_usd: What it cost; None while, or where, nobody said.
        latency_ms: From the request to the last byte.
        detail: Why it ended so, for people.
        started_at: When the row was written.
        ended_at: When it was settled or given up.
    """

    market: str
    as_of: int
    agent: str
    attempt: int
    status: str
    model: str
    answered_by: str | None
    served_by: str | None
    prompt_hash: str
    sent_hash: str
    answer_hash: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    reserved_usd: Decimal
    cost_usd: Decimal | None
    latency_ms: float | None
    detail: str
    started_at: int
    ended_at: int | None

    @property
    def key(self) -> CallKey:
        """What the row is found by."""
        return CallKey(self.market, self.as_of, self.agent, self.attempt)


@dataclass(frozen=True)
class CallEnd:
    """How a call ended; fields as in ``CallRecord``."""

    status: str
    ended_at: int
    detail: str = ""
    answered_by: str | None = None
    served_by: str | None = None
    answer_hash: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: Decimal | None = None
    latency_ms: float | None = None


@dataclass(frozen=True)
class Spent:
    """Costs, and reservations where the cost is not known, in US dollars."""

    cycle: Decimal
    """Of one market and moment."""
    day: Decimal
    month: Decimal


@dataclass(frozen=True)
class SpendRecord:
    """What one agent's calls of one model came to."""

    market: str
    agent: str
    model: str
    calls: int
    answered: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost_usd: Decimal
    """Known costs."""
    unsettled_usd: Decimal
    """Reservations of the calls whose cost nobody said."""


@dataclass(frozen=True)
class ModelRecord:
    """A model's failures in a row, and until when it is left alone."""

    model: str
    failures: int
    open_until: int | None
    reason: str
    changed_at: int


@dataclass(frozen=True)
class PredictionRecord:
    """What one analyst said about one symbol once, and what became of it.

    Attributes:
        market: ``BTC``.
        as_of: End of the minute whose facts it read.
        symbol: What it is about.
        agent: Who said it.
        provider: Who answered for the agent: ``openrouter``, ``rules``.
        state: ``vote``, ``abstain``, ``invalid`` and so on; only a vote has ``p_up``.
        p_up: Probability that the price is higher at ``horizon_end``.
        confidence: ``LOW``, ``MED`` or ``HIGH``.
        reason: In the analyst's words, or why there is no vote; stored cleaned.
        model: That answered.
        prompt_hash: Of the blob that holds the prompt.
        answer_hash: Of the blob that holds the answer.
        horizon_end: Whose price decides.
        known_at: When the answer was in.
        outcome: Return from ``as_of`` to ``horizon_end``, a fraction; None until it is resolved.
        resolved_at: When the outcome became known.
    """

    market: str
    as_of: int
    symbol: str
    agent: str
    provider: str
    state: str
    p_up: float | None
    confidence: str | None
    reason: str
    model: str | None
    prompt_hash: str | None
    answer_hash: str | None
    horizon_end: int
    known_at: int
    outcome: float | None = None
    resolved_at: int | None = None


@dataclass(frozen=True)
class OutcomeRecord:
    """What became of all predictions of one market, moment, symbol and horizon."""

    market: str
    as_of: int
    symbol: str
    horizon_end: int
    outcome: float
    """Return over the horizon, a fraction."""
    resolved_at: int


@dataclass(frozen=True)
class RoundRecord:
    """Everything that one round of the analysts writes.

    Attributes:
        predictions: What each said.
        verdicts: What they agreed on; none without a quorum.
        checks: Whether the swarm answered.
        outcomes: What became of earlier votes.
    """

    predictions: Sequence[PredictionRecord]
    verdicts: Sequence[VerdictRecord]
    checks: Sequence[FeedCheckRecord]
    outcomes: Sequence[OutcomeRecord]
