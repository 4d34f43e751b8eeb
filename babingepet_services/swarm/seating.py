"""What a round of models reads before it asks: each analyst's question, outcomes, weights.

Belongs here: everything that is known at the moment that is asked about. Does not belong here: the
facts in words (``facts``), asking and storing (``rounds``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE
from babingepet.replay.analysts import HORIZON
from babingepet.swarm import prompts
from babingepet.swarm.agents import Agent, Roster
from babingepet.swarm.answers import ANSWER_SCHEMA
from babingepet.swarm.rosters import BTC
from babingepet.swarm.track_record import MEMORY
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.warehouse import candles, predictions
from babingepet_resources.warehouse.records import DecisionRecord, PredictionRecord
from babingepet_services.swarm.asking import ROUND_S
from babingepet_services.swarm.facts import PLACES, btc_facts, own_record
from babingepet_services.swarm.records import outcomes_of, votes_of_generalists, weights_of
from babingepet_services.swarm.values import OPENROUTER, Parts, Question


@dataclass(frozen=True)
class Table:
    """Who sits in a round, about what, and with what they are asked.

    Attributes:
        roster: With models and prompts.
        parts: What they are asked with.
        memory: Of the same source; None when nothing is remembered yet.
        symbol: The instrument.
        source: Whose facts.
        seconds: That a round may take.
    """

    roster: Roster
    parts: Parts
    memory: Hippocampus | None
    symbol: str
    source: str
    seconds: float = ROUND_S


def questions(
    connection: Connection, table: Table, decision: DecisionRecord, remembered: str
) -> tuple[Question, ...]:
    """What each analyst is asked about a decision's moment.

    Args:
        connection: Any connection.
        table: Who sits there.
        decision: Whose moment is told.
        remembered: What ``facts.recall`` found about it.

    Raises:
        InputError: A template names a place that there is not; the message names its analyst.
    """
    facts = btc_facts(connection, decision, remembered)
    return tuple(
        _question(connection, table, decision, agent, facts) for agent in table.roster.agents
    )


def _question(
    connection: Connection,
    table: Table,
    decision: DecisionRecord,
    agent: Agent,
    facts: Mapping[str, str],
) -> Question:
    own = own_record(connection, table.symbol, agent.name, decision.as_of)
    try:
        prompt = prompts.render(agent.prompt, {**facts, "track_record": own}, optional=PLACES)
    except InputError as error:
        raise InputError(f"the prompt of {agent.name}: {error}") from error
    return Question(agent.name, agent.models, prompt, ANSWER_SCHEMA, BTC.market, decision.as_of)


def new_outcomes(connection: Connection, table: Table, as_of: int) -> dict[int, float]:
    """What became of votes whose hour is over, by whomever they were given."""
    waiting = predictions.unresolved(connection, BTC.market, since=as_of - MEMORY, until=as_of)
    asked = {
        row.as_of
        for row in waiting
        if row.symbol == table.symbol and row.horizon_end == row.as_of + HORIZON
    }
    start = min(asked, default=as_of) - MINUTE
    minutes = candles.read(
        connection, table.symbol, "1m", table.source, start, as_of, known_until=as_of
    )
    return outcomes_of(asked, minutes)


def own_weights(
    connection: Connection, table: Table, as_of: int, fresh: Mapping[int, float]
) -> dict[str, float]:
    """By the models' own votes: those of the embedded analysts say nothing about them."""
    rows: list[PredictionRecord] = [
        row
        for row in predictions.since(connection, BTC.market, OPENROUTER, as_of - MEMORY)
        if row.symbol == table.symbol and row.as_of < as_of
    ]
    known = {
        row.as_of: row.outcome
        for row in rows
        if row.outcome is not None and row.resolved_at is not None and row.resolved_at <= as_of
    }
    return weights_of(votes_of_generalists(rows), {**known, **fresh}, as_of)
