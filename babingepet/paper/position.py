"""The values of the paper account: bar, order, position, fill, closed trade, ledger."""

from __future__ import annotations

from typing import NamedTuple

from babingepet.domain.codes import ExitReason, Grade


class Bar(NamedTuple):
    """One closed minute as the account sees it; prices in quote currency.

    The quotes are those an order could trade on: the first of the minute and the last. NaN
    without a book.
    """

    open_time: int
    open: float
    high: float
    low: float
    close: float
    first_bid: float
    first_ask: float
    last_bid: float
    last_ask: float
    chandelier_long: float
    """Chandelier levels of the 15m bars closed at the end of this minute; NaN in warm-up."""
    chandelier_short: float
    funding: float
    """Sum of rate times mark over the settlements that fell due: paid per base unit by a long."""


class Order(NamedTuple):
    """An entry decided at the end of a minute, to be filled in the next one."""

    side: int = 0
    """0: no order."""
    quantity: float = 0.0
    as_of: int = 0
    grade: int = Grade.D.value
    """Grade of the decision that ordered."""


class Position(NamedTuple):
    """An open position; side 0 is none."""

    side: int = 0
    quantity: float = 0.0
    entry_time: int = 0
    entry_price: float = 0.0
    entry_fee: float = 0.0
    initial_stop: float = 0.0
    stop: float = 0.0
    stop_reason: int = ExitReason.NONE.value
    """Which rule set the stop in force."""
    target: float = 0.0
    peak: float = 0.0
    """Best price since entry, entry included."""
    armed: bool = False
    """Whether the trail is on."""
    funding_paid: float = 0.0
    grade: int = Grade.D.value
    """Grade of the decision that ordered the entry."""
    entry_slippage: float = 0.0
    """What the entry cost against the mid price, quote currency."""


class Exit(NamedTuple):
    """How a position left in this minute; reason 0 means it did not."""

    reason: int = ExitReason.NONE.value
    price: float = 0.0
    reference: float = 0.0
    """The mid price, or the level that was reached: the price before slippage."""


class ClosedTrade(NamedTuple):
    """A round trip; money in quote currency, positive cost is paid. side 0 is none."""

    side: int = 0
    quantity: float = 0.0
    entry_time: int = 0
    entry_price: float = 0.0
    exit_time: int = 0
    exit_price: float = 0.0
    exit_reason: int = ExitReason.NONE.value
    initial_stop: float = 0.0
    stop: float = 0.0
    target: float = 0.0
    peak: float = 0.0
    armed: bool = False
    grade: int = Grade.D.value
    fees_paid: float = 0.0
    funding_paid: float = 0.0
    gross_pnl: float = 0.0
    net_pnl: float = 0.0
    net_return: float = 0.0
    """Net P&L over entry notional."""
    r_multiple: float = 0.0
    """Net P&L over the initial risk."""
    slippage_paid: float = 0.0
    """What both fills cost against their reference prices; contained in the gross P&L."""


class Ledger(NamedTuple):
    """The account's money; every value lies on the grid of 1e-8."""

    cash: float
    realized_pnl: float = 0.0
    """Gross of fees and funding."""
    fees_paid: float = 0.0
    funding_paid: float = 0.0
    slippage_paid: float = 0.0
    """Contained in the realised P&L and in open positions' entry prices; shown, not booked."""


NO_ORDER = Order()
NO_POSITION = Position()
NO_EXIT = Exit()
NO_TRADE = ClosedTrade()
