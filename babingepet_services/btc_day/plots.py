"""Pictures of one BTC day, an asset each, as PNG bytes.

Belongs here: drawing arrays. Does not belong here: reading or computing what is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_services.btc_day.canvas import (
    ACCENT,
    DOWN,
    INK,
    LINE,
    UP,
    Axes,
    Times,
    Values,
    canvas,
    groups,
    legends,
)  # fmt: skip

BAR = 15
"""Minutes in a drawn candle: 96 of them fill the width, 1,440 would be a blur."""
STRIP = 8
"""Picture rows a signal's strip is made of, the last one empty."""


def candles(
    start: int, times: Times, ohlc: tuple[Values, Values, Values, Values], volume: Values,
    bought: Values, vwap: Values,
) -> bytes:  # fmt: skip
    """Quarter-hour candles with the day's running VWAP, and volume coloured by its taker side."""
    bars = groups(times, BAR * MINUTE)
    at = np.array([(int(times[bar[0]]) // (BAR * MINUTE) + 0.5) * BAR * MINUTE for bar in bars])
    opened, closed = ohlc[0][[bar[0] for bar in bars]], ohlc[3][[bar[-1] for bar in bars]]
    highest = np.array([ohlc[1][bar].max() for bar in bars])
    lowest = np.array([ohlc[2][bar].min() for bar in bars])
    with canvas(start, 3, 1) as drawn:
        price, below = drawn.panels
        hour = drawn.hours(at)
        for mask, colour in ((closed >= opened, UP), (closed < opened, DOWN)):
            price.vlines(hour[mask], lowest[mask], highest[mask], color=colour, linewidth=0.7)
            price.vlines(hour[mask], opened[mask], closed[mask], color=colour, linewidth=3.4)
        price.plot(drawn.hours(times), vwap, color=ACCENT, label="VWAP since 00:00")
        price.set_ylabel("USDT")
        total = [volume[bar].sum() for bar in bars]
        buys = [np.nansum(bought[bar]) for bar in bars]
        below.bar(hour, total, width=BAR / 75, color=INK, alpha=0.45, label="volume")
        below.bar(hour, buys, width=BAR / 75, color=UP, alpha=0.75, label="bought by takers")
        below.set_ylabel("BTC")
        legends(drawn)
    return drawn.png


def order_flow(start: int, times: Times, imbalance: Values, delta: Values) -> bytes:
    """Order flow imbalance and taker volume delta, both summed up since 00:00."""
    with canvas(start, 1, 1) as drawn:
        upper, lower = drawn.panels
        at = drawn.hours(times)
        for panel, values, colour, name in (
            (upper, np.nancumsum(imbalance), LINE, "order flow imbalance"),
            (lower, np.cumsum(delta), ACCENT, "taker buys less sells"),
        ):
            panel.axhline(0.0, color=INK, linewidth=0.6)
            panel.fill_between(at, values, color=colour, alpha=0.18, linewidth=0)
            panel.plot(at, values, color=colour, label=f"{name}, BTC since 00:00")
        legends(drawn)
    return drawn.png


def order_book(start: int, times: Times, spread_bps: Values, imbalance: Values) -> bytes:
    """Spread at each minute's end, and which side of the book is heavier."""
    with canvas(start, 1, 1) as drawn:
        upper, lower = drawn.panels
        at = drawn.hours(times)
        upper.plot(at, spread_bps, color=LINE, label="spread, bps")
        upper.set_ylim(bottom=0.0)
        lower.axhline(0.0, color=INK, linewidth=0.6)
        for mask, colour in ((imbalance >= 0, UP), (imbalance < 0, DOWN)):
            lower.vlines(at[mask], 0.0, imbalance[mask], color=colour, linewidth=0.8)
        lower.plot([], [], color=UP, label="book imbalance: bids (up) against asks (down)")
        lower.set_ylim(-1.0, 1.0)
        legends(drawn)
    return drawn.png


def funding(start: int, times: Times, rates: Values, end: int) -> bytes:
    """A bar a settlement, in basis points; what longs pay is up."""
    days = (end - start) / DAY
    with canvas(start, 1, span_hours=None) as drawn:
        (panel,) = drawn.panels
        at = (times - start) / DAY
        colours = [ACCENT if rate >= 0 else LINE for rate in rates]
        panel.bar(at, rates * 1e4, width=0.24, color=colours)
        panel.axhline(0.0, color=INK, linewidth=0.6)
        panel.axvspan(days - 1, days, color=INK, alpha=0.12, linewidth=0)
        panel.set_xlim(0.0, days)
        ticks = np.arange(0.0, days + 0.5)
        panel.set_xticks(
            ticks, [str(np.datetime64(int(start + t * DAY), "ms"))[5:10] for t in ticks]
        )
        panel.set_ylabel("bps a settlement; longs pay above 0")
    return drawn.png


def open_interest(start: int, times: Times, contracts: Values, notional: Values) -> bytes:
    """Open contracts over the day, and what they are worth."""
    with canvas(start, 1, 1) as drawn:
        upper, lower = drawn.panels
        at = drawn.hours(times)
        upper.plot(at, contracts, color=LINE, label="open interest, BTC")
        lower.plot(at, notional / 1e6, color=ACCENT, label="worth, million USDT")
        for panel in drawn.panels:
            panel.ticklabel_format(axis="y", useOffset=False)
        legends(drawn)
    return drawn.png


def signals(start: int, times: Times, scores: Mapping[str, Values]) -> bytes:
    """A strip a signal: red to green is its score from -1 to 1, grey means unavailable."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    colours = LinearSegmentedColormap.from_list("score", [DOWN, "#b9b3a2", UP])
    shades = colours.with_extremes(bad=(INK, 0.14))
    grid = np.full((len(scores), DAY // MINUTE), np.nan)
    minute = ((times - 1 - start) // MINUTE).astype(int)
    for row, values in enumerate(scores.values()):
        grid[row, minute] = values
    strips = np.repeat(shades((np.ma.masked_invalid(grid) + 1.0) / 2.0), STRIP, axis=0)
    strips[STRIP - 1 :: STRIP] = 0.0  # a gap below each strip
    with canvas(start, 1, left=0.14) as drawn:
        (panel,) = drawn.panels
        extent = (0.0, 24.0, len(scores), 0.0)
        panel.imshow(strips, aspect="auto", interpolation="nearest", extent=extent)
        panel.set_yticks(np.arange(len(scores)) + 0.5, list(scores))
        panel.grid(visible=False)
        scale = ScalarMappable(Normalize(-1.0, 1.0), shades)
        bar = panel.figure.colorbar(scale, ax=panel, pad=0.01, ticks=[-1, 0, 1], label="score")
        bar.outline.set_visible(False)
    return drawn.png


def decisions(
    start: int, times: Times, score: Values, buy: Values, strong: Values, entries: Times
) -> bytes:
    """The weighted score between its thresholds, coloured where it is a verdict."""
    with canvas(start, 1) as drawn:
        (panel,) = drawn.panels
        at = drawn.hours(times)
        for level, style, name in ((buy, "--", "buy and sell"), (strong, ":", "strong")):
            panel.plot(at, level, style, color=INK, linewidth=0.9, label=f"threshold: {name}")
            panel.plot(at, -level, style, color=INK, linewidth=0.9)
        panel.axhline(0.0, color=INK, linewidth=0.6)
        panel.plot(at, score, color=LINE, label="weighted score")
        for verdict, colour, name in ((score > buy, UP, "buy"), (score < -buy, DOWN, "sell")):
            panel.plot(
                at[verdict],
                score[verdict],
                ".",
                color=colour,
                markersize=4.5,
                label=f"verdict: {name}",
            )
        for entry in drawn.hours(entries):
            panel.axvline(entry, color=ACCENT, linewidth=1.0, alpha=0.8)
        panel.set_ylabel("score")
        legends(drawn)
    return drawn.png


@dataclass(frozen=True)
class Band:
    """One position over the day: when it was held, on which side, and its levels in USDT."""

    side: str
    shadow: bool
    entry_time: int
    entry_price: float
    until: int
    exit_price: float | None
    stop_price: float
    target_price: float


def positions(start: int, times: Times, close: Values, bands: Sequence[Band]) -> bytes:
    """The price, with a band for as long as a position was held."""
    with canvas(start, 1) as drawn:
        (panel,) = drawn.panels
        panel.plot(drawn.hours(times), close, color=INK, linewidth=1.0)
        for band in bands:
            _draw_band(panel, start, band)
        panel.set_ylabel("USDT")
        panel.set_title(
            "green long, red short, pale: never traded (shadow); dotted: stop",
            loc="left",
            fontsize=9,
        )
        if len(close):
            margin = 0.05 * (close.max() - close.min()) + 1e-9
            panel.set_ylim(close.min() - margin, close.max() + margin)
    return drawn.png


def _draw_band(panel: Axes, start: int, band: Band) -> None:
    colour = UP if band.side == "LONG" else DOWN
    first = max(0.0, (band.entry_time - start) / HOUR)
    last = min(24.0, (band.until - start) / HOUR)
    panel.axvspan(first, last, color=colour, alpha=0.05 if band.shadow else 0.16, linewidth=0)
    if band.shadow:
        return
    panel.hlines(band.stop_price, first, last, color=colour, linestyle=":", linewidth=1.1)
    panel.plot([first], [band.entry_price], "o", color=colour, markersize=6)
    if band.exit_price is not None:
        panel.plot([first, last], [band.entry_price, band.exit_price], color=colour)
        panel.plot([last], [band.exit_price], "X", color=colour, markersize=7)


def portfolio(start: int, times: Times, equity: Values, drawdown: Values) -> bytes:
    """Equity after every minute, and how far it is below its highest."""
    with canvas(start, 2, 1) as drawn:
        upper, lower = drawn.panels
        at = drawn.hours(times)
        upper.plot(at, equity, color=LINE)
        upper.set_ylabel("equity, USDT")
        upper.ticklabel_format(useOffset=False)
        lower.fill_between(at, drawdown * 100, color=DOWN, alpha=0.35, linewidth=0)
        lower.plot(at, drawdown * 100, color=DOWN)
        lower.set_ylim(top=0.0)
        lower.set_ylabel("drawdown, %")
    return drawn.png
