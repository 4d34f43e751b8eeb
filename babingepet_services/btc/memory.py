"""What the BTC loop holds between two minutes, and how it is loaded and extended.

Everything here can be rebuilt from the warehouse and the exchange; nothing here is the only copy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from babingepet.cycles.btc_values import BtcState
from babingepet.domain.decision import Decision, sha256
from babingepet.market.frames import Candles, FundingRates, OpenInterest
from babingepet.market.history import BarHistory
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.market.open_interest import TOLERANCE, hour_until
from babingepet.market.tape import Book, TapeMinute, reduce_minute
from babingepet.signals.inputs import TAPE_MINUTES, SignalInputs
from babingepet.signals.vpin import bucket_volume
from babingepet.signals.whale_flow import WINDOW
from babingepet_resources.clients.feed import CollectedMinute, FeedInfo, FeedName
from babingepet_resources.warehouse import tape
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import CandleBatch, FundingBatch, OpenInterestBatch
from babingepet_services.btc.analysts import EmbeddedAnalysts
from babingepet_services.btc.context import Context, signal_inputs
from babingepet_services.capture.content import (
    DayDigests,
    row_bytes,
    summary_digest,
    tape_minute,
)
from babingepet_services.market.feed_watch import FeedWatch

LoadedBatch = CandleBatch | FundingBatch | OpenInterestBatch
"""Facts that were fetched while loading."""

TAPE_FEEDS: frozenset[FeedName] = frozenset({"trades", "quotes"})
"""Feeds that make a tape; a market of candles has none."""

FUNDING_DAYS = 8
"""Days of settlements that a decision reads, however long its loop runs; a score reads the last one."""
WHALE_USD = 500_000.0
"""Smallest merged print that counts as large, USDT."""


@dataclass
class BtcMemory:
    """Facts and state of one instrument from one source.

    Attributes:
        info: The market.
        month: First day of the month that the history was loaded for.
        history: Closed candles.
        hours: Native hours from before the minutes.
        digests: Content hashes of the minutes.
        funding: Settlements known so far.
        open_interest: Readings of the last hour and a little more.
        tape: Reduced minutes, newest last.
        tape_digests: Their content hashes.
        state: What the last decision handed on.
        last_as_of: The last decision; None before the first.
        peak_equity: Highest equity of the book so far.
        context_feeds: Feeds of context that belong to the run.
        analysts: The embedded ones; None when they are not asked here.
        loaded: Batches that were fetched and are not in the warehouse yet.
        hours_hash: Content hash of the hours.
        stored: Hashes of the state and the rules that are known to be in the warehouse.
        watch: How the feeds are doing.
        bucket_volumes: Bucket volume of the volume clock by day since the epoch; the newest only.
    """

    info: FeedInfo
    month: int
    history: BarHistory
    hours: Candles
    digests: DayDigests
    funding: FundingRates
    tape: deque[TapeMinute]
    tape_digests: deque[str]
    state: BtcState
    last_as_of: int | None
    peak_equity: float
    open_interest: OpenInterest = field(default_factory=OpenInterest.empty)
    context_feeds: frozenset[str] = frozenset()
    analysts: EmbeddedAnalysts | None = None
    loaded: list[LoadedBatch] = field(default_factory=list)
    hours_hash: str = ""
    stored: set[str] = field(default_factory=set)
    bucket_volumes: dict[int, float] = field(default_factory=dict)
    watch: FeedWatch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = FeedWatch(self.info)
        self.hours_hash = sha256(row_bytes(self.hours))

    def peak_with(self, decision: Decision) -> float:
        """Highest equity of the book, this decision's included."""
        equity: float = decision.account["equity"]
        return max(self.peak_equity, equity)

    @property
    def feeds(self) -> frozenset[str]:
        """All that this run can ever read."""
        return frozenset(self.info.feeds) | self.context_feeds

    def inputs(self, as_of: int, context: Context) -> SignalInputs:
        """What the signals may read at ``as_of``."""
        hour = hour_until(self.open_interest, as_of)
        rates = self.funding.between(as_of - FUNDING_DAYS * DAY, as_of + 1)
        return signal_inputs(self.history, tuple(self.tape), rates, context, as_of, hour)

    def read_tape(self, database: Database, until: int) -> None:
        """Take the reduced minutes before ``until`` as they are stored."""
        start = until - (TAPE_MINUTES - 1) * MINUTE
        with database.reading() as connection:
            rows = tape.order_flow(connection, self.info.symbol, self.info.source, start, until)
        self.tape.clear()
        self.tape.extend(tape_minute(row.open_time, row.summary) for row in rows)
        self.tape_digests.clear()
        self.tape_digests.extend(summary_digest(row.summary) for row in rows)

    def has_decided(self, minute: CollectedMinute) -> bool:
        """Whether the minute was decided before."""
        return self.last_as_of is not None and minute.as_of <= self.last_as_of

    def skip(self, minute: CollectedMinute) -> None:
        """Pass a minute that was decided before: its tape is what was stored, not what came now."""
        fresh = minute.candles.between(self.history.end, minute.as_of)
        self.history.append(fresh)
        self.digests.append(fresh)
        self.funding = with_settlements(self.funding, minute.funding)
        self.open_interest = with_readings(self.open_interest, minute.open_interest, minute.as_of)

    def extend(self, minute: CollectedMinute) -> tuple[list[TapeMinute], Candles]:
        """Take in a collected minute: (newly reduced tape, candles that were new)."""
        self.watch.take_in(minute)
        fresh = minute.candles.between(self.history.end, minute.as_of)
        self.history.append(fresh)
        self.funding = with_settlements(self.funding, minute.funding)
        self.open_interest = with_readings(self.open_interest, minute.open_interest, minute.as_of)
        reduced: list[TapeMinute] = []
        if TAPE_FEEDS & self.info.feeds:
            last = self.tape[-1] if self.tape else None
            reduced += reduce_tape(minute, last, self.bucket_volume)
            self.tape.extend(reduced)
        return reduced, fresh

    def bucket_volume(self, time: int) -> float:
        """Bucket volume in force at a time, base units; NaN when unknown. Reckoned once a day."""
        day = time // DAY
        if day not in self.bucket_volumes:
            minutes = self.history.minutes(day * DAY)
            self.bucket_volumes = {day: bucket_volume(minutes, time)}
        return self.bucket_volumes[day]


def with_readings(known: OpenInterest, more: OpenInterest, as_of: int) -> OpenInterest:
    """The readings known before and the new ones, ascending, as far back as ``as_of`` looks."""
    joined = OpenInterest.concat([known, more])
    times, first = np.unique(joined.event_time, return_index=True)
    first = first[times >= as_of - HOUR - TOLERANCE]
    return OpenInterest(**{name: column[first] for name, column in joined.columns().items()})


def with_settlements(known: FundingRates, more: FundingRates) -> FundingRates:
    """The settlements known before and the new ones, ascending, none twice."""
    if not len(more):
        return known
    joined = FundingRates.concat([known, more])
    _, first = np.unique(joined.funding_time, return_index=True)
    order = np.zeros(len(joined), np.bool_)
    order[first] = True
    joined = joined.where(order)
    ranks = np.argsort(joined.funding_time)
    return FundingRates(**{name: column[ranks] for name, column in joined.columns().items()})


def reduce_tape(
    minute: CollectedMinute,
    previous: TapeMinute | None,
    bucket_volume: Callable[[int], float],
) -> Iterable[TapeMinute]:
    """Reduce what was collected, minute by minute.

    The first collection also brings the trades of the quarter of an hour before it: those minutes
    become tape minutes of their own, unless they are there already.

    Args:
        minute: What was collected.
        previous: The newest minute reduced before, if any.
        bucket_volume: Bucket volume of the volume clock in force at a time.
    """
    now = minute.as_of - MINUTE
    for open_time in range(_begin(minute, previous), minute.as_of, MINUTE):
        last = open_time == now
        previous = reduce_minute(
            open_time,
            minute.trades.between(0, open_time + MINUTE),
            minute.quotes.between(0 if last else open_time, open_time + MINUTE),
            previous=previous if previous and previous.open_time == open_time - MINUTE else None,
            trades_from=minute.trades_from,
            quotes_from=minute.quotes_from if last else None,
            book=Book(minute.as_of, minute.depth) if last and minute.depth is not None else None,
            minimum_notional=WHALE_USD,
            bucket_volume=bucket_volume(open_time),
        )
        yield previous


def _begin(minute: CollectedMinute, previous: TapeMinute | None) -> int:
    """The first minute that the trades fill and that was not reduced before."""
    now = minute.as_of - MINUTE
    if minute.trades_from is None:
        return now
    begin = max(minute.trades_from // MINUTE * MINUTE, minute.as_of - WINDOW)
    return begin if previous is None else max(begin, previous.open_time + MINUTE)
