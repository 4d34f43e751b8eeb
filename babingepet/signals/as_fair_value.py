"""Fair value against the mid price, in half spreads of an optimal market maker.

r = s - q gamma sigma^2 (T - t), delta = gamma sigma^2 (T - t) + (2 / gamma) ln(1 + gamma / kappa),
score = clip((r - mid) / (delta / 2)). With s = mid and no inventory r would be the mid itself, so
s is the size-weighted mid price: the side with less size is about to give way. q = 0: the score is
a view of the market; what we hold belongs to sizing.

Inputs: best quotes, a mid a second. Warm-up: 180 one-second changes in the last 60 minutes.
Units: quote currency; sigma per square root of a minute.
Source: Avellaneda, Stoikov, High-frequency trading in a limit order book, Quantitative Finance
8(3), 2008.
"""

from __future__ import annotations

import math

import numpy as np

from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.market.intervals import MINUTE, SECOND
from babingepet.market.tape import SECONDS, Quote, TapeMinute
from babingepet.signals.inputs import SignalInputs

NAME = "as_fair_value"

GAMMA = 1e-4
"""Risk aversion, 1 / quote currency."""
KAPPA = 0.5
"""Decay of order arrivals with distance, 1 / quote currency."""
WINDOW_MINUTES = 60
WARM_UP = 180
STALE = 60 * SECOND
"""Age at which the last quote no longer says where the market is."""


def weighted_mid_price(quote: Quote) -> float:
    """(bid * ask_size + ask * bid_size) / (bid_size + ask_size)."""
    return (quote.bid_price * quote.ask_size + quote.ask_price * quote.bid_size) / (
        quote.bid_size + quote.ask_size
    )


def optimal_spread(sigma: float) -> float:
    """Total optimal spread over one minute; tends to 2 / kappa as gamma goes to 0."""
    return GAMMA * sigma**2 + 2.0 / GAMMA * math.log1p(GAMMA / KAPPA)


def as_fair_value(inputs: SignalInputs) -> Score:
    """Score the newest quote before ``as_of``."""
    tape = inputs.tape
    if not tape or tape[-1].open_time != inputs.as_of - MINUTE:
        return unavailable(NAME, "no quotes were collected for the last minute")
    if not tape[-1].is_two_sided:
        return unavailable(NAME, "the book has lost one side")
    quote = tape[-1].last_quote
    if quote is None or inputs.as_of - quote.event_time > STALE:
        return unavailable(NAME, "no two-sided quote in the last 60 s")
    changes = mid_changes(tape, inputs.as_of)
    if len(changes) < WARM_UP:
        return unavailable(
            NAME, f"warm-up: {len(changes)} of {WARM_UP} seconds of quotes", len(changes)
        )
    sigma = float(changes.std(ddof=1)) * math.sqrt(60.0)
    mid = (quote.bid_price + quote.ask_price) / 2.0
    fair = weighted_mid_price(quote)
    spread = optimal_spread(sigma)
    return measured(
        NAME,
        clip1((fair - mid) / (spread / 2.0)),
        len(changes),
        {"mid_price": mid, "fair_price": fair, "sigma": sigma, "optimal_spread": spread},
    )


def mid_changes(
    tape: tuple[TapeMinute, ...], as_of: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """One-second changes of the mid price over the last 60 minutes, unknown ones left out."""
    recent = [minute for minute in tape if minute.open_time >= as_of - WINDOW_MINUTES * MINUTE]
    mids = np.full((int(as_of - recent[0].open_time) // MINUTE, SECONDS), np.nan)
    for minute in recent:
        mids[(minute.open_time - recent[0].open_time) // MINUTE] = minute.mids
    changes = np.diff(mids.ravel())
    return changes[~np.isnan(changes)]
