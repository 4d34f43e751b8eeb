"""What Bitcoin's analysts are told: a stored decision's moment in words, as it was known then.

1. what a decision read and scored, from its own rows
2. what lies beside the market: settlements, open interest, flows of the funds, fear and greed,
   headlines as quotations
3. what like situations came to, and what became of the analyst's own forecasts

The places are those of ``prompts/btc/question.md``. Numbers are rounded, so that the same situation
gives the same words. What was not measured says so: nothing is told as zero.

Belongs here: reading and wording. Does not belong here: asking (``rounds``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import Connection

from babingepet.errors import ConfigurationError, IntegrityBroken, MemoryUnavailable
from babingepet.market.frames import Candles
from babingepet.market.intervals import DAY, HOUR, MINUTE, day_key, to_datetime
from babingepet.market.open_interest import TOLERANCE, hour_until
from babingepet.signals.ai_consensus import NAME as AI_CONSENSUS
from babingepet.swarm.prompts import quoted
from babingepet.swarm.rosters import BTC
from babingepet.swarm.track_record import WINDOW, Prediction, prompt_rows
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.warehouse import (
    candles,
    context_feeds,
    etf_flows,
    fear_greed,
    funding,
    history,
    news,
    open_interest,
    predictions,
)
from babingepet_resources.warehouse.records import DecisionRecord
from babingepet_services.memory.helpers import told_for
from babingepet_services.memory.remember import conditions_of_decision
from babingepet_services.swarm.values import OPENROUTER, Recalled

MARKET = BTC.market
HEADLINES = 15
"""Newest headlines that are quoted; each costs some 25 tokens, nine times a round."""
FLOW_DAYS = 5
"""Trading days of fund flows that are added up: a week."""
LOOKBACKS = ((15 * MINUTE, "15 min"), (HOUR, "1 h"), (4 * HOUR, "4 h"), (DAY, "24 h"))
FUNDING_DAYS = 3
PLACES = (
    "as_of", "price", "signals", "positioning", "headlines", "memory", "track_record",
)  # fmt: skip
"""What a template may name."""


def btc_facts(
    connection: Connection, decision: DecisionRecord, remembered: str
) -> Mapping[str, str]:
    """All places but the analyst's own record, as they were known when a decision was made.

    Args:
        connection: Any connection.
        decision: Whose moment is told.
        remembered: What ``recall`` found.
    """
    symbol, source, as_of = decision.symbol, decision.source, decision.as_of
    minutes = candles.read(
        connection, symbol, "1m", source, as_of - DAY - MINUTE, as_of, known_until=as_of
    )
    return {
        "as_of": f"{to_datetime(as_of):%Y-%m-%d %H:%M} UTC",
        "price": _price(minutes, as_of),
        "signals": _signals(connection, decision),
        "positioning": "\n".join(_positioning(connection, symbol, source, as_of)),
        "headlines": _headlines(connection, as_of),
        "memory": remembered,
    }


def own_record(connection: Connection, symbol: str, agent: str, as_of: int) -> str:
    """What became of an analyst's last 50 votes whose outcome was known, newest first.

    Those of the model only: what the embedded analyst of the same name said is not its own.
    """
    rows = predictions.resolved(
        connection, MARKET, agent, OPENROUTER, known_until=as_of, limit=WINDOW
    )
    votes = [
        Prediction(row.as_of, row.horizon_end, row.p_up, row.outcome)
        for row in rows
        if row.symbol == symbol and row.p_up is not None and row.outcome is not None
    ]
    if not votes:
        return "none of your forecasts is resolved yet"
    told = [
        f"{to_datetime(row.as_of):%m-%d %H:%M}, {row.p_up:.2f}, {row.outcome:+.2%}, {row.brier:.3f}"
        for row in prompt_rows(votes, as_of)
    ]
    header = "time (UTC), your p_up, return of the hour, Brier score up to then (0.25 is a coin)"
    return "\n".join([header, *told])


def _price(minutes: Candles, as_of: int) -> str:
    if not len(minutes) or int(minutes.open_time[-1]) != as_of - MINUTE:
        return "not measured: the last minute is missing"
    last = float(minutes.close[-1])
    moves = ", ".join(f"{name} {_move(minutes, as_of - back, last)}" for back, name in LOOKBACKS)
    low, high = float(minutes.low.min()), float(minutes.high.max())
    return (
        f"{last:,.6g} USDT; change over {moves}\n"
        f"range of the last {len(minutes) / 60:.0f} h: {low:,.6g} to {high:,.6g}"
    )


def _move(minutes: Candles, since: int, last: float) -> str:
    row = int(np.searchsorted(minutes.open_time, since - MINUTE))
    if row == len(minutes) or int(minutes.open_time[row]) != since - MINUTE:
        return "not measured"
    return f"{last / float(minutes.close[row]) - 1.0:+.2%}"


def _signals(connection: Connection, decision: DecisionRecord) -> str:
    """Scores of the decision; what the analysts themselves said before is left out."""
    rows = history.signals(connection, decision.book, decision.cycle_id)
    return "\n".join(
        f"{row.signal}: unavailable ({row.reason})"
        if row.score is None
        else f"{row.signal}: {round(row.score, 2) + 0.0:+.2f}"  # no -0.00
        for row in rows
        if row.signal != AI_CONSENSUS
    )


def _positioning(connection: Connection, symbol: str, source: str, as_of: int) -> Sequence[str]:
    return (
        f"funding: {_funding(connection, symbol, source, as_of)}",
        f"open interest: {_open_interest(connection, symbol, source, as_of)}",
        f"US spot fund flows: {_flows(connection, as_of)}",
        f"fear and greed: {_mood(connection, as_of)}",
    )


def _funding(connection: Connection, symbol: str, source: str, as_of: int) -> str:
    start = as_of - FUNDING_DAYS * DAY
    rates = funding.read(connection, symbol, source, start, as_of + 1, known_until=as_of)
    if not len(rates):
        return f"not measured: no settlement of the last {FUNDING_DAYS} days is stored"
    settled = f"{to_datetime(int(rates.funding_time[-1])):%m-%d %H:%M}"
    return f"{float(rates.funding_rate[-1]) * 1e4:+.2f} bps at the settlement of {settled} UTC"


def _open_interest(connection: Connection, symbol: str, source: str, as_of: int) -> str:
    start = as_of - HOUR - TOLERANCE
    rows = open_interest.read(connection, symbol, source, start, as_of + 1, known_until=as_of)
    hour = hour_until(rows, as_of)
    if hour is None or hour.open_interest_before <= 0.0:
        return "not measured: there are no two readings an hour apart"
    change = hour.open_interest / hour.open_interest_before - 1.0
    return f"{hour.open_interest:,.5g}, {change:+.2%} in an hour"


def _flows(connection: Connection, as_of: int) -> str:
    flows = etf_flows.read(connection, MARKET, until=as_of, known_until=as_of, limit_days=FLOW_DAYS)
    if not len(flows):
        return "not measured: none was ever filed"
    newest, total = float(flows.flow_usd[-1]), float(flows.flow_usd.sum())
    return (
        f"{newest / 1e6:+,.0f} million USD on {day_key(int(flows.day[-1]))}, "
        f"{total / 1e6:+,.0f} over {len(flows)} trading days"
    )


def _mood(connection: Connection, as_of: int) -> str:
    index = fear_greed.read(connection, until=as_of, known_until=as_of, limit_days=1)
    if not len(index):
        return "not measured: none was ever filed"
    return f"{int(index.value[-1])} of 100 (0 is fear) on {day_key(int(index.day[-1]))}"


def _headlines(connection: Connection, as_of: int) -> str:
    answered = context_feeds.last_ok(connection, "news", MARKET, known_until=as_of)
    rows = news.read(connection, MARKET, as_of - DAY, as_of + 1, known_until=as_of)
    lines = [f"{to_datetime(row.event_time):%H:%M} {row.title}" for row in reversed(rows)]
    if answered is None and not lines:
        return "not measured: the feed of headlines never answered"
    return quoted(dict.fromkeys(lines), HEADLINES)


def recall(decision: DecisionRecord, memory: Hippocampus | None) -> Recalled:
    """What the memory tells all analysts about a decision's moment, and of which trades.

    Args:
        decision: Whose moment is told.
        memory: Of the same source; None when nothing is remembered yet.
    """
    if memory is None:
        return Recalled("nothing is remembered yet")
    conditions = conditions_of_decision(json.loads(decision.payload))
    try:
        told = told_for(memory, conditions, decision.as_of)
        singly = memory.facts([one.id for one in told.singly])
    except (
        MemoryUnavailable,
        ConfigurationError,
        IntegrityBroken,
    ):  # its words name a path of this machine, which nobody else needs
        return Recalled("not known: the memory could not be read")
    return Recalled(told.text, told.remembered, told.alike, singly)
