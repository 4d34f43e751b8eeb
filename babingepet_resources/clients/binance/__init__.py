"""Binance USD-M futures, public data only: python-binance turned into a market feed.

``feed.BinanceFeed`` is what the rest of the product uses. Vendor words stop at ``payloads``.

    feed          the thread, and the port's methods
    session       one connection's life in one event loop
    completeness  which minute can be collected now
    collector     a minute put together:  tape (trades), settlements (funding), open_interest,
                  agreement (with REST)
    inbox         stream messages, checked and put into  buffers
    streams       the sockets and their supervision
    connection    REST opened:  rest (one call), limits (silence), history (pages), exchange_time
    markets       what is at the other end;  loopback: the loopback exchange's own calls
    options       how patient all of them are

Counters in ``FeedHealth``: messages, rejected (unusable), unclosed (forming candles), duplicates,
out_of_order, late (older than what was handed over), dropped (rows nobody collected in time),
reconnects, rest_calls, rate_limited, repaired_candles, repaired_trades, disagreements (numbers that
REST tells differently).
"""
