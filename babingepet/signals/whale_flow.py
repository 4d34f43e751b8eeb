"""Net aggressor flow of large prints.

score = clip(net / gross * min(1, gross / 5e6)), over prints of at least 500 000 USDT in the last
900 s, each merged from the fills of one parent order; net is bought less sold notional.

Inputs: aggregate trades. Warm-up: 300 s of trades; under 900 s the score is flagged.
Units: quote currency. Source: ours; fills are merged because the exchange aggregates trades per
price level (Binance, aggregate trade streams).
"""

from __future__ import annotations

import numpy as np

from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.market.frames import Trades
from babingepet.market.intervals import MINUTE, SECOND
from babingepet.market.tape import covered_from
from babingepet.signals.inputs import SignalInputs

NAME = "whale_flow"

WINDOW = 900 * SECOND
"""Prints older than this no longer count."""
WARM_UP = 300 * SECOND
"""Least coverage of the tape; below it a missing print could be one not seen."""
FULL_GROSS = 5e6
"""Gross notional, USDT, at which the score reaches its full strength."""
SILENCE = 60 * SECOND
"""A perpetual that trades several times a second has a dead feed after this long."""


def whale_flow(inputs: SignalInputs) -> Score:
    """Score the large prints of the last 15 minutes."""
    tape = tuple(m for m in inputs.tape if m.open_time >= inputs.as_of - WINDOW)
    if not tape or tape[-1].open_time != inputs.as_of - MINUTE:
        return unavailable(NAME, "no trades were collected for the last minute")
    begin = covered_from(tape, "trades")
    observed = 0 if begin is None else inputs.as_of - max(begin, inputs.as_of - WINDOW)
    if observed < WARM_UP:
        return unavailable(NAME, f"warm-up: {observed // SECOND} of 300 s of trades observed")
    newest = max((m.last_trade_time for m in tape if m.last_trade_time is not None), default=None)
    if newest is None or inputs.as_of - newest > SILENCE:
        return unavailable(NAME, "stale: no trade in the last 60 s")
    return _score(
        Trades.concat(m.prints for m in tape),
        inputs.as_of,
        observed,
        sum(m.trade_count for m in tape),
    )


def _score(prints: Trades, as_of: int, observed: int, trades: int) -> Score:
    prints = prints.between(as_of - observed, as_of)
    notional = prints.price * prints.quantity
    bought = float(np.sum(notional[~prints.is_buyer_maker]))
    sold = float(np.sum(notional[prints.is_buyer_maker]))
    gross, net = bought + sold, bought - sold
    value = clip1(net / gross * min(1.0, gross / FULL_GROSS)) if gross > 0 else 0.0
    return measured(
        NAME,
        value,
        trades,
        {
            "prints": len(prints),
            "bought_usdt": bought,
            "sold_usdt": sold,
            "observed_seconds": observed // SECOND,
            "short_window": observed < WINDOW,
        },
    )
