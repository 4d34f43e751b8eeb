"""Trades of the past, from an archive or a file: minutes of order flow, and hours of the event tape.

Belongs here: what backfill and import do alike with trades that nobody captured live. Does not
belong here: where the trades come from, and what is stored of the minutes.

Quotes of the past are lost, so these minutes have no order flow imbalance and no mid prices. A
number that is missing among the trades is a missing trade: coverage begins anew after it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sqlalchemy import Connection

from babingepet.market.frames import Ints, Quotes, Trades
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.market.tape import TapeMinute, reduce_minute
from babingepet_resources.event_tape.frames import taped_trades
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.warehouse import tape
from babingepet_services.btc.memory import WHALE_USD
from babingepet_services.capture.content import tape_minute
from babingepet_services.market.gap_ledger import Market, Span


def reduced_minutes(
    trades: Trades, span: Span, before: TapeMinute | None, volume: float
) -> Iterator[TapeMinute]:
    """Reduce trades minute by minute, without quotes.

    Args:
        trades: Of the span, ascending.
        span: Whole minutes that the trades cover.
        before: The minute before it, if any: the volume clock goes on from there.
        volume: Bucket volume of the volume clock, base units; NaN when unknown.
    """
    covered = span[0] if before is None or before.trades_from is None else before.trades_from
    breaks = trades.event_time[1:][np.diff(trades.trade_id) != 1]
    previous = before
    for open_time in range(span[0], span[1], MINUTE):
        close = open_time + MINUTE
        broken = breaks[: np.searchsorted(breaks, close)]
        previous = reduce_minute(
            open_time,
            trades.between(open_time, close),
            Quotes.empty(),
            previous=previous,
            trades_from=int(broken[-1]) if len(broken) else covered,
            quotes_from=None,
            book=None,
            minimum_notional=WHALE_USD,
            bucket_volume=volume,
        )
        yield previous


def stored_minutes(connection: Connection, market: Market, span: Span) -> Ints:
    """Open times of the minutes whose order flow is stored."""
    return tape.order_flow_times(connection, market.symbol, market.source, *span)


def minute_before(connection: Connection, market: Market, start: int) -> TapeMinute | None:
    """The stored minute that ends at ``start``."""
    rows = tape.order_flow(connection, market.symbol, market.source, start - MINUTE, start)
    return tape_minute(rows[0].open_time, rows[0].summary) if rows else None


def lay_hours(
    event_tape: EventTape, trades: Trades, span: Span, stored: Ints, market: Market, known_at: int
) -> None:
    """Put whole hours on the tape; one of which a minute is stored already is its writer's."""
    taken = set((stored // HOUR).tolist())
    for hour in range(-(-span[0] // HOUR) * HOUR, span[1] - HOUR + 1, HOUR):
        inside = trades.between(hour, hour + HOUR)
        if hour // HOUR not in taken and len(inside):
            frame = taped_trades(inside, known_at)
            event_tape.write_hour(market.symbol, market.source, hour, frame)
