"""The markets that the checker reads: random ones with everything, and recorded months."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from babingepet.market.context import Consensus, EtfFlows, Headline
from babingepet.market.frames import Candles, FundingRates, Quotes, Trades
from babingepet.market.intervals import DAY, HOUR, MINUTE
from tests import factories as f
from tests.lookahead.facts import Facts
from tests.parity.recorded import spot_hours, spot_minutes

FUNDING = "crypto/btc_perp_funding/BTCUSDT-funding-8h-2022-01_2025-05.parquet"
FEEDS = f.ALL_FEEDS | {"etf_flow", "news", "swarm", "model"}
"""Everything a signal can read."""
DAYS_OF_HOURS = 800
"""More than the table of hours asks for."""
FLOW_DAYS, ANALYSTS_EVERY = 40, 20 * MINUTE
WORDS = ("bitcoin", "falls", "rises", "bank", "court", "miners", "sell", "buy", "fund", "halts")


def made_up(seed: int, *, days: int = 27, tape: int = 0, hour: int = 15) -> Facts:
    """A random market that ends at 40 minutes past an hour of a Wednesday, rising on its last day.

    Args:
        seed: Of everything in it.
        days: Of minutes; hours and flows reach further back.
        tape: Minutes of trades and quotes at the end.
        hour: In which it ends.
    """
    random = np.random.default_rng(seed)
    start, end = f.WEDNESDAY - days * DAY, f.WEDNESDAY + hour * HOUR + 40 * MINUTE
    minutes = _walk(random, start, end, MINUTE, drift=1e-4)
    hours = _walk(random, start - DAYS_OF_HOURS * DAY, start, HOUR)
    few_are_missing = (random.random(len(minutes)) > 1e-3) | (minutes.open_time < start + HOUR)
    settlements = range(start // (8 * HOUR) * 8 * HOUR, end + DAY, 8 * HOUR)
    return Facts(
        minutes.where(few_are_missing),
        hours,
        *_tape(random, minutes.rows(len(minutes) - tape, len(minutes))),
        f.funding(*((time, float(random.normal(1e-4, 2e-4))) for time in settlements)),
        *_context(random, end),
    )


@lru_cache(maxsize=1)
def recorded(folder: Path, start: int, days: int) -> Facts:
    """Recorded minutes and hours, the funding rates of the perpetual, and a made-up context."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder / FUNDING)
    time = np.asarray(table["funding_time"].to_numpy()) // MINUTE * MINUTE
    rates = np.asarray(table["funding_rate"].to_numpy())
    return Facts(
        spot_minutes(folder, start, days),
        spot_hours(folder).between(0, start),
        Trades.empty(),
        Quotes.empty(),
        FundingRates(time, rates, np.full(len(time), 8.0), np.zeros(len(time), np.bool_)).between(
            start, start + (days + 1) * DAY
        ),
        *_context(np.random.default_rng(start), start + days * DAY),
    )


def decidable(facts: Facts, as_ofs: Iterable[int]) -> list[int]:
    """Those whose last minute exists: without one nothing is decided."""
    closed = set((facts.minutes.open_time + MINUTE).tolist())
    return [as_of for as_of in as_ofs if as_of in closed]


def _walk(
    random: np.random.Generator, start: int, end: int, span: int, drift: float = 0.0
) -> Candles:
    """Candles of a random walk; ``drift`` is the log return of a candle on the last day."""
    times = np.arange(start, end, span)
    steps = random.normal(0.0, 5e-4, len(times)) + drift * (times >= end - DAY)
    close = 60_000.0 * np.exp(steps.cumsum())
    open_ = np.concatenate([close[:1], close[:-1]])
    reach = np.abs(random.normal(0.0, 3e-4, len(times))) * close
    volume = random.gamma(2.0, 5.0, len(times))
    return Candles(
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


def _tape(random: np.random.Generator, minutes: Candles) -> tuple[Trades, Quotes]:
    each = 6
    count = each * len(minutes)
    inside = np.sort(random.integers(0, MINUTE, (len(minutes), each)), axis=1)
    time = (minutes.open_time[:, None] + inside).ravel()
    price = np.repeat(minutes.close, each) * np.exp(random.normal(0.0, 1e-5, count))
    sizes = random.gamma(1.0, 3.0, (2, count)) + 1e-3
    trades = Trades(
        np.arange(count), time, price, random.gamma(0.3, 60.0, count), random.random(count) < 0.5
    )
    return trades, Quotes(np.arange(count), time, price, sizes[0], price + 0.1, sizes[1])


def _context(
    random: np.random.Generator, end: int
) -> tuple[EtfFlows, tuple[Headline, ...], tuple[Consensus, ...]]:
    """Flows until the day after ``end``, headlines and verdicts of the days around it."""
    today = end // DAY * DAY
    flows = f.etf_flows(random.normal(0.0, 1e8, FLOW_DAYS), last=today + DAY)
    headlines = []
    for published in np.sort(random.integers(end - 40 * DAY, end + DAY, 600)).tolist():
        title = " ".join(random.choice(WORDS, 5, replace=False))
        tone, known_at = float(random.uniform(-1.0, 1.0)), published + 10 * MINUTE
        headlines.append(f.headline(title, event_time=published, known_at=known_at, polarity=tone))
    asked = range(end // ANALYSTS_EVERY * ANALYSTS_EVERY - 40 * DAY, end + DAY, ANALYSTS_EVERY)
    verdicts = (f.consensus(float(random.random()), as_of=time) for time in asked)
    return flows, tuple(headlines), tuple(verdicts)
