"""The strategy that every peer runs, in its own words.

Long only, decided and filled at the close of a minute. Enter with a tenth of the cash when the
EMA of 20 closes crosses above that of 100 while Wilder's RSI of 14 is below 70. Leave at a cross
below, or when the close falls three times Wilder's ATR of 14 under the highest close since the
entry. Each fill costs 10 basis points.

Peers differ in when an indicator counts as warm and in what the trailing stop follows, so trades
and equity are close to each other, not equal: see each peer.
"""

FAST, SLOW = 20, 100
"""Closes."""
PERIOD = 14
"""Minutes of the RSI and of the ATR."""
RSI_BELOW = 70.0
TRAIL = 3.0
"""Average true ranges."""
FEE = 0.001
"""Fraction of the notional."""
SHARE = 0.1
"""Fraction of the cash that an entry takes."""
CASH = 1_000_000.0
"""USDT at the start."""
