"""What stands on the event tape: the engine's frames, and when each row could be known.

Does not belong here: how rows become files (``files``), and where files lie (``tape``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np

from babingepet.market.frames import Frame, Ints, Quotes, Trades


@dataclass(frozen=True, eq=False)
class TapedTrades(Trades):
    """Aggregate trades of an hour, ascending ``event_time``, then ``trade_id``.

    A trade that was handed over twice (each start of the loop fetches the quarter of an hour
    before it) stands here twice, with two ``known_at``.
    """

    KIND: ClassVar[str] = "trades"
    IDENTITY: ClassVar[str] = "trade_id"
    FACTS: ClassVar[type[Frame]] = Trades

    known_at: Ints
    """First moment at which a decision may have read the row, UTC milliseconds."""


@dataclass(frozen=True, eq=False)
class TapedQuotes(Quotes):
    """Best quotes of an hour, ascending ``event_time``, then ``update_id``."""

    KIND: ClassVar[str] = "quotes"
    IDENTITY: ClassVar[str] = "update_id"
    FACTS: ClassVar[type[Frame]] = Quotes

    known_at: Ints
    """First moment at which a decision may have read the row, UTC milliseconds."""


Taped = TypeVar("Taped", TapedTrades, TapedQuotes)


def taped_trades(trades: Trades, known_at: int) -> TapedTrades:
    """Trades that became known together."""
    return TapedTrades(**trades.columns(), known_at=np.full(len(trades), known_at, np.int64))


def taped_quotes(quotes: Quotes, known_at: int) -> TapedQuotes:
    """Quotes that became known together."""
    return TapedQuotes(**quotes.columns(), known_at=np.full(len(quotes), known_at, np.int64))


def identities(frame: TapedTrades | TapedQuotes) -> Ints:
    """The exchange's number of each row."""
    column: Ints = getattr(frame, frame.IDENTITY)
    return column


def taped_from(kind: type[Taped], content: bytes, known_at: int) -> Taped:
    """Canonical bytes of trades or quotes that became known together.

    Raises:
        InputError: They do not hold whole rows.
    """
    facts = kind.FACTS.from_bytes(content)
    return kind(**facts.columns(), known_at=np.full(len(facts), known_at, np.int64))


def handed_over(frame: Taped, known_at: int) -> Taped:
    """What became known at one moment, in the order in which a minute carries it."""
    return _by_number(frame, np.flatnonzero(frame.known_at == known_at))


def fact_bytes(frame: TapedTrades | TapedQuotes) -> bytes:
    """Canonical bytes without ``known_at``: those of the frame that was handed over."""
    return frame.FACTS(
        **{name: getattr(frame, name) for name in frame.FACTS.column_names()}
    ).to_bytes()


def in_order(frame: Taped) -> Taped:
    """The rows in the one order in which they are stored: same rows, same file."""
    order = np.lexsort((frame.known_at, identities(frame), frame.event_time))
    return _taken(frame, order)


def each_once(frame: Taped) -> Taped:
    """Ascending numbers, each with the row that was known first."""
    order = np.lexsort((frame.known_at, identities(frame)))
    numbers = identities(frame)[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = numbers[1:] != numbers[:-1]
    return _taken(frame, order[is_first])


def same_facts(one: Taped, other: Taped) -> bool:
    """Whether both hold the same events; when they became known is not compared."""
    if len(one) != len(other):
        return False
    a, b = in_order(one).columns(), in_order(other).columns()
    return all(a[name].tobytes() == b[name].tobytes() for name in a if name != "known_at")


def _by_number(frame: Taped, rows: Ints) -> Taped:
    return _taken(frame, rows[np.argsort(identities(frame)[rows], kind="stable")])


def _taken(frame: Taped, rows: Ints) -> Taped:
    return type(frame)(**{name: column[rows] for name, column in frame.columns().items()})
