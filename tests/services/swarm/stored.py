"""Rounds of analysts as a live platform would have stored them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from babingepet.replay.analysts import HORIZON, Answers
from babingepet.swarm.rosters import BTC, RULES
from babingepet_resources.warehouse import predictions, rounds, swarm, swarm_calls
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import (
    CallRecord,
    OutcomeRecord,
    PredictionRecord,
    RoundRecord,
    VerdictRecord,
)
from babingepet_resources.warehouse.statements import insert_records
from babingepet_resources.warehouse.tables import crypto_ai_predictions
from tests.resources.warehouse import swarm_builders as b

SYMBOL = "BTCUSDT"
Change = Callable[[PredictionRecord], PredictionRecord]


def prediction(as_of: int, agent: str, p_up: float | None, **more: Any) -> PredictionRecord:
    """An answer of the embedded analysts; without a probability an abstention."""
    values: dict[str, Any] = {
        "as_of": as_of, "provider": RULES, "state": "abstain" if p_up is None else "vote",
        "p_up": p_up, "model": RULES, "prompt_hash": None, "answer_hash": None,
        "horizon_end": as_of + HORIZON, "known_at": as_of + 1,
    }  # fmt: skip
    return b.prediction(agent=agent, **(values | more))


def verdict(as_of: int, p_up: float, **more: Any) -> VerdictRecord:
    """A consensus of the embedded analysts."""
    values: dict[str, Any] = {
        "market": BTC.market, "as_of": as_of, "provider": RULES, "p_up": p_up, "agreement": 1.0,
        "side": 1, "valid": 5, "degraded": True, "known_at": as_of + 1, "detail": {},
    }  # fmt: skip
    return VerdictRecord(**(values | more))


def outcome(as_of: int, value: float) -> OutcomeRecord:
    """What became of a round."""
    end = as_of + HORIZON
    return b.outcome(value=value, as_of=as_of, horizon_end=end, resolved_at=end + 1)


def call(as_of: int, agent: str, **more: Any) -> CallRecord:
    """A call that was answered at once."""
    values: dict[str, Any] = {"as_of": as_of, "started_at": as_of, "ended_at": as_of + 1}
    return b.call(agent, **(values | {"status": "answered"} | more))


def store(
    database: Database,
    said: Sequence[PredictionRecord],
    verdicts: Sequence[VerdictRecord] = (),
    outcomes: Sequence[OutcomeRecord] = (),
    calls: Sequence[CallRecord] = (),
) -> None:
    """Write rounds, what became of them, and what they cost."""
    with database.writing() as connection:
        rounds.write(connection, RoundRecord(said, verdicts, [], []))
        predictions.resolve(connection, outcomes)
        for one in calls:
            swarm_calls.begin(connection, replace(one, cost_usd=None, status="in_flight"))
            if one.cost_usd is not None:
                end = {"status": one.status, "ended_at": one.ended_at, "cost_usd": one.cost_usd}
                swarm_calls.settle(connection, one.key, swarm_calls.CallEnd(**end))


def store_answers(
    database: Database, answers: Answers, changed: Change = lambda record: record
) -> None:
    """Write what ``answers`` holds, with the verdicts it comes to; some answers may be changed."""
    told = answers.verdicts()
    weights = {
        int(as_of): {name: float(values[row]) for name, values in answers.weights.items()}
        for row, as_of in enumerate(answers.as_of)
    }
    said = [
        changed(
            prediction(
                int(as_of), agent, _none(p), outcome=_none(came), resolved_at=_end(as_of, came)
            )
        )
        for as_of, came, votes in zip(answers.as_of, answers.outcomes, answers.votes.T, strict=True)
        for agent, p in zip(BTC.names, votes, strict=True)
    ]
    verdicts = [
        verdict(
            int(as_of), float(p_up), agreement=float(agreement), side=int(side),
            known_at=int(known_at), detail={"weights": weights[int(as_of)]},
        )
        for as_of, known_at, p_up, agreement, side in zip(
            told.as_of, told.known_at, told.p_up, told.agreement, told.side, strict=True
        )
    ]  # fmt: skip
    with database.writing() as connection:
        # Nineteen thousand answers: round by round, each vetted, they would take two seconds.
        insert_records(connection, crypto_ai_predictions, said)
        swarm.insert(connection, verdicts)


def _none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _end(as_of: int, came: float) -> int | None:
    return None if np.isnan(came) else int(as_of) + HORIZON + 1
