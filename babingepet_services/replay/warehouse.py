"""What a warehouse holds of an instrument, as a market that can be replayed.

Belongs here: which rows are read. Does not belong here: which warehouse is meant (settings).

Facts are read as they stand now: when they became known is left aside, so a candle that was
repaired an hour late is there in its own minute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.frames import Candles, Frame, FundingRates
from babingepet.market.intervals import (
    DAY,
    HOUR,
    MINUTE,
    hours_needed_from,
    iso,
    minutes_needed_from,
)
from babingepet.replay.market import ReplayMarket
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import candles, funding
from babingepet_services.btc.memory import FUNDING_DAYS
from babingepet_services.replay.files import MarketRead
from babingepet_services.warehouse_lookup import CONFIGURED, Place, named_places

ADVICE = "give files with --candles"
NOTE = (
    "read from the warehouse as it stands now: facts that became known late are there in their "
    "own minute"
)


def read_warehouse(settings: Settings, start: int | None, end: int | None) -> MarketRead:
    """Read the market of the configured source and instrument.

    Args:
        settings: Which database, source and instrument.
        start: First time that is decided, UTC ms; None for the first stored minute. What the
            signals need from before it is read too.
        end: Where the decisions end, UTC ms; None for the last stored minute.

    Raises:
        InputError: There is no warehouse, or no minute of the instrument in it.
        WarehouseUnavailable: The database does not answer.
    """
    source = settings.source
    database = _place(settings).open()
    try:
        with database.reading() as connection:
            span = candles.span(connection, settings.symbol, "1m", source)
            if span is None:
                raise InputError(
                    f"{database.where} holds no minute of {settings.symbol} from {source}: {ADVICE}"
                )
            market = _read(connection, settings.symbol, source, span, start, end)
        ranges = {"minutes": market.minutes, "hours": market.hours, "funding": market.funding}
        origin = {"warehouse": database.where} | {k: _range(v) for k, v in ranges.items()}
    finally:
        database.close()
    return MarketRead(market, origin, (NOTE,))


def _place(settings: Settings) -> Place:
    try:
        return named_places(settings, CONFIGURED)[0]
    except InputError as error:
        raise InputError(f"{error}: {ADVICE}") from error


def _read(
    connection: Connection, symbol: str, source: str, span: tuple[int, int], start: int | None,
    end: int | None,
) -> ReplayMarket:  # fmt: skip
    begin = span[0] if start is None else start
    first = max(span[0], minutes_needed_from(begin))
    last = span[1] if end is None else end
    minutes = candles.read(connection, symbol, "1m", source, first, last)
    if not len(minutes):
        raise InputError(
            f"there is no minute in this period: {source} has {iso(span[0])} to {iso(span[1])}"
        )
    first_hour = int(minutes.open_time[0]) // HOUR * HOUR
    hours = candles.read(connection, symbol, "1h", source, hours_needed_from(begin), first_hour)
    rates = funding.read(connection, symbol, source, begin - FUNDING_DAYS * DAY, last + MINUTE)
    return ReplayMarket(symbol, source, minutes, hours, rates, _feeds(minutes, rates))


def _feeds(minutes: Candles, rates: FundingRates) -> frozenset[str]:
    """The kinds of feed that left something behind."""
    left = {
        "candles": True,
        "taker_volume": not np.isnan(minutes.taker_buy_base_volume).all(),
        "funding": len(rates) > 0,
    }
    return frozenset(feed for feed, is_there in left.items() if is_there)


def _range(frame: Frame) -> Mapping[str, Any]:
    times = frame.time
    return {
        "rows": len(frame),
        "first": int(times[0]) if len(frame) else None,
        "last": int(times[-1]) if len(frame) else None,
        "sha256": hashlib.sha256(frame.to_bytes()).hexdigest(),
    }
