"""One account of a period, read from a warehouse: its minutes as a curve, its closed positions.

Belongs here: which account is meant, and where a period begins. Does not belong here: measuring it
(``performance``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE, iso
from babingepet.performance.equity import EquityCurve
from babingepet.performance.trades import RoundTrips
from babingepet_resources.warehouse import accounts, history
from babingepet_resources.warehouse.accounts import AccountSpan
from babingepet_resources.warehouse.records import PortfolioRecord, PositionRecord


@dataclass(frozen=True)
class AccountPeriod:
    """What is stored of an account in (start, end].

    Attributes:
        source: Where its facts came from.
        other_sources: Other accounts of the same book and instrument, by name.
        curve: The opening, then every minute.
        closing: The account at the last minute.
        trades: Closed in the period, in the order of their exits.
        shadows: Trades that were not entered, likewise.
    """

    source: str
    other_sources: tuple[str, ...]
    curve: EquityCurve
    closing: PortfolioRecord
    trades: RoundTrips
    shadows: RoundTrips


def read_account(
    connection: Connection,
    book: str,
    symbol: str,
    since: int | None,
    until: int | None,
    source: str | None,
) -> AccountPeriod:
    """Read an account; None stands for its beginning, its end, and the one decided on last.

    Raises:
        InputError: There is no such account, or it has no minute in the period.
    """
    found = accounts.accounts(connection, book, symbol)
    span = choose_account(found, book, symbol, source)
    others = tuple(sorted(one.source for one in found if one is not span))
    begin = span.first - MINUTE
    after = begin if since is None else max(since, begin)
    last = span.last if until is None else until
    as_of, equity, exposure = accounts.equity_columns(
        connection, book, symbol, span.source, after, last
    )
    closing = accounts.newest_until(connection, book, symbol, span.source, last)
    if not len(as_of) or closing is None:
        raise InputError(
            f"book {book} has no minute of {symbol} from {span.source} in this period: its minutes "
            f"are {iso(span.first)} to {iso(span.last)}"
        )
    before = accounts.newest_until(connection, book, symbol, span.source, after)
    opening = float(_capital(closing) if before is None else before.equity)
    closed = [
        row
        for row in history.closed_positions(connection, book, after + 1, last + 1)
        if row.symbol == symbol and row.source == span.source
    ]
    return AccountPeriod(
        span.source,
        others,
        EquityCurve(
            np.insert(as_of, 0, after), np.insert(equity, 0, opening), np.insert(exposure, 0, 0.0)
        ),
        closing,
        _round_trips([row for row in closed if not row.shadow]),
        _round_trips([row for row in closed if row.shadow]),
    )


def choose_account(
    found: Sequence[AccountSpan], book: str, symbol: str, source: str | None
) -> AccountSpan:
    """The account on facts of a source; None stands for the one decided on last, which comes first.

    Raises:
        InputError: There is none.
    """
    chosen = [span for span in found if source in {None, span.source}]
    if chosen:
        return chosen[0]
    if not found:
        raise InputError(f"book {book} has no decision about {symbol}")
    names = ", ".join(span.source for span in found)
    raise InputError(f"book {book} has no decision about {symbol} from {source}, only {names}")


def _capital(account: PortfolioRecord) -> Decimal:
    """What the account began with: cash moves only by realised P&L, fees and funding."""
    return account.cash - account.realized_pnl + account.fees_paid + account.funding_paid


def _round_trips(rows: Sequence[PositionRecord]) -> RoundTrips:
    return RoundTrips.from_rows(
        (
            row.exit_time, _number(row.net_pnl), _number(row.r_multiple), float(row.fees_paid),
            float(row.funding_paid), _number(row.slippage_paid),
        )
        for row in rows
    )  # fmt: skip


def _number(value: Decimal | float | None) -> float:
    return np.nan if value is None else float(value)
