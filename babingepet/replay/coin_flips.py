"""Accounts that enter at given minutes, walked by the rules of the live account.

Time is spent inside positions only: flat, the walk jumps to the next entry. Drawing the entries and
judging the outcome belong to ``baselines``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.cycles.btc_minute import run_position
from babingepet.cycles.settings import BtcSettings
from babingepet.domain.codes import Grade
from babingepet.domain.money import round8
from babingepet.market.frames import Floats, Ints
from babingepet.paper.ledger import pay, unrealized_pnl
from babingepet.paper.position import NO_POSITION, NO_TRADE, ClosedTrade, Ledger, Order
from babingepet.paper.sizing import floor_quantity
from babingepet.replay.kernel import Columns, bar_at

UNGRADED = Grade.D.value


class FlipAccounts(NamedTuple):
    """What each account came to; money in quote currency, each column of shape (runs,)."""

    net_pnl: Floats
    """Equity at the end, an open position marked, less the capital."""
    won: Floats
    """Sum of the net P&L of trades that won."""
    lost: Floats
    """The same of trades that lost, positive."""
    r_total: Floats
    """Sum of R over closed trades."""
    trades: Floats
    """Closed trades."""
    max_drawdown: Floats
    """Deepest fall of the equity at a close below its peak, fraction, 0 or negative."""
    dropped: Floats
    """Entries that found no room before the end, or no money."""


class Ride(NamedTuple):
    """An account after one position."""

    row: int
    """The first minute after it."""
    ledger: Ledger
    equity: float
    peak: float
    """Highest equity so far."""
    fall: float
    """Deepest drawdown so far."""
    closed: ClosedTrade


@rule
def ride(columns: Columns, order: Order, start: Ride, settings: BtcSettings) -> Ride:
    """Fill an order at the open of ``start.row`` and hold until an exit or the last minute."""
    row, ledger, equity, peak, fall = start.row, start.ledger, start.equity, start.peak, start.fall
    position, closed = NO_POSITION, NO_TRADE
    while row < len(columns.open_time):
        bar = bar_at(columns, row)
        minute = run_position(order, position, bar, settings, flattens=False)
        position, closed = minute.position, minute.closed
        if minute.fee != 0.0 or minute.funding != 0.0 or closed.side != 0:
            ledger = pay(ledger, closed.gross_pnl, minute.fee, minute.funding, minute.slippage)
        equity = round8(ledger.cash + unrealized_pnl(position, bar.close))
        peak = max(peak, equity)
        fall = min(fall, equity / peak - 1.0)
        row += 1
        if position.side == 0:
            break
    return Ride(row, ledger, equity, peak, fall, closed)


@rule
def walk_account(
    columns: Columns, rows: Ints, sides: Ints, capital: float, settings: BtcSettings
) -> tuple[float, float, float, float, float, float, float]:
    """Take entries one after the other; the fields are those of ``FlipAccounts``."""
    sizing = settings.sizing
    at = Ride(1, Ledger(capital, 0.0, 0.0, 0.0, 0.0), capital, capital, 0.0, NO_TRADE)
    won, lost, r_total, trades, dropped = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(len(rows)):
        row = max(rows[i], at.row)
        if row >= len(columns.open_time):
            dropped += 1.0
            continue
        notional = sizing.least_fraction * at.equity * sizing.leverage
        quantity = floor_quantity(notional, columns.close[row - 1], sizing)
        if quantity <= 0.0:
            dropped += 1.0
            continue
        order = Order(sides[i], quantity, columns.open_time[row], UNGRADED)
        at = ride(
            columns, order, Ride(row, at.ledger, at.equity, at.peak, at.fall, NO_TRADE), settings
        )
        if at.closed.side != 0:
            trades += 1.0
            won += max(at.closed.net_pnl, 0.0)
            lost += max(-at.closed.net_pnl, 0.0)
            r_total += at.closed.r_multiple
    return round8(at.equity - capital), won, lost, r_total, trades, at.fall, dropped


@rule
def walk_accounts(
    columns: Columns, rows: Ints, sides: Ints, capital: float, settings: BtcSettings
) -> Floats:
    """Walk every account; rows and sides of shape (runs, entries), the result (runs, 7)."""
    table = np.empty((rows.shape[0], 7))
    for run in range(rows.shape[0]):
        came_to = walk_account(columns, rows[run], sides[run], capital, settings)
        for field in range(7):
            table[run, field] = came_to[field]
    return table
