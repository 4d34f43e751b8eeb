"""What an account came to: its equity and closed trades read, reduced and measured.

1. the account is chosen: a book, an instrument, and one source of facts (``performance.account``)
2. its minutes and closed positions of the period are read; the opening is what it had before
3. the engine measures (``babingepet.performance``); shadows are measured apart

A period is (since, until]: a minute belongs to it by its end, so whole UTC days run from 00:00 to
00:00. A trade belongs to the period in which it was closed, with all of its P&L; what an open
position has gained is in the equity and in no trade.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from babingepet.domain.decision import canonical_json
from babingepet.errors import InputError
from babingepet.market.intervals import iso
from babingepet.performance.equity import (
    Drawdown,
    MonthReturn,
    daily_equity,
    deepest_drawdown,
    monthly_returns,
)
from babingepet.performance.returns import ReturnMetrics, return_metrics
from babingepet.performance.trades import Costs, TradeMetrics, costs, trade_metrics
from babingepet_resources.warehouse.database import Database
from babingepet_services.performance.account import AccountPeriod, read_account

PERIODS_PER_YEAR = 365
"""Days a year on which a crypto market trades."""


@dataclass(frozen=True)
class Account:
    """How the account stood at both ends, quote currency.

    Attributes:
        opening_equity: What it had when the period began; its capital if it began with it.
        closing_equity: At the last minute; cash and unrealized_pnl add up to it.
        cash: At the last minute.
        unrealized_pnl: Of the position that is still open.
        open_position: Its id, or None.
    """

    opening_equity: float
    closing_equity: float
    cash: float
    unrealized_pnl: float
    open_position: str | None


@dataclass(frozen=True)
class Performance:
    """What an account came to in a period; times are UTC milliseconds.

    Attributes:
        book: The ledger.
        symbol: The instrument.
        source: Where its facts came from.
        other_sources: Other accounts of this book and instrument in the database.
        start: When the period begins: ``since``, or a minute before the first decision.
        end: The last minute of it.
        minutes: Decided within it.
        days: Days that are over, each a return.
        silent_days: Of these, days without a minute: their return is 0.
        periods_per_year: What ratios are annualised with.
        account: Its two ends.
        returns: Metrics of its equity.
        drawdown: The deepest one; None if equity never fell.
        months: Calendar months, UTC.
        trades: Metrics of closed trades.
        costs: From gross to net P&L of the same trades.
        shadows: Metrics of trades that were not entered: no money, in no other number here.
        notes: What a reader must know about these numbers.
    """

    book: str
    symbol: str
    source: str
    other_sources: tuple[str, ...]
    start: int
    end: int
    minutes: int
    days: int
    silent_days: int
    periods_per_year: int
    account: Account
    returns: ReturnMetrics
    drawdown: Drawdown | None
    months: tuple[MonthReturn, ...]
    trades: TradeMetrics
    costs: Costs
    shadows: TradeMetrics
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As JSON values, under the names of the fields."""
        return asdict(self) | {
            "drawdown": self.drawdown and self.drawdown._asdict(),
            "months": [month._asdict() for month in self.months],
        }

    def canonical(self) -> bytes:
        """The document as canonical JSON: equal accounts have equal bytes."""
        return canonical_json(self.document())


def performance(
    database: Database,
    book: str,
    symbol: str,
    since: int | None = None,
    until: int | None = None,
    *,
    source: str | None = None,
) -> Performance:
    """Measure an account.

    Args:
        database: The warehouse.
        book: The ledger.
        symbol: The instrument.
        since: UTC ms at which the period begins; None for the account's beginning.
        until: UTC ms at which it ends; None for the account's last minute.
        source: Binance, recorded or simulated; None for the one that was decided on last.

    Raises:
        InputError: There is no such account, or it has no minute in the period.
        WarehouseUnavailable: The database.
    """
    if since is not None and until is not None and until <= since:
        raise InputError(f"the period ends at {iso(until)}, not after its start {iso(since)}")
    with database.reading() as connection:
        period = read_account(connection, book, symbol, since, until, source)
    return _measure(book, symbol, period)


def _measure(book: str, symbol: str, period: AccountPeriod) -> Performance:
    curve, closing = period.curve, period.closing
    days = daily_equity(curve)
    account = Account(
        opening_equity=float(curve.equity[0]),
        closing_equity=float(closing.equity),
        cash=float(closing.cash),
        unrealized_pnl=float(closing.unrealized_pnl),
        open_position=closing.detail.get("position_id"),
    )
    trades = trade_metrics(period.trades)
    return Performance(
        book=book,
        symbol=symbol,
        source=period.source,
        other_sources=period.other_sources,
        start=int(curve.as_of[0]),
        end=int(curve.as_of[-1]),
        minutes=len(curve) - 1,
        days=len(days.equity) - 1,
        silent_days=days.silent,
        periods_per_year=PERIODS_PER_YEAR,
        account=account,
        returns=return_metrics(curve, PERIODS_PER_YEAR),
        drawdown=deepest_drawdown(curve),
        months=tuple(monthly_returns(curve)),
        trades=trades,
        costs=costs(period.trades),
        shadows=trade_metrics(period.shadows),
        notes=_notes(period.other_sources, days.silent, trades.count, account),
    )


def _notes(others: tuple[str, ...], silent: int, trades: int, account: Account) -> tuple[str, ...]:
    said = {
        "no trade was closed in this period": trades == 0,
        f"{silent} days have no minute: their return is counted as 0": silent > 0,
        f"{account.open_position} is open: its P&L is in the equity and in no trade": (
            account.open_position is not None
        ),
        f"there are other accounts of it here, from {', '.join(others)}": bool(others),
    }
    return tuple(text for text, applies in said.items() if applies)
