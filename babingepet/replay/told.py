"""Everything that a replay tells up to a moment, in named parts, and where two tellings part.

A part is ``signal vpin``, ``gate COOLDOWN``, ``fill: entry_price``. Of a minute every column is told, of
a trade its fill and its exit, of the account all that is handed to the next minute. Values are
compared to the last bit; two missing ones are alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from babingepet.cycles.btc_values import BtcState
from babingepet.domain.codes import ExitReason, Gate
from babingepet.market.frames import Bools, Floats, Ints
from babingepet.market.intervals import MINUTE
from babingepet.paper.position import ClosedTrade, Position
from babingepet.replay.kernel import Columns, Walked
from babingepet.signals.registry import NAMES

ORDER = (
    "minute", "signal", "regime", "trend", "chandelier", "funding", "fill", "exit", "position",
    "shadow", "ledger", "record", "guards", "equity", "score", "coverage", "verdict", "votes",
    "points", "grade", "debounce", "gate", "order", "side", "exposure",
)  # fmt: skip
"""First words of the parts, causes before their effects: of several parts that differ in one minute
the first is named."""

FILL_FIELDS = ("side", "quantity", "entry_time", "entry_price", "initial_stop", "target", "grade")
"""What a position and a closed trade both say of the entry."""
ENTRY_TIME = ClosedTrade._fields.index("entry_time")
EXIT_TIME = ClosedTrade._fields.index("exit_time")
EXIT_REASON = ClosedTrade._fields.index("exit_reason")
SHADOW = len(ClosedTrade._fields)
PRICES = ("open", "high", "low", "close")

Facts = dict[tuple[int, str], float]
"""Value by the end of its minute, UTC milliseconds, and part."""


class Decided(NamedTuple):
    """What some minutes came to.

    ``trades`` are rows as ``write_trade`` lays them out.
    """

    state: BtcState
    walked: Walked
    trades: Floats


@dataclass(frozen=True, eq=False)
class Told:
    """What was told of some minutes.

    Attributes:
        as_of: End of each minute, UTC milliseconds, (n,).
        series: Values of every part of every minute, each (n,).
        facts: What is told once.
    """

    as_of: Ints
    series: Mapping[str, Floats]
    facts: Facts

    def since(self, row: int) -> Told:
        """What was told of the minutes from a row on."""
        begins = int(self.as_of[row])
        return Told(
            self.as_of[row:],
            {part: values[row:] for part, values in self.series.items()},
            {key: value for key, value in self.facts.items() if key[0] >= begins},
        )

    @property
    def values(self) -> int:
        """How many values there are."""
        return len(self.as_of) * len(self.series) + len(self.facts)


class Difference(NamedTuple):
    """The first part in which two tellings differ; NaN is nothing."""

    as_of: int
    part: str
    told: float
    otherwise: float


def told_of(columns: Columns, decided: Decided) -> Told:
    """All that is told of the minutes that were decided, which are the first of the columns."""
    count = len(decided.walked.score)
    as_of = columns.open_time[:count] + MINUTE
    series = _columns_by_part(columns) | _decisions_by_part(decided.walked)
    facts = trade_facts(decided) | _account_facts(decided.state, int(as_of[-1]))
    return Told(as_of, {part: values[:count] for part, values in series.items()}, facts)


def trade_facts(decided: Decided) -> Facts:
    """Every fill and every exit, at the end of their minutes."""
    facts: Facts = {}
    open_ones = {"": decided.state.position, "shadow ": decided.state.shadow}
    for prefix, position in open_ones.items():
        if position.side:
            facts |= _fill_facts(prefix, position)
    for row, ends in zip(decided.trades, exit_ends(decided.trades).tolist(), strict=True):
        trade = ClosedTrade(*row[:SHADOW].tolist())
        prefix = "shadow " if row[SHADOW] else ""
        facts |= _fill_facts(prefix, trade)
        facts |= {
            (ends, f"{prefix}exit: {name}"): float(value)
            for name, value in trade._asdict().items()
            if name not in FILL_FIELDS
        }
    return facts


def exit_ends(trades: Floats) -> Ints:
    """End of the minute in which each row of trades was closed; a drawdown closes at its open."""
    at_open = trades[:, EXIT_REASON] == ExitReason.DRAWDOWN
    ends: Ints = (trades[:, EXIT_TIME] + MINUTE * at_open).astype(np.int64)
    return ends


def _fill_facts(prefix: str, filled: Position | ClosedTrade) -> Facts:
    ends = int(filled.entry_time) + MINUTE
    return {(ends, f"{prefix}fill: {name}"): float(getattr(filled, name)) for name in FILL_FIELDS}


def _columns_by_part(columns: Columns) -> dict[str, Floats]:
    parts: dict[str, Any] = {f"minute: {name}": getattr(columns, name) for name in PRICES}
    for at, scores in zip(columns.measured.tolist(), columns.scores, strict=True):
        parts[f"signal {NAMES[at]}"] = scores
    parts |= {
        "regime": columns.regime.astype(np.float64),
        "trend: up": columns.trend_up,
        "trend: down": columns.trend_down,
        "chandelier: long": columns.chandelier_long,
        "chandelier: short": columns.chandelier_short,
        "funding": columns.funding,
    }
    return parts


def _decisions_by_part(walked: Walked) -> dict[str, Floats]:
    parts: dict[str, Any] = walked._asdict()
    blocked = parts.pop("blocked")
    parts |= {f"gate {gate.name}": blocked >> gate.value & 1 for gate in Gate}
    return {part: values.astype(np.float64) for part, values in parts.items()}


def _account_facts(state: BtcState, as_of: int) -> Facts:
    """All that is handed on; what a position says of its entry is told with the fill."""
    parts: dict[str, Mapping[str, Any]] = {
        name.replace("_", " "): part._asdict() for name, part in state._asdict().items()
    }
    parts["record"] = {f"{i}": value for i, value in enumerate(state.record.returns.tolist())}
    return {
        (as_of, f"{part}: {name}"): float(value)
        for part, values in parts.items()
        for name, value in values.items()
        if part not in {"position", "shadow"} or name not in FILL_FIELDS
    }


def first_difference(told: Told, otherwise: Told) -> Difference | None:
    """The earliest difference, of several in one minute the first cause; None without any."""
    if not np.array_equal(told.as_of, otherwise.as_of):
        return Difference(
            int(told.as_of[-1]), "minute: number of them", len(told.as_of), len(otherwise.as_of)
        )
    found = [
        Difference(int(told.as_of[row]), part, float(values[row]), float(others[row]))
        for part, values in told.series.items()
        for others in (otherwise.series[part],)
        for row in np.flatnonzero(_differs(values, others))[:1]
    ]
    found += different_facts(told.facts, otherwise.facts)
    return min(found, key=by_cause, default=None)


def different_facts(told: Facts, otherwise: Facts) -> list[Difference]:
    """Every fact that differs; one that only one of them tells is nothing to the other."""
    keys = list(told | otherwise)
    values, others = (
        np.array([facts.get(key, np.nan) for key in keys]) for facts in (told, otherwise)
    )
    return [
        Difference(*keys[row], float(values[row]), float(others[row]))
        for row in np.flatnonzero(_differs(values, others))
    ]


def by_cause(difference: Difference) -> tuple[int, int]:
    """Sorts differences by time, those of one minute by cause."""
    return difference.as_of, ORDER.index(difference.part.replace(":", " ").split()[0])


def _differs(values: Floats, others: Floats) -> Bools:
    differs: Bools = values.view(np.int64) != others.view(np.int64)
    return differs & ~(np.isnan(values) & np.isnan(others))
