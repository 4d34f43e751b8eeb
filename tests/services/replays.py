"""Replays made up in memory: what was decided and traded is drawn from a seed, nothing is computed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from babingepet.cycles.btc_values import initial_state
from babingepet.cycles.settings import BtcSettings, override
from babingepet.domain.codes import ExitReason, Gate, Grade, Regime, Side, Verdict
from babingepet.market.frames import FundingRates
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.paper.position import Ledger
from babingepet.replay.kernel import Columns
from babingepet.replay.market import BAR_FEEDS, ReplayMarket, ReplayRules
from babingepet.replay.result import Minutes, Replay, ReplayTrades
from babingepet.signals.registry import NAMES, capability
from tests.factories import WEDNESDAY, candles

CAPITAL = 1_000.0
TRADES = (4.25, -2.5, 1.75)
"""Net P&L of the trades, quote currency."""


def minutes(count: int, *, first: int = WEDNESDAY, seed: int = 1, **columns: Any) -> Minutes:
    """Decided minutes in which every code and every gate occurs, and scores are missing at times."""
    draw = np.random.default_rng(seed)
    scores = draw.uniform(-1.0, 1.0, (len(NAMES), count))
    scores[draw.random(scores.shape) < 0.3] = np.nan

    def codes(kind: Any) -> Any:
        return draw.integers(min(kind), max(kind) + 1, count).astype(np.int8)

    values: dict[str, Any] = {
        "as_of": first + MINUTE * (1 + np.arange(count)),
        "close": draw.uniform(90.0, 110.0, count),
        "scores": dict(zip(NAMES, scores, strict=True)),
        "score": draw.uniform(-1.0, 1.0, count),
        "coverage": draw.random(count),
        "verdict": codes(Verdict),
        "votes": draw.integers(0, len(NAMES) + 1, count).astype(np.int8),
        "points": draw.uniform(0.0, 100.0, count),
        "grade": codes(Grade),
        "regime": codes(Regime),
        "blocked": draw.integers(0, 1 << len(Gate), count).astype(np.int32),
        "side": codes(Side),
        "equity": np.round(CAPITAL + draw.normal(0.0, 1.0, count), 8),
        "exposure": draw.random(count),
    }
    return Minutes(**(values | columns))


def trades(
    net: Sequence[float] = TRADES, *, first: int = WEDNESDAY, shadows: int = 1, **columns: Any
) -> ReplayTrades:
    """A closed trade for each net P&L, an hour apart, and as many shadows after each."""
    pnl = np.repeat(np.asarray(net, float), 1 + shadows)
    count = len(pnl)
    number = np.arange(count)
    entry = first + HOUR * (1 + number // (1 + shadows)) + 30 * MINUTE
    values: dict[str, Any] = {
        "side": np.where(number % 2, Side.SHORT.value, Side.LONG.value),
        "quantity": 0.5,
        "entry_time": entry,
        "entry_price": 100.25,
        "exit_time": entry + 20 * MINUTE,
        "exit_price": 100.25 + pnl,
        "exit_reason": 1 + number % (len(ExitReason) - 1),
        "initial_stop": 99.0,
        "stop": 99.5,
        "target": 104.0,
        "peak": 103.0,
        "armed": number % 3 == 0,
        "grade": np.where(number % 2, Grade.B.value, Grade.A.value),
        "fees_paid": 0.04,
        "funding_paid": -0.005,
        "gross_pnl": pnl + 0.035,
        "net_pnl": pnl,
        "net_return": pnl / 50.125,
        "r_multiple": pnl / 0.625,
        "slippage_paid": 0.01,
        "shadow": number % (1 + shadows) > 0,
    }
    given = values | columns
    return ReplayTrades(**{name: np.broadcast_to(value, count) for name, value in given.items()})


def columns_of(decided: Minutes) -> Columns:
    """Minutes that move within 1 around the close that was decided on; nothing trends, no funding."""
    unknown, nothing = np.full(len(decided), np.nan), np.zeros(len(decided))
    return Columns(
        open_time=decided.as_of - MINUTE,
        open=decided.close,
        high=decided.close + 1.0,
        low=decided.close - 1.0,
        close=decided.close,
        chandelier_long=unknown,
        chandelier_short=unknown,
        funding=nothing,
        scores=np.array([*decided.scores.values()]),
        measured=np.array([NAMES.index(name) for name in decided.scores]),
        regime=decided.regime,
        trend_up=nothing,
        trend_down=nothing,
        ai_agreement=unknown,
        ai_side=np.zeros(len(decided), np.int8),
    )


def replay(
    count: int = 400,
    *,
    first: int = WEDNESDAY,
    decided: Minutes | None = None,
    closed: ReplayTrades | None = None,
    settings: tuple[str, ...] = (),
) -> Replay:
    """A replay of a few hundred minutes with three trades and as many shadows."""
    decided = minutes(count, first=first) if decided is None else decided
    closed = trades(first=first) if closed is None else closed
    state = initial_state(CAPITAL)
    real = closed.where(~closed.shadow)
    ledger = Ledger(
        CAPITAL + float(real.net_pnl.sum()), float(real.gross_pnl.sum()),
        float(real.fees_paid.sum()), float(real.funding_paid.sum()),
        float(real.slippage_paid.sum()),
    )  # fmt: skip
    market = ReplayMarket(
        "BTCUSDT", "recorded", candles(len(decided), first=first), candles(0, interval="1h"),
        FundingRates.empty(), BAR_FEEDS,
    )  # fmt: skip
    return Replay(
        market,
        ReplayRules(override(BtcSettings(), settings), capital=CAPITAL),
        int(decided.as_of[0]),
        int(decided.as_of[-1]) + 1,
        capability(BAR_FEEDS),
        columns_of(decided),
        decided,
        closed,
        state._replace(ledger=ledger),
    )


def columns_of_minutes(decided: Minutes) -> dict[str, Any]:
    """Every column by name, each score's too."""
    columns = dict(vars(decided))
    return columns | {f"score {name}": column for name, column in columns.pop("scores").items()}


def same_minutes(one: Minutes, other: Minutes) -> bool:
    """Whether both hold the same values of the same types; NaN is NaN."""
    mine, theirs = columns_of_minutes(one), columns_of_minutes(other)
    return mine.keys() == theirs.keys() and all(
        mine[name].dtype == theirs[name].dtype
        and np.array_equal(mine[name], theirs[name], equal_nan=name != "as_of")
        for name in mine
    )


def joined(*parts: Minutes) -> Minutes:
    """The minutes of all parts, one after the other."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in vars(parts[0])
        if name != "scores"
    }
    scores = {
        name: np.concatenate([part.scores[name] for part in parts]) for name in parts[0].scores
    }
    return Minutes(**columns, scores=scores)


def changed(decided: Minutes, row: int, **values: Any) -> Minutes:
    """The minutes with other values in one row."""
    columns = {name: getattr(decided, name).copy() for name in values}
    for name, value in values.items():
        columns[name][row] = value
    return replace(decided, **columns)
