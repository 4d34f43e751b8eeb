"""Trades of a file, reduced to the minutes of order flow that they cover whole.

Belongs here: which minutes a file covers, and what is stored of them. Does not belong here: how
minutes are reduced (``market.past_trades``, the engine).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

import numpy as np
from sqlalchemy import Connection

from babingepet.market.frames import Trades
from babingepet.market.intervals import DAY, MINUTE, month_start, to_ms
from babingepet.market.tape import TapeMinute
from babingepet.signals.vpin import VOLUME_DAYS, bucket_volume
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.warehouse import candles, tape
from babingepet_resources.warehouse.records import InsertOutcome
from babingepet_services.btc.records import large_print_records, order_flow_record
from babingepet_services.capture.content import tape_summary
from babingepet_services.imports.pieces import Piece, Stores
from babingepet_services.market.gap_ledger import Market, Span
from babingepet_services.market.past_trades import (
    lay_hours,
    minute_before,
    reduced_minutes,
    stored_minutes,
)

_PERIOD = re.compile(r"-(\d{4})-(\d\d)(?:-(\d\d))?\.zip$")
"""The day or month at the end of the name of an archive's file."""


def covered(trades: Trades, name: str, *, whole: bool) -> list[Span]:
    """Stretches of minutes of which the trades are known to be all.

    Numbers of trades follow each other without a gap: where one is missing, so is a trade. The
    minutes in which a stretch begins and ends may have begun before and gone on after; the archive's
    own files are of a whole day or month, and their packing is checked to the last byte.

    Args:
        trades: Ascending.
        name: The file's.
        whole: Whether no row of the file was refused.
    """
    if not len(trades):
        return []
    breaks = np.flatnonzero(np.diff(trades.trade_id) != 1)
    first = trades.event_time[np.append(0, breaks + 1)]
    last = trades.event_time[np.append(breaks, len(trades) - 1)]
    starts, ends = (first // MINUTE + 1) * MINUTE, last // MINUTE * MINUTE
    period = _period(name) if whole else None
    if period is not None and period[0] <= first[0] and last[-1] < period[1]:
        starts[0], ends[-1] = period
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    return [(start, end) for start, end in spans if start < end]


def minute_pieces(
    stores: Stores, trades: Trades, spans: Sequence[Span], market: Market
) -> Iterator[Piece]:
    """Reduce the minutes of some stretches day by day, and lay their whole hours on the tape.

    A piece is made after the one before it was stored: its volume clock goes on from there.
    """
    event_tape = EventTape.open(stores.tape_url)
    for start, end in spans:
        with stores.database.reading() as connection:
            begin = start // DAY * DAY - VOLUME_DAYS * DAY
            history = candles.read(connection, market.symbol, "1m", market.source, begin, end)
        for day in range(start // DAY * DAY, end, DAY):
            span = (max(start, day), min(end, day + DAY))
            inside = trades.between(*span)
            with stores.database.reading() as connection:
                before = minute_before(connection, market, span[0])
                stored = stored_minutes(connection, market, span)
            lay_hours(event_tape, inside, span, stored, market, stores.now)
            volume = bucket_volume(history, day)
            minutes = list(reduced_minutes(inside, span, before, volume))
            yield Piece(len(minutes), partial(_write, minutes, inside, market))


def _write(
    minutes: Sequence[TapeMinute],
    trades: Trades,
    market: Market,
    connection: Connection,
    known_at: int,
) -> InsertOutcome:
    rows = []
    prints = []
    for minute in minutes:
        inside = trades.between(minute.open_time, minute.open_time + MINUTE)
        summary = tape_summary(minute)
        rows.append(order_flow_record(minute, summary, inside, market, known_at))
        prints += large_print_records(minute, market, known_at)
    tape.insert_large_prints(connection, prints)
    return tape.file_order_flow(connection, rows)


def _period(name: str) -> Span | None:
    found = _PERIOD.search(name)
    if found is None:
        return None
    year, month, day = (int(one) if one else None for one in found.groups())
    try:
        start = to_ms(datetime(year or 0, month or 0, day or 1, tzinfo=UTC))
    except ValueError:
        return None
    return start, start + DAY if day else month_start(start, -1)
