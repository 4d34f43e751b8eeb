"""The kinds of file that can be imported: how each is read, and how its rows are stored.

Belongs here: which reader and which table belong to a kind. Does not belong here: formats
(``market_files``), tables (``warehouse``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection

from babingepet.market.context import EtfFlows
from babingepet.market.frames import Candles, FundingRates, OpenInterest, Trades
from babingepet.market.intervals import MINUTE
from babingepet_resources.market_files.candles import CandleRows, read_candles
from babingepet_resources.market_files.etf_flows import read_etf_flows
from babingepet_resources.market_files.fear_greed import FearGreed, read_fear_greed
from babingepet_resources.market_files.funding import read_funding
from babingepet_resources.market_files.headlines import (
    FiledHeadline,
    HeadlineRows,
    Publications,
    read_headlines,
)
from babingepet_resources.market_files.open_interest import read_open_interest
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.market_files.trades import read_trades
from babingepet_resources.warehouse import (
    candles,
    etf_flows,
    fear_greed,
    funding,
    news,
    open_interest,
)
from babingepet_resources.warehouse.records import (
    InsertOutcome,
    NewsRecord,
)
from babingepet_services.context.daily import flow_records, index_records
from babingepet_services.context.tones import read_by_lexicon, with_tones
from babingepet_services.imports.pieces import Piece, Stores
from babingepet_services.imports.trades import covered, minute_pieces
from babingepet_services.market.gap_ledger import Market

Kind = Literal[
    "candles", "trades", "funding", "open-interest", "etf-flows", "fear-greed", "headlines"
]

REVISED: frozenset[Kind] = frozenset({"etf-flows", "fear-greed"})
"""Kinds of which the newest word counts: a file that was read before must not become it again."""

ROWS_AT_ONCE = 100_000
"""Rows stored in one transaction: less than a second of the database's one writer."""


class Wanted(NamedTuple):
    """What a reader is told.

    Attributes:
        symbol: Take only rows of this one; None when the file is to tell.
        interval: Of candles; None when the file is to tell.
        until: The import's time, UTC ms: nothing later can be true.
    """

    symbol: str | None
    interval: str | None
    until: int


def read_file(kind: Kind, path: Path, wanted: Wanted) -> FileRows[Any]:
    """Read a file of a kind.

    Raises:
        InputError: It cannot be used as a whole; the message begins with its path.
    """
    symbol, interval, until = wanted
    rows: FileRows[Any]
    match kind:
        case "candles":
            rows = read_candles(path, str(path), interval=interval, symbol=symbol, until=until)
        case "trades":
            rows = read_trades(path, str(path), symbol=symbol, until=until)
        case "funding":
            rows = read_funding(path, str(path), symbol=symbol, until=until)
        case "open-interest":
            rows = read_open_interest(path, str(path), symbol=symbol, until=until)
        case "etf-flows":
            rows = read_etf_flows(path, str(path), until=until)
        case "fear-greed":
            rows = read_fear_greed(path, str(path), until=until)
        case "headlines":
            rows = read_headlines(path, str(path), symbol=symbol, until=until)
    return rows


class Plan(NamedTuple):
    """How the rows of a file are stored.

    Attributes:
        total: How many rows the pieces have together.
        pieces: In their order; made one by one.
        notes: What a reader of the figures must know.
    """

    total: int
    pieces: Iterator[Piece]
    notes: tuple[str, ...] = ()


def plan(stores: Stores, rows: FileRows[Any], market: Market, name: str) -> Plan:
    """Cut the rows of a file into what is stored at a time.

    Args:
        stores: Where they go; trades also ask what is there already.
        rows: What was read.
        market: What they are stamped with.
        name: The file's; the archive's tell which trades a file holds.
    """
    frame = rows.frame
    if isinstance(frame, Trades):
        return _plan_trades(stores, frame, market, name, whole=not rows.rows_rejected)
    store = _store(rows, market)
    pieces = (
        Piece(len(piece), partial(store, piece))
        for start in range(0, len(frame), ROWS_AT_ONCE)
        for piece in [frame.rows(start, start + ROWS_AT_ONCE)]
    )
    return Plan(len(frame), pieces)


def _plan_trades(stores: Stores, trades: Trades, market: Market, name: str, *, whole: bool) -> Plan:
    spans = covered(trades, name, whole=whole)
    minutes = sum(end - start for start, end in spans) // MINUTE
    notes = [f"{minutes:,} whole minutes of order flow; rows_written and the like count minutes"]
    if len(spans) > 1:
        notes.append(f"numbers are missing among the trades: {len(spans) - 1:,} gaps")
    return Plan(minutes, minute_pieces(stores, trades, spans, market), tuple(notes))


Store = Callable[[Any, Connection, int], InsertOutcome]
"""Takes rows, the transaction, and when they become known."""


def _store(rows: FileRows[Any], market: Market) -> Store:
    symbol, source = market.symbol, market.source

    def store(piece: Any, connection: Connection, at: int) -> InsertOutcome:  # noqa: ANN401
        match piece:
            case Candles():
                interval = rows.interval if isinstance(rows, CandleRows) else "1m"
                return candles.insert(connection, symbol, interval, source, piece, known_at=at)
            case FundingRates():
                return funding.insert(connection, symbol, source, piece, known_at=at)
            case OpenInterest():
                return open_interest.insert(connection, symbol, source, piece, known_at=at)
            case EtfFlows():
                return etf_flows.insert(connection, flow_records(piece, symbol, source, at))
            case FearGreed():
                return fear_greed.insert(connection, index_records(piece, source, at))
            case Publications():
                items = rows.items if isinstance(rows, HeadlineRows) else ()
                filed = [items[number] for number in piece.item.tolist()]
                return news.insert(connection, _headlines(filed, market, at))
            case _:
                raise TypeError(f"no table holds {type(piece).__name__}")

    return store


def _headlines(items: Sequence[FiledHeadline], market: Market, at: int) -> list[NewsRecord]:
    records = [
        NewsRecord(
            market=market.symbol,
            outlet=one.outlet,
            title=one.title,
            event_time=one.published,
            known_at=at,
            source=market.source,
            url=one.url,
            polarity=one.polarity,
            relevance=one.relevance,
            method=one.method if one.polarity is not None else None,
        )
        for one in items
    ]
    return with_tones(records, read_by_lexicon(market.symbol))
