"""What one day holds of Bitcoin's analysts: what they agreed on, who answered, what it cost.

Belongs here: holding today's round, reading the day and summing it up. Does not belong here: a round
(``babingepet_services.swarm``) and drawing (``btc_day.swarm_plots``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from sqlalchemy import Connection

from babingepet.market.intervals import MINUTE, iso
from babingepet.swarm.answers import State
from babingepet.swarm.rosters import BTC
from babingepet_resources.clients.clock import Clock
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import candles, context_feeds, predictions, swarm, swarm_calls
from babingepet_resources.warehouse.records import (
    FeedCheckRecord,
    PredictionRecord,
    SpendRecord,
    VerdictRecord,
)
from babingepet_services.btc_day import swarm_plots
from babingepet_services.btc_day.context import is_today
from babingepet_services.btc_day.day import AssetReport, Cell, DayScope, label, span, table
from babingepet_services.swarm.rounds import RoundReport, hold_round

MARKET = BTC.market
CLOSED = "nobody was asked: a round is about the minute that is decided now"
_SIDES = {1: "up", 0: "none", -1: "down"}


@dataclass(frozen=True)
class SwarmDay:
    """Rows of one day; those of the analysts by the minute that they are about.

    Attributes:
        answers: Of every analyst in every round.
        verdicts: What they agreed on.
        checks: One a round: whether there was a quorum.
        spend: By analyst and model, of the calls that were begun that day.
    """

    answers: Sequence[PredictionRecord]
    verdicts: Sequence[VerdictRecord]
    checks: Sequence[FeedCheckRecord]
    spend: Sequence[SpendRecord]

    @property
    def states(self) -> Counter[str]:
        """How often an answer was of each state."""
        return Counter(row.state for row in self.answers)

    @property
    def cost(self) -> Decimal:
        """US dollars, with what was reserved for calls whose cost nobody told."""
        return sum((row.cost_usd + row.unsettled_usd for row in self.spend), Decimal(0))


def read_day(connection: Connection, symbol: str, start: int, end: int) -> SwarmDay:
    """What is stored of the rounds with start <= as_of < end."""
    answers = predictions.between(connection, MARKET, start, end)
    spend = swarm_calls.spend(connection, start, end)
    return SwarmDay(
        [row for row in answers if row.symbol == symbol],
        swarm.read(connection, MARKET, start, end),
        context_feeds.read(connection, "swarm", MARKET, start, end),
        [row for row in spend if row.market == MARKET],
    )


def describe_swarm(scope: DayScope, settings: Settings, clock: Clock) -> AssetReport:
    """The analysts' day; for today a round is held before, where models are asked.

    Raises:
        InputError: A file of models or prompts is wrong.
        WarehouseUnavailable: The database. Models that do not answer do not raise.
    """
    held = _hold(scope, settings, clock) if is_today(scope, clock) else None
    with scope.database.reading() as connection:
        day = read_day(connection, scope.symbol, scope.start, scope.end)
        bars = candles.read(connection, scope.symbol, "1m", scope.source, scope.start, scope.end)
        source = label(connection, scope)
    numbers = _numbers(day) | {"round": CLOSED if held is None else f"{held.came}: {held.detail}"}
    if not day.verdicts:
        return AssetReport(0, None, source, _states_table(day), None, numbers)
    times = np.array([row.as_of for row in day.verdicts], np.int64)
    plot = scope.drawn(
        swarm_plots.verdicts,
        scope.start,
        times,
        np.array([row.p_up for row in day.verdicts]),
        np.array([row.agreement for row in day.verdicts]),
        bars.open_time,
        bars.close,
    )
    tables = f"{_verdict_table(day)}\n\n{_states_table(day)}"
    return AssetReport(len(day.verdicts), span(times, MINUTE), source, tables, plot, numbers)


def _hold(scope: DayScope, settings: Settings, clock: Clock) -> RoundReport:
    file = settings.memory_file(scope.source)
    given = (clock, scope.symbol, scope.source)
    if not file.is_file():
        return hold_round(settings, scope.database, None, *given)
    with closing(Hippocampus(file)) as memory:
        return hold_round(settings, scope.database, memory, *given)


def _numbers(day: SwarmDay) -> dict[str, Cell]:
    asked = len(day.answers)
    newest = day.verdicts[-1] if day.verdicts else None
    rounds = {(row.as_of, row.provider) for row in day.answers}
    return {
        "provider": ", ".join(sorted({row.provider for row in day.answers})) or None,
        "rounds": len(rounds),
        "rounds_without_quorum": len(rounds) - len(day.verdicts),
        "p_up": None if newest is None else round(newest.p_up, 4),
        "agreement": None if newest is None else round(newest.agreement, 4),
        "abstention_rate": round(1.0 - day.states[State.VOTE] / asked, 4) if asked else None,
        "calls": sum(row.calls for row in day.spend),
        "spend_usd": float(day.cost),
        **{f"state_{state}": count for state, count in sorted(day.states.items())},
    }


def _verdict_table(day: SwarmDay) -> str:
    """Newest first."""
    cells = [
        (
            iso(row.as_of)[11:16], row.provider, round(row.p_up, 4), round(row.agreement, 3),
            _SIDES[row.side], row.valid, "yes" if row.degraded else "no",
        )
        for row in reversed(day.verdicts)
    ]  # fmt: skip
    headers = ("minute", "provider", "p_up", "agreement", "side", "votes", "degraded")
    return table(headers, cells)


def _states_table(day: SwarmDay) -> str:
    """How often each analyst's answer was of each state, in the order of the roster."""
    if not day.answers:
        return table((), ())
    states = [state.value for state in State if day.states[state]]
    counts = Counter((row.agent, row.state) for row in day.answers)
    cells: list[list[Cell]] = [
        [agent, *(counts[agent, state] for state in states)] for agent in BTC.names
    ]
    return table(("analyst", *states), cells)
