"""Made-up minutes as columns, and made-up replays of them: a test names only what matters."""

from __future__ import annotations

from typing import Any

import numpy as np

from babingepet.cycles.btc_values import initial_state
from babingepet.domain.codes import Regime
from babingepet.market.frames import Candles, FundingRates
from babingepet.market.intervals import MINUTE
from babingepet.paper.position import NO_TRADE, Position
from babingepet.replay.kernel import Columns
from babingepet.replay.market import BASE_RULES, ReplayMarket, ReplayRules
from babingepet.replay.result import Minutes, Replay, ReplayTrades
from babingepet.replay.run import decide
from babingepet.signals.registry import capability
from tests import factories as f


def columns(closes: f.Numbers, *, first: int = f.NOON, **given: Any) -> Columns:
    """Minutes that open at the close before them and touch nothing else, without a chandelier."""
    close = np.asarray(closes, float)
    opens = np.append(close[:1], close[:-1])
    values: dict[str, Any] = {
        "open_time": first + np.arange(len(close)) * MINUTE,
        "open": opens,
        "high": np.maximum(opens, close),
        "low": np.minimum(opens, close),
        "close": close,
        "chandelier_long": np.nan,
        "chandelier_short": np.nan,
        "funding": 0.0,
        "trend_up": 0.0,
        "trend_down": 0.0,
        "regime": np.int8(0),
        "ai_agreement": np.nan,
        "ai_side": np.int8(0),
    }
    given = values | given
    return Columns(
        scores=np.empty((0, len(close))),
        measured=np.empty(0, np.int64),
        **{k: np.broadcast_to(v, len(close)).copy() for k, v in given.items()},
    )


def walk(count: int, *, seed: int = 0, drift: float = 0.0, step: float = 0.001) -> Columns:
    """Minutes of a random walk with funding every eighth hour, at most a step beyond its ends."""
    rng = np.random.default_rng(seed)
    bars = columns(50_000.0 * np.exp(np.cumsum(rng.normal(drift, step, count))))
    ends = np.maximum(bars.open, bars.close), np.minimum(bars.open, bars.close)
    return bars._replace(
        high=ends[0] * (1.0 + step * rng.random(count)),
        low=ends[1] * (1.0 - step * rng.random(count)),
        chandelier_long=bars.close * 0.985,
        chandelier_short=bars.close * 1.015,
        funding=np.where(bars.open_time // MINUTE % 480 == 0, 5.0, 0.0),
    )


def trades(*rows: tuple[float, float, bool]) -> ReplayTrades:
    """Closed longs of (net P&L, R, shadow), a minute apart."""
    columns = {name: [value] * len(rows) for name, value in NO_TRADE._asdict().items()}
    given = {
        "side": [1] * len(rows),
        "exit_time": f.NOON + MINUTE * np.arange(1, len(rows) + 1),
        "net_pnl": [row[0] for row in rows],
        "r_multiple": [row[1] for row in rows],
        "shadow": [row[2] for row in rows],
    }
    return ReplayTrades(**{k: np.asarray(v) for k, v in (columns | given).items()})


def replay(
    equity: f.Numbers = (1_000.0,),
    closed: ReplayTrades | None = None,
    bars: Columns | None = None,
    *,
    open_side: int = 0,
    rules: ReplayRules = BASE_RULES,
) -> Replay:
    """A replay whose account had this equity at the end of each minute from noon on."""
    count = len(equity)
    flat, codes = np.zeros(count), np.zeros(count, np.int8)
    minutes = Minutes(
        as_of=f.NOON + MINUTE * np.arange(1, count + 1),
        close=flat,
        scores={},
        score=flat,
        coverage=flat,
        verdict=codes,
        votes=codes,
        points=flat,
        grade=codes,
        regime=codes,
        blocked=np.zeros(count, np.int32),
        side=codes,
        equity=np.asarray(equity, float),
        exposure=flat,
    )
    none = Candles.empty()
    market = ReplayMarket("BTCUSDT", "recorded", none, none, FundingRates.empty(), f.CANDLE_FEEDS)
    state = initial_state(rules.capital)._replace(position=Position(side=open_side))
    start = f.NOON + MINUTE
    end = start + count * MINUTE
    return Replay(
        market, rules, start, end, (True,) * 13, bars or columns(flat), minutes,
        trades() if closed is None else closed, state,
    )  # fmt: skip


def voted(
    days: int = 12, *, seed: int = 0, rules: ReplayRules = BASE_RULES, offset: int = 0
) -> Replay:
    """A replay of a random walk whose signals agree on a side for some hours, and then on another.

    Args:
        days: Whole days from 00:00 UTC, a minute each.
        seed: Of prices and sides.
        rules: What decides.
        offset: Added to the first minute, ms.
    """
    count = days * 1_440
    rng = np.random.default_rng(seed)
    sides = np.repeat(rng.choice([-1.0, 0.0, 1.0], count // 240), 240)
    strength = np.repeat(rng.uniform(0.4, 1.0, count // 240), 240)
    measured = np.flatnonzero(capability(f.CANDLE_FEEDS))
    bars = walk(count, seed=seed, step=0.0008)._replace(
        open_time=f.WEDNESDAY + offset + np.arange(count) * MINUTE,
        scores=np.tile(sides * strength, (len(measured), 1)),
        measured=measured,
        regime=np.full(count, Regime.TRENDING_UP.value, np.int8),
        trend_up=np.ones(count),
        trend_down=np.ones(count),
    )
    none = Candles.empty()
    market = ReplayMarket("BTCUSDT", "recorded", none, none, FundingRates.empty(), f.CANDLE_FEEDS)
    start, last = int(bars.open_time[0]) + MINUTE, int(bars.open_time[-1]) + MINUTE
    return decide(market, bars, rules, start, last + 1)
