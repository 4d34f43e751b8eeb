"""What one day holds of the market: candles, order flow, order book, funding.

Belongs here: reading one day and summing it up. Does not belong here: drawing (``btc_day.plots``) and
what was decided (``btc_day.decided``).
"""

from __future__ import annotations

import numpy as np

from babingepet.market.frames import Candles, FundingRates
from babingepet.market.intervals import DAY, HOUR, MINUTE, iso
from babingepet_resources.warehouse import candles, funding, tape
from babingepet_resources.warehouse.records import OrderBookRecord, OrderFlowRecord
from babingepet_services.btc_day import plots as btc_plots
from babingepet_services.btc_day.day import (
    AssetReport,
    Cell,
    DayScope,
    Values,
    hours,
    known,
    label,
    span,
    table,
)

FUNDING_DAYS = 10
"""Days of settlements drawn, the day's own three last; the loop loads a week at its start."""


def describe_candles(scope: DayScope) -> AssetReport:
    """Closed one-minute candles of the day."""
    with scope.database.reading() as connection:
        bars = candles.read(connection, scope.symbol, "1m", scope.source, scope.start, scope.end)
        source = label(connection, scope)
    vwap = _running_vwap(bars)
    missing = (int(np.sum(np.diff(bars.open_time) // MINUTE - 1))) if len(bars) else 0
    numbers: dict[str, Cell] = {"minutes_missing": missing}
    if not len(bars):
        return AssetReport(0, None, source, table((), ()), None, numbers)
    numbers |= {
        "close_price": float(bars.close[-1]),
        "vwap": known(vwap[-1], 2),
        "base_volume": known(np.nansum(bars.base_volume), 3),
        "range_pct": round(float(bars.high.max() / bars.low.min() - 1.0) * 100, 3),
    }
    ohlc = (bars.open, bars.high, bars.low, bars.close)
    plot = scope.drawn(
        btc_plots.candles,
        scope.start,
        bars.open_time,
        ohlc,
        bars.base_volume,
        bars.taker_buy_base_volume,
        vwap,
    )
    return AssetReport(
        len(bars), span(bars.open_time, MINUTE), source, _candle_table(bars), plot, numbers
    )


def _running_vwap(bars: Candles) -> Values:
    typical = (bars.high + bars.low + bars.close) / 3.0
    volume = np.cumsum(bars.base_volume)
    with np.errstate(invalid="ignore", divide="ignore"):
        vwap: Values = np.cumsum(typical * bars.base_volume) / volume
    return vwap


def _candle_table(bars: Candles) -> str:
    rows = [
        (
            hour, bars.open[at[0]], bars.high[at].max(), bars.low[at].min(), bars.close[at[-1]],
            known(bars.base_volume[at].sum(), 2), len(at),
        )
        for hour, at in hours(bars.open_time)
    ]  # fmt: skip
    return table(("hour", "open", "high", "low", "close", "base volume", "minutes"), rows)


def describe_order_flow(scope: DayScope) -> AssetReport:
    """Reduced minutes of the event tape; it is captured live and never fetched again."""
    with scope.database.reading() as connection:
        rows = tape.order_flow(connection, scope.symbol, scope.source, scope.start, scope.end)
        source = label(connection, scope)
    uncovered = sum(row.order_flow_imbalance is None for row in rows)
    numbers: dict[str, Cell] = {"minutes_without_imbalance": uncovered}
    if not rows:
        return AssetReport(0, None, source, table((), ()), None, numbers)
    times = np.array([row.open_time for row in rows])
    imbalance = _column(row.order_flow_imbalance for row in rows)
    delta = _column(row.taker_buy_base_volume - row.taker_sell_base_volume for row in rows)
    numbers |= {
        "trade_count": sum(row.trade_count for row in rows),
        "quote_count": sum(row.quote_count for row in rows),
        "order_flow_imbalance": known(np.nansum(imbalance), 3),
        "volume_delta": known(delta.sum(), 3),
    }
    return AssetReport(
        len(rows),
        span(times, MINUTE),
        source,
        _flow_table(rows, imbalance),
        scope.drawn(btc_plots.order_flow, scope.start, times, imbalance, delta),
        numbers,
    )


def _flow_table(rows: list[OrderFlowRecord], imbalance: Values) -> str:
    times = np.array([row.open_time for row in rows])
    buys = _column(row.taker_buy_base_volume for row in rows)
    sells = _column(row.taker_sell_base_volume for row in rows)
    trades = _column(row.trade_count for row in rows)
    cells = [
        (
            hour, int(trades[at].sum()), known(buys[at].sum(), 3), known(sells[at].sum(), 3),
            known(np.nansum(imbalance[at]), 3), int(np.isnan(imbalance[at]).sum()),
        )
        for hour, at in hours(times)
    ]  # fmt: skip
    return table(
        ("hour", "trades", "taker buys", "taker sells", "order flow imbalance", "minutes without"),
        cells,
    )


def describe_order_book(scope: DayScope) -> AssetReport:
    """The book at each minute's end; a snapshot is captured live or lost."""
    with scope.database.reading() as connection:
        rows = tape.order_books(
            connection, scope.symbol, scope.source, scope.start + 1, scope.end + 1
        )
        source = label(connection, scope)
    without = sum(row.book_imbalance is None for row in rows)
    numbers: dict[str, Cell] = {"minutes_without_depth": without}
    if not rows:
        return AssetReport(0, None, source, table((), ()), None, numbers)
    times = np.array([row.event_time for row in rows])
    spread = _column(row.spread_bps for row in rows)
    imbalance = _column(row.book_imbalance for row in rows)
    numbers |= {
        "median_spread_bps": known(np.median(spread), 4),
        "largest_spread_bps": known(spread.max(), 4),
    }
    return AssetReport(
        len(rows),
        (int(times[0]) - MINUTE, int(times[-1])),
        source,
        _book_table(rows, spread, imbalance),
        scope.drawn(btc_plots.order_book, scope.start, times, spread, imbalance),
        numbers,
    )


def _book_table(rows: list[OrderBookRecord], spread: Values, imbalance: Values) -> str:
    times = np.array([row.event_time for row in rows]) - MINUTE
    cells = [
        (
            hour, len(at), known(np.median(spread[at]), 4), known(spread[at].max(), 4),
            known(_mean(imbalance[at]), 3), rows[at[-1]].bid_price, rows[at[-1]].ask_price,
        )
        for hour, at in hours(times)
    ]  # fmt: skip
    return table(
        ("hour", "snapshots", "median spread bps", "largest", "book imbalance", "bid", "ask"), cells
    )


def describe_funding(scope: DayScope) -> AssetReport:
    """Settled funding rates of the day, drawn within the month before it."""
    begin = scope.end - FUNDING_DAYS * DAY
    with scope.database.reading() as connection:
        recent = funding.read(connection, scope.symbol, scope.source, begin, scope.end)
        source = label(connection, scope)
    own = recent.between(scope.start, scope.end)
    numbers: dict[str, Cell] = {"derived": int(own.derived.sum())}
    if len(own):
        yearly = own.funding_rate * (365 * 24 / own.interval_hours)
        numbers |= {
            "funding_rate_bps": known(own.funding_rate.mean() * 1e4, 4),
            "funding_rate_annualized_pct": known(yearly.mean() * 100, 3),
        }
    plot = scope.drawn(
        btc_plots.funding, begin, recent.funding_time, recent.funding_rate, scope.end
    )
    return AssetReport(
        len(own),
        span(own.funding_time, 1),
        source,
        _funding_table(recent),
        plot if len(recent) else None,
        numbers,
    )


def _funding_table(rates: FundingRates) -> str:
    newest = range(len(rates) - 1, max(-1, len(rates) - 10), -1)
    rows = [
        (
            iso(int(rates.funding_time[at] // HOUR * HOUR)),
            known(rates.funding_rate[at] * 1e4, 4),
            f"{rates.interval_hours[at]:g} h",
            "derived" if rates.derived[at] else "settled",
        )
        for at in newest
    ]
    return table(("time", "rate bps", "interval", "origin"), rows)


def _column(values: object) -> Values:
    """Numbers as an array; None becomes NaN."""
    return np.array([np.nan if v is None else v for v in values], np.float64)  # type: ignore[attr-defined]


def _mean(values: Values) -> float:
    known_values = values[~np.isnan(values)]
    return float(known_values.mean()) if len(known_values) else float("nan")
