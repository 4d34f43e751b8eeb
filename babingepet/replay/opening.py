"""What a minute may know before it is over: its open, and that a level was reached.

Funding is paid and an order fills at the open, whatever the minute goes on to do. An exit at a level
pays that level, however far the price runs on. All of that is told at the end of the minute, where
nothing of it is future any more: so the minute is decided again with another rest. Trades are few, so
this is done for each of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from babingepet.cycles.btc_values import BtcState
from babingepet.domain.codes import ExitReason
from babingepet.market.intervals import MINUTE
from babingepet.paper.exits import liquidation_price
from babingepet.paper.position import ClosedTrade
from babingepet.replay.dependence import OTHER_REST, Dependence, dependence
from babingepet.replay.kernel import Columns, rows_of
from babingepet.replay.told import (
    ENTRY_TIME,
    SHADOW,
    Difference,
    Facts,
    by_cause,
    different_facts,
    exit_ends,
    trade_facts,
)
from babingepet.replay.truth import IN_SIGHT, Truth

FURTHER = 1e-3
"""How much further the price runs on, as a fraction of it."""
OTHER_HIGH, OTHER_LOW, OTHER_CLOSE = 1.5, 0.5, 0.7
"""Factors of the prices of a minute that goes another way after its open."""
AT_THE_OPEN = ExitReason.DRAWDOWN.value
AT_A_LEVEL = frozenset(ExitReason) - {ExitReason.NONE, ExitReason.TIME, ExitReason.DRAWDOWN}
"""Exits at a price that rested at the exchange, or at an open beyond it."""


class Minute(NamedTuple):
    """A minute that begins where the future was changed.

    The columns begin with it; later ones lie in sight.
    """

    state: BtcState
    columns: Columns
    others: Columns
    """With another future."""


def check_trades(truth: Truth) -> Dependence | None:
    """The earliest fill or exit, of all there are, that knew the rest of its minute."""
    filled = truth.trades[:, ENTRY_TIME].astype(np.int64)
    for opened in np.union1d(filled, exit_ends(truth.trades) - MINUTE).tolist():
        row = int(np.searchsorted(truth.columns.open_time, opened))
        columns = rows_of(truth.columns, row, truth.rows_until(opened + IN_SIGHT))
        others = with_first(
            columns,
            high=columns.high[0] * OTHER_HIGH,
            low=columns.low[0] * OTHER_LOW,
            close=columns.close[0] * OTHER_CLOSE,
        )
        found = known_too_early(truth, Minute(truth.state_before(row), columns, others))
        if found:
            return dependence(min(found, key=by_cause), OTHER_REST, opened)
    return None


def known_too_early(truth: Truth, minute: Minute) -> list[Difference]:
    """What a minute told of its open, or of an exit at a level, that it could not know by then."""
    columns, others = minute.columns, minute.others
    ends = int(columns.open_time[0]) + MINUTE
    funding, told = (ends, "funding"), truth.decided(minute.state, columns, 1)
    rest = with_first(
        others,
        open=columns.open[0],
        high=max(columns.open[0], others.high[0]),
        low=min(columns.open[0], others.low[0]),
        funding=columns.funding[0],
    )
    otherwise = truth.decided(minute.state, rest, 1)
    found = different_facts({funding: columns.funding[0]}, {funding: others.funding[0]})
    found += different_facts(
        at_the_open(trade_facts(told), ends), at_the_open(trade_facts(otherwise), ends)
    )
    for row in told.trades:
        trade, kind = ClosedTrade(*row[:SHADOW].tolist()), "shadow exit" if row[SHADOW] else "exit"
        if trade.exit_reason in AT_A_LEVEL:
            further = running_on(columns, trade, truth.rules.settings.sizing.leverage)
            again = truth.decided(minute.state, further, 1)
            found += different_facts(_of(kind, trade_facts(told)), _of(kind, trade_facts(again)))
    return found


def at_the_open(facts: Facts, ends: int) -> Facts:
    """Fills of the minute, and an exit at its open."""
    kinds = {"fill", "shadow fill"}
    if facts.get((ends, "exit: exit_reason")) == AT_THE_OPEN:
        kinds.add("exit")
    return {key: v for key, v in facts.items() if key[0] == ends and key[1].split(":")[0] in kinds}


def _of(kind: str, facts: Facts) -> Facts:
    return {key: value for key, value in facts.items() if key[1].split(":")[0] == kind}


def running_on(columns: Columns, trade: ClosedTrade, leverage: float) -> Columns:
    """The minutes with a first one that goes further beyond the level at which a trade was closed.

    It stops halfway before a liquidation, which would be another exit.
    """
    is_long, high, low = trade.side > 0, float(columns.high[0]), float(columns.low[0])
    up, down = high * (1.0 + FURTHER), low * (1.0 - FURTHER)
    if trade.exit_reason != ExitReason.LIQUIDATION:
        ruin = liquidation_price(int(trade.side), trade.entry_price, leverage)
        up = up if is_long else min(up, 0.5 * (high + ruin))
        down = max(down, 0.5 * (low + ruin)) if is_long else down
    if trade.exit_reason == ExitReason.TARGET:  # on the other side rests the stop
        up, down = (up, low) if is_long else (high, down)
    return with_first(columns, high=up, low=down, close=0.5 * (up + down))


def with_first(columns: Columns, **values: float) -> Columns:
    """The columns with other values in their first row."""
    changed: dict[str, npt.NDArray[Any]] = {}
    for name, value in values.items():
        column = getattr(columns, name)
        changed[name] = column.copy()
        changed[name][0] = value
        changed[name].flags.writeable = column.flags.writeable  # a rule is compiled for either
    return columns._replace(**changed)
