"""Values of the engine with boring defaults: a test names only what matters to it.

Values only: stand-ins for the outside world belong into fakes. Numbers that a compiled rule takes
are floats where the rule holds floats, so that no test compiles a second variant of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from babingepet.cycles.btc import CycleInputs
from babingepet.cycles.btc_values import BtcState, Market, initial_state
from babingepet.cycles.settings import BtcSettings, override
from babingepet.domain.codes import ExitReason, Regime
from babingepet.market.context import Consensus, EtfFlows, Headline, HourTable, News
from babingepet.market.frames import BookLevels, Candles, FundingRates, Quotes, Trades
from babingepet.market.intervals import DAY, HOUR, INTERVALS, MINUTE, month_start
from babingepet.market.tape import Book, Quote, TapeMinute
from babingepet.paper.position import Bar, Position
from babingepet.performance.equity import EquityCurve
from babingepet.performance.trades import RoundTrips
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.registry import NAMES
from babingepet.voting.edge import record_of

Numbers = Sequence[float] | npt.NDArray[np.float64]

MONDAY = 1_746_403_200_000
"""2025-05-05T00:00:00Z, a Monday."""
WEDNESDAY = MONDAY + 2 * DAY
NOON = WEDNESDAY + 12 * HOUR
"""An hour in which thresholds are plain and entries allowed."""
ALL_FEEDS = frozenset({"candles", "taker_volume", "trades", "quotes", "funding"})
CANDLE_FEEDS = frozenset({"candles", "taker_volume", "funding"})


def candles(
    count: int | None = None,
    *,
    closes: Numbers | None = None,
    first: int = WEDNESDAY,
    interval: str = "1m",
    **columns: Any,
) -> Candles:
    """Flat candles around 100, or one a close; a column given as a number holds for all rows."""
    if closes is None:
        closes = np.full(1 if count is None else count, 100.0)
    close = np.asarray(closes, float)
    values: dict[str, Any] = {
        "open_time": first + np.arange(len(close)) * INTERVALS[interval],
        "open": close,
        "high": close + 1.0,
        "low": close - 1.0,
        "close": close,
        "base_volume": 10.0,
        "quote_volume": 10.0 * close,
        "trade_count": 7.0,
        "taker_buy_base_volume": 5.0,
    }
    given = values | columns
    return Candles(**{k: np.broadcast_to(v, len(close)).copy() for k, v in given.items()})


def without(frame: Candles, rows: Iterable[int]) -> Candles:
    """The candles with holes where the rows were."""
    keep = np.ones(len(frame), np.bool_)
    keep[list(rows)] = False
    return frame.where(keep)


def trades(*rows: tuple[int, float, float, bool]) -> Trades:
    """Trades of (event_time, price, quantity, is_buyer_maker)."""
    return Trades.from_rows((1 + i, *row) for i, row in enumerate(rows))


def quotes(*rows: tuple[int, float, float, float, float]) -> Quotes:
    """Quotes of (event_time, bid_price, bid_size, ask_price, ask_size)."""
    return Quotes.from_rows((1 + i, *row) for i, row in enumerate(rows))


def quote(**given: Any) -> Quote:
    """A quote of 99.5 to 100.5."""
    values = {
        "event_time": NOON - 1,
        "bid_price": 99.5,
        "bid_size": 2.0,
        "ask_price": 100.5,
        "ask_size": 2.0,
    }
    return Quote(**(values | given))


def tape_minute(open_time: int = NOON - MINUTE, **given: Any) -> TapeMinute:
    """A covered minute without large prints, with a steady quote."""
    steady = quote(event_time=open_time + MINUTE - 1)
    values: dict[str, Any] = {
        "open_time": open_time,
        "trades_from": 0,
        "quotes_from": 0,
        "prints": Trades.empty(),
        "trade_count": 5,
        "last_trade_time": open_time + MINUTE - 1,
        "order_flow_imbalance": 0.0,
        "quote_count": 9,
        "mids": np.full(60, 100.0),
        "first_quote": steady,
        "last_quote": steady,
        "is_two_sided": True,
        "book": None,
    }
    return TapeMinute(**(values | given))


def tape(count: int, *, until: int = NOON, **given: Any) -> tuple[TapeMinute, ...]:
    """Minutes that end at ``until``; a list given for a field holds one value a minute."""
    start = until - count * MINUTE
    return tuple(
        tape_minute(
            start + i * MINUTE,
            **{k: v[i] if isinstance(v, list) else v for k, v in given.items()},
        )
        for i in range(count)
    )


def book(*rows: tuple[float, float, float, float]) -> Book:
    """A depth snapshot of (bid_price, bid_size, ask_price, ask_size), best level first."""
    return Book(NOON - 1, BookLevels.from_rows((i, *row) for i, row in enumerate(rows)))


def funding(*rows: tuple[int, float], hours: float = 8.0, derived: bool = False) -> FundingRates:
    """Settled rates of (funding_time, funding_rate)."""
    return FundingRates.from_rows((time, rate, hours, derived) for time, rate in rows)


def etf_flows(flows: Numbers, *, last: int = WEDNESDAY - DAY) -> EtfFlows:
    """Flows of consecutive days, the newest that of Tuesday."""
    first = last - (len(flows) - 1) * DAY
    return EtfFlows(first + np.arange(len(flows)) * DAY, np.asarray(flows, float))


def headline(title: str = "bitcoin rises", **given: Any) -> Headline:
    """A good headline about the instrument, published and known an hour ago."""
    values = {"event_time": NOON - HOUR, "title": title, "polarity": 1.0, "relevance": 1.0}
    merged = values | given
    return Headline(**({"known_at": merged["event_time"]} | merged))


def news(*headlines: Headline, checked_at: int | None = NOON) -> News:
    """Headlines of a feed that has just answered."""
    return News(checked_at, headlines)


def consensus(p_up: float = 0.7, **given: Any) -> Consensus:
    """What nine analysts agree on now."""
    values = {
        "as_of": NOON,
        "p_up": p_up,
        "agreement": 7 / 9,
        "side": 1,
        "valid": 9,
        "provider": "rules",
    }
    return Consensus(**(values | given))


def hour_table(**given: Any) -> HourTable:
    """Twenty-four hours of 1 000 days that all rose half the time; a number holds for all."""
    until = month_start(NOON)
    values: dict[str, Any] = {
        "rises": 500,
        "hours": 1_000,
        "share": 0.5,
        "p_value": 1.0,
        "significant": False,
    }
    columns = {k: given.pop(k, v) for k, v in values.items()}
    spread = {k: np.broadcast_to(v, 24).copy() for k, v in columns.items()}
    times = {"since": until - 1_000 * DAY, "until": until, "mean_share": 0.5}
    return HourTable(**(times | spread | given))


def signal_inputs(as_of: int = NOON, **given: Any) -> SignalInputs:
    """Facts of a quiet market; every part may be replaced."""
    values: dict[str, Any] = {
        "as_of": as_of,
        "minutes": candles(60, first=as_of - HOUR),
        "bars": {name: Candles.empty() for name in ("5m", "15m", "1h", "4h")},
        "tape": (),
        "funding": FundingRates.empty(),
    }
    return SignalInputs(**(values | given))


def bars_until(as_of: int, interval: str, closes: Numbers, **columns: Any) -> Candles:
    """Bars of an interval whose last one is the newest that is closed at ``as_of``."""
    span = INTERVALS[interval]
    first = as_of // span * span - len(closes) * span
    return candles(closes=closes, first=first, interval=interval, **columns)


def cycle_inputs(signals: SignalInputs | None = None, **given: Any) -> CycleInputs:
    """What a cycle reads, on a clock that agrees with the exchange's."""
    signals = signals or signal_inputs()
    values: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "source": "recorded",
        "signals": signals,
        "feeds": CANDLE_FEEDS,
        "clock": signals.as_of,
    }
    return CycleInputs(**(values | given))


def bar(
    open_: float = 100.0,
    high: float | None = None,
    low: float | None = None,
    close: float | None = None,
    *,
    time: int = NOON,
    **given: Any,
) -> Bar:
    """A closed minute without a book; extremes default to open and close."""
    close = open_ if close is None else close
    values: dict[str, Any] = {
        "open_time": time,
        "open": float(open_),
        "high": float(max(open_, close) if high is None else high),
        "low": float(min(open_, close) if low is None else low),
        "close": float(close),
        "funding": 0.0,
    }
    unknown = (
        "first_bid", "first_ask", "last_bid", "last_ask", "chandelier_long", "chandelier_short",
    )  # fmt: skip
    return Bar(**(dict.fromkeys(unknown, np.nan) | values | given))


def position(side: int = 1, entry_price: float = 100.0, **given: Any) -> Position:
    """A position of one unit with a stop .6 % and a target 2.5 % away, filled an hour ago."""
    stop = entry_price * (1.0 - side * 0.006)
    values: dict[str, Any] = {
        "side": side,
        "quantity": 1.0,
        "entry_time": NOON - HOUR,
        "entry_price": entry_price,
        "entry_fee": 0.0,
        "initial_stop": stop,
        "stop": stop,
        "stop_reason": ExitReason.STOP_LOSS.value,
        "target": entry_price * (1.0 + side * 0.025),
        "peak": entry_price,
    }
    return Position(**(values | given))


def state(capital: float = 1_000.0, *, returns: Numbers = (), **parts: Any) -> BtcState:
    """An account that has not traded, with some parts replaced."""
    record = record_of(np.asarray(returns, float))
    return initial_state(capital)._replace(**({"record": record} | parts))


def scores(others: float | None = None, **named: float | None) -> npt.NDArray[np.float64]:
    """Thirteen scores in registry order; what is not named is unavailable, or ``others``."""
    unknown = set(named) - set(NAMES)
    if unknown:
        raise KeyError(f"no such signal: {unknown}")
    values: Mapping[str, float | None] = dict.fromkeys(NAMES, others) | named
    return np.array([np.nan if values[name] is None else values[name] for name in NAMES])


def market(**given: Any) -> Market:
    """A trending market without consensus or book, which forbids nothing."""
    values: dict[str, Any] = {
        "regime": Regime.TRENDING_UP.value,
        "trend_up": 1.0,
        "trend_down": 1.0,
        "agreement": np.nan,
        "ai_side": 0,
        "spread_bps": np.nan,
        "has_ai": False,
        "has_book": False,
        "data_age": 0,
        "clock_skew": 0,
        "pattern": 1.0,
        "check_failed": False,
        "paused": False,
    }
    return Market(**(values | given))


def settings(*pairs: str) -> BtcSettings:
    """Default rules with ``key=value`` overrides."""
    return override(BtcSettings(), pairs)


def equity_curve(
    values: Numbers, *, first: int = WEDNESDAY, step: int = DAY, exposure: float = 0.0
) -> EquityCurve:
    """The opening and a value a step after it, midnights by default."""
    count = len(values)
    return EquityCurve(
        as_of=first + np.arange(count) * step,
        equity=np.asarray(values, float),
        exposure=np.full(count, exposure),
    )


def round_trips(net_pnl: Numbers, **columns: Any) -> RoundTrips:
    """Closed trades a minute apart that paid nothing; a column given as a number holds for all."""
    pnl = np.asarray(net_pnl, float)
    values: dict[str, Any] = {
        "exit_time": NOON + np.arange(len(pnl)) * MINUTE,
        "net_pnl": pnl,
        "r_multiple": pnl / 2.0,
        "fees_paid": 0.0,
        "funding_paid": 0.0,
        "slippage_paid": 0.0,
    }
    given = values | columns
    return RoundTrips(**{k: np.broadcast_to(v, len(pnl)).copy() for k, v in given.items()})
