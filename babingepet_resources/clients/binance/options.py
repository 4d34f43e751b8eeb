"""How patient the client is, in one value. What the exchange decides is not here: see ``limits``."""

from __future__ import annotations

from dataclasses import dataclass

from babingepet.market.intervals import MINUTE


@dataclass(frozen=True)
class FeedOptions:
    """Tunables of the client; the defaults suit the real exchange.

    Attributes:
        deadline_s: Seconds one call may take altogether, its retries included.
        attempt_s: Seconds one attempt may take, from connecting to the last byte.
        retries: Further attempts after timeouts, 5xx and broken connections.
        backoff_s: First pause between attempts; doubles, with jitter, up to 8 s.
        settle_ms: Wait after a minute's closing candle: trades are published in 100 ms slices, so
            its last ones may still be on their way.
        grace_ms: Wait after a minute boundary when the closing candle does not arrive. It is sent
            with the next minute's first trade, at the latest after two seconds.
        silence_s: A socket without any message for so long is dead (mark prices come each second).
        reconnect_s: First pause before reconnecting; doubles, with jitter.
        reconnect_most_s: Longest pause before reconnecting.
        buffer_minutes: Minutes kept for a consumer that does not collect; older ones are dropped.
        buffer_rows: Trades, and quotes, kept for such a consumer, about 60 MB of each; half an hour
            of an ordinary market, some minutes of a wild one.
        trade_pages: Pages of 1,000 trades one minute may fetch; each costs 20 of the 2,400 weight.
        trade_window_ms: How far back trades are fetched for the first minute.
        agree_every: Minutes of the market between two comparisons of what was heard with REST's.
        agree_s: Seconds a comparison may hold up its minute; it is made later instead.
        clock_every_s: Seconds between two measurements of the exchange's clock.
    """

    deadline_s: float = 10.0
    attempt_s: float = 5.0
    retries: int = 3
    backoff_s: float = 0.5
    settle_ms: int = 250
    grace_ms: int = 2_500
    silence_s: float = 90.0
    reconnect_s: float = 0.5
    reconnect_most_s: float = 30.0
    buffer_minutes: int = 30
    buffer_rows: int = 200_000
    trade_pages: int = 15
    trade_window_ms: int = 15 * MINUTE
    clock_every_s: float = 60.0
    agree_every: int = 15
    agree_s: float = 2.0
