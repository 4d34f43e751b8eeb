"""All that ever becomes known of a market, what of it a loop knows at a time, and other futures.

A fact belongs to the future of ``as_of`` when it happens at ``as_of`` or later; only a funding rate
that settles at ``as_of`` is known by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from babingepet.market.frames import Candles, Frame, FundingRates, Quotes, Trades
from babingepet.market.history import DERIVED, BarHistory
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.market.tape import TapeMinute, reduce_minute
from babingepet.signals.inputs import TAPE_MINUTES, SignalInputs

F = TypeVar("F", bound=Frame)

END = 2**62
LARGE_PRINT = 500_000.0


@dataclass(frozen=True, eq=False)
class Facts:
    """Every fact of one market, from its first day to its last.

    Attributes:
        minutes: Closed minutes.
        hours: Native hours from before the minutes.
        trades: Aggregate trades, of the newest hours only.
        quotes: Best quotes, of the same hours.
        funding: Settled rates.
    """

    minutes: Candles
    hours: Candles
    trades: Trades
    quotes: Quotes
    funding: FundingRates

    def until(self, as_of: int) -> Facts:
        """What is known at ``as_of``."""
        return Facts(
            self.minutes.between(0, as_of),
            self.hours,
            self.trades.between(0, as_of),
            self.quotes.between(0, as_of),
            self.funding.between(0, as_of + 1),
        )

    def since(self, as_of: int) -> Facts:
        """What is not known at ``as_of``."""
        return Facts(
            self.minutes.between(as_of, END),
            Candles.empty(),
            self.trades.between(as_of, END),
            self.quotes.between(as_of, END),
            self.funding.between(as_of + 1, END),
        )

    def followed_by(self, later: Facts) -> Facts:
        """These facts and then the later ones."""
        return Facts(
            Candles.concat([self.minutes, later.minutes]),
            self.hours,
            Trades.concat([self.trades, later.trades]),
            Quotes.concat([self.quotes, later.quotes]),
            FundingRates.concat([self.funding, later.funding]),
        )

    def with_another_future(self, as_of: int, seed: int) -> Facts:
        """The same past, and a future in which no number is what it was."""
        return self.until(as_of).followed_by(wild(self.since(as_of), seed))

    @cached_property
    def history(self) -> BarHistory:
        """The bars of all minutes, those after any ``as_of`` included."""
        return BarHistory(self.minutes, self.hours)

    @cached_property
    def tape(self) -> tuple[TapeMinute, ...]:
        """Every minute of the tape, reduced one after the other as the loop does."""
        return tuple(self._reduced())

    def _reduced(self) -> Iterator[TapeMinute]:
        if not len(self.quotes):
            return
        first = int(self.quotes.event_time[0]) // MINUTE * MINUTE
        last = int(self.quotes.event_time[-1]) // MINUTE * MINUTE
        previous = None
        for start in range(first, last + MINUTE, MINUTE):
            previous = reduce_minute(
                start,
                self.trades.between(start, start + MINUTE),
                self.quotes.between(start, start + MINUTE),
                previous=previous,
                trades_from=first,
                quotes_from=first,
                book=None,
                minimum_notional=LARGE_PRINT,
            )
            yield previous

    def inputs(self, as_of: int) -> SignalInputs:
        """What a loop hands to the signals; rates that settle later are left for them to refuse."""
        oldest = as_of - TAPE_MINUTES * MINUTE
        return SignalInputs(
            as_of,
            self.history.minutes(as_of),
            {interval: self.history.bars(interval, as_of) for interval in DERIVED},
            tuple(m for m in self.tape if oldest <= m.open_time < as_of),
            self.funding,
        )


def changed(frame: F, **columns: Any) -> F:
    """The frame with some columns replaced."""
    return type(frame)(**frame.columns() | columns)


def wild(facts: Facts, seed: int) -> Facts:
    """The facts with every price, size and rate replaced, some minutes and trades lost."""
    random = np.random.default_rng(seed)
    minutes, trades = (
        frame.where(random.random(len(frame)) < 0.9) for frame in (facts.minutes, facts.trades)
    )
    jump = np.exp(random.normal(0.0, 2.0, len(minutes)))
    volume = random.gamma(0.1, 1e6, len(minutes))
    size = random.gamma(0.5, 1e3, (2, len(facts.quotes)))
    return Facts(
        changed(
            minutes,
            open=minutes.open * jump[::-1],
            high=minutes.high * np.maximum(jump, jump[::-1]),
            low=minutes.low * np.minimum(jump, jump[::-1]),
            close=minutes.close * jump,
            base_volume=volume,
            taker_buy_base_volume=volume * random.random(len(minutes)),
        ),
        facts.hours,
        changed(
            trades,
            quantity=trades.quantity * random.gamma(1.0, 1e3, len(trades)),
            is_buyer_maker=random.random(len(trades)) < random.random(),
        ),
        changed(
            facts.quotes,
            bid_price=facts.quotes.bid_price * 0.5,
            ask_price=facts.quotes.ask_price * 0.5,
            bid_size=size[0],
            ask_size=size[1],
        ),
        changed(
            facts.funding,
            funding_rate=random.normal(0.0, 1e-2, len(facts.funding)),
            interval_hours=np.ones(len(facts.funding)),
        ),
    )


def random_facts(seed: int, start: int, end: int, *, tape: int = 0, drift: float = 0.0) -> Facts:
    """A random walk with a few holes; trades and quotes for its last ``tape`` minutes only.

    Args:
        seed: Of the walk.
        start: Open of the first minute.
        end: Close of the last minute.
        tape: Minutes of trades and quotes.
        drift: Log return of a minute on the last day.
    """
    random = np.random.default_rng(seed)
    times = np.arange(start, end, MINUTE)
    steps = random.normal(0.0, 5e-4, len(times)) + drift * (times >= end - 24 * HOUR)
    close = 60_000.0 * np.exp(steps.cumsum())
    open_ = np.concatenate([close[:1], close[:-1]])
    reach = np.abs(random.normal(0.0, 3e-4, len(times))) * close
    volume = random.gamma(2.0, 5.0, len(times))
    minutes = Candles(
        times,
        open_,
        np.maximum(open_, close) + reach,
        np.minimum(open_, close) - reach,
        close,
        volume,
        volume * close,
        np.full(len(times), 9.0),
        volume * random.uniform(0.2, 0.8, len(times)),
    )
    settlements = range(start // (8 * HOUR) * 8 * HOUR, end + 24 * HOUR, 8 * HOUR)
    return Facts(
        minutes.where((random.random(len(times)) > 1e-3) | (times < start + HOUR)),
        Candles.empty(),
        *_random_tape(random, minutes.rows(len(minutes) - tape, len(minutes))),
        FundingRates.from_rows(
            (time, float(random.normal(1e-4, 2e-4)), 8.0, False) for time in settlements
        ),
    )


def _random_tape(random: np.random.Generator, minutes: Candles) -> tuple[Trades, Quotes]:
    each = 6
    count = each * len(minutes)
    inside = np.sort(random.integers(0, MINUTE, (len(minutes), each)), axis=1)
    time = (minutes.open_time[:, None] + inside).ravel()
    price = np.repeat(minutes.close, each) * np.exp(random.normal(0.0, 1e-5, count))
    sizes = random.gamma(1.0, 3.0, (2, count)) + 1e-3
    trades = Trades(
        np.arange(count), time, price, random.gamma(0.3, 10.0, count), random.random(count) < 0.5
    )
    return trades, Quotes(np.arange(count), time, price, sizes[0], price + 0.1, sizes[1])
