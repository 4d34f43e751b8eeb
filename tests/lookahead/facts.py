"""All that ever becomes known of a market, what of it a loop knows at a time, and other futures.

A fact is known once its minute is over; a funding rate when it settles, the flow of a day when it
is published, a headline when the feed brought it, a consensus when it was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from babingepet.market.context import Consensus, EtfFlows, Headline, News
from babingepet.market.frames import BookLevels, Candles, Frame, FundingRates, Quotes, Trades
from babingepet.market.history import BarHistory
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.market.tape import Book, TapeMinute, reduce_minute
from babingepet.replay.futures import changed, other_candles
from babingepet.signals.inputs import TAPE_MINUTES, SignalInputs
from babingepet.signals.vpin import bucket_volume
from babingepet_services.btc.context import Context, signal_inputs
from tests.lookahead.models import MODELS

F = TypeVar("F", bound=Frame)

END = 2**62
LARGE_PRINT = 500_000.0
NEWS_EVERY = 30 * MINUTE
PUBLISHED_AFTER = DAY + 3 * HOUR
"""From the 00:00 UTC of a day to the publication of its flow, well after the US close."""


@dataclass(frozen=True, eq=False)
class Facts:
    """Every fact of one market, from its first day to its last, each part in ascending time.

    Attributes:
        minutes: Closed minutes.
        hours: Native hours from before the minutes.
        trades: Aggregate trades, of the newest hours only.
        quotes: Best quotes, of the same hours.
        funding: Settled rates.
        flows: Daily flows of the ETFs.
        headlines: By the time they became known.
        verdicts: What the analysts agreed on.
    """

    minutes: Candles
    hours: Candles
    trades: Trades
    quotes: Quotes
    funding: FundingRates
    flows: EtfFlows = field(default_factory=EtfFlows.empty)
    headlines: tuple[Headline, ...] = ()
    verdicts: tuple[Consensus, ...] = ()

    def until(self, as_of: int) -> Facts:
        """What is known at ``as_of``."""
        return Facts(
            self.minutes.between(0, as_of),
            self.hours,
            self.trades.between(0, as_of),
            self.quotes.between(0, as_of),
            self.funding.between(0, as_of + 1),
            self.flows.between(0, as_of - PUBLISHED_AFTER + 1),
            tuple(headline for headline in self.headlines if headline.known_at <= as_of),
            tuple(verdict for verdict in self.verdicts if verdict.as_of <= as_of),
        )

    def since(self, as_of: int) -> Facts:
        """What is not known at ``as_of``."""
        return Facts(
            self.minutes.between(as_of, END),
            Candles.empty(),
            self.trades.between(as_of, END),
            self.quotes.between(as_of, END),
            self.funding.between(as_of + 1, END),
            self.flows.between(as_of - PUBLISHED_AFTER + 1, END),
            tuple(headline for headline in self.headlines if headline.known_at > as_of),
            tuple(verdict for verdict in self.verdicts if verdict.as_of > as_of),
        )

    def followed_by(self, later: Facts) -> Facts:
        """These facts and then the later ones."""
        return Facts(
            Candles.concat([self.minutes, later.minutes]),
            self.hours,
            Trades.concat([self.trades, later.trades]),
            Quotes.concat([self.quotes, later.quotes]),
            FundingRates.concat([self.funding, later.funding]),
            EtfFlows.concat([self.flows, later.flows]),
            self.headlines + later.headlines,
            self.verdicts + later.verdicts,
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
        sizes = {
            day: bucket_volume(self.minutes, day * DAY)
            for day in range(first // DAY, last // DAY + 1)
        }
        previous = None
        for start in range(first, last + MINUTE, MINUTE):
            quotes = self.quotes.between(start, start + MINUTE)
            previous = reduce_minute(
                start,
                self.trades.between(start, start + MINUTE),
                quotes,
                previous=previous,
                trades_from=first,
                quotes_from=first,
                book=_book(quotes),
                minimum_notional=LARGE_PRINT,
                bucket_volume=sizes[start // DAY],
            )
            yield previous

    def inputs(self, as_of: int) -> SignalInputs:
        """What a loop hands to the signals.

        Rates, flows and headlines from later are left in it: the signals have to refuse them.
        """
        oldest = as_of - TAPE_MINUTES * MINUTE
        known = [verdict for verdict in self.verdicts if verdict.as_of <= as_of]
        context = Context(
            self.flows,
            News(as_of // NEWS_EVERY * NEWS_EVERY, self.headlines),
            known[-1] if known else None,
        )
        tape = tuple(m for m in self.tape if oldest <= m.open_time < as_of)
        inputs = signal_inputs(self.history, tape, self.funding, context, as_of)
        return replace(inputs, models=MODELS)


def _book(quotes: Quotes) -> Book | None:
    """A book of the newest quote alone."""
    if not len(quotes):
        return None
    last = quotes.rows(len(quotes) - 1, len(quotes))
    sides = (last.bid_price, last.bid_size, last.ask_price, last.ask_size)
    return Book(int(last.event_time[0]), BookLevels(np.zeros(1, np.int64), *sides))


def wild(facts: Facts, seed: int) -> Facts:
    """The facts with every price, size, rate and opinion replaced, some minutes and trades lost."""
    random = np.random.default_rng(seed)
    trades = facts.trades.where(random.random(len(facts.trades)) < 0.9)
    size = random.gamma(0.5, 1e3, (2, len(facts.quotes)))
    return Facts(
        other_candles(facts.minutes.where(random.random(len(facts.minutes)) < 0.9), random),
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
        changed(facts.flows, flow_usd=-1e3 * facts.flows.flow_usd),
        tuple(h._replace(polarity=-h.polarity, title=h.title[::-1]) for h in facts.headlines),
        tuple(v._replace(p_up=1.0 - v.p_up, side=-v.side) for v in facts.verdicts),
    )
