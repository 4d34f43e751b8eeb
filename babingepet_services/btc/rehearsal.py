"""A decision that a successor makes for nobody, before it stands by.

New code that cannot decide then fails while the old loop goes on, and rules that changed are
compiled (10 to 60 s) before a minute waits for them. Nothing is written.
"""

from __future__ import annotations

import logging

from babingepet.cycles.btc import CAPITAL
from babingepet.cycles.btc_values import initial_state
from babingepet.market.frames import Quotes, Trades
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.feed import CollectedMinute, FeedHealth, MarketFeed
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.context import Context
from babingepet_services.btc.cycle import BtcProgram, decide
from babingepet_services.btc.load import load_memory

log = logging.getLogger(__name__)


def rehearse(feed: MarketFeed, database: Database, program: BtcProgram) -> None:
    """Load history and decide the minute before the last whole one, as a new account would.

    Raises:
        Unavailable: The market or the database does not answer.
    """
    as_of = feed.now() // MINUTE * MINUTE - MINUTE
    memory = load_memory(feed, database, program.book, as_of)
    memory.state = initial_state(CAPITAL)
    minute = CollectedMinute(
        as_of=as_of, clock=as_of, candles=feed.candles("1m", as_of - MINUTE, as_of),
        trades=Trades.empty(), trades_from=None, quotes=Quotes.empty(), quotes_from=None,
        depth=None, funding=feed.funding_rates(as_of - MINUTE, as_of), mark_price=None, gaps=(),
        health=FeedHealth(),
    )  # fmt: skip
    memory.extend(minute)
    if memory.history.end == as_of:  # else the exchange has no such candle, and nothing to decide
        _, decision, _ = decide(minute, memory, program, Context(), ())
        log.info("rehearsed %s: %s", decision.cycle_id, decision.verdict)
