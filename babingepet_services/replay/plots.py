"""Pictures of a replay as SVG text that a page can hold, and the frame of every such picture.

Belongs here: drawing what a report measured. Does not belong here: measuring it, the page.

Pictures have no background and no colour that only one of light and dark can show, carry no
address, and are the same bytes for the same numbers.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from babingepet.market.frames import Floats, Ints
from babingepet.performance.equity import EquityCurve, drawdowns
from babingepet_services.btc_day.canvas import ACCENT, DOWN, INK, LINE, STYLE, UP, Axes, Figure

WIDE, HALF = (8.4, 3.6), (4.2, 2.6)
"""Inches of a picture over the whole page and of one beside another."""
POINTS = 800
"""Parts of a line; of each part the lowest and the highest value are drawn."""
BINS = 40
MOST_R = 6.0
"""R multiples beyond this are drawn at it."""

NAMESPACES = (
    ' xmlns="http://www.w3.org/2000/svg"',
    ' xmlns:xlink="http://www.w3.org/1999/xlink"',
)
"""What a picture inside of a page can do without."""


class Picture:
    """The panels of a picture, top first; its text once the block is left."""

    def __init__(self, panels: list[Axes]) -> None:
        self.panels = panels
        self.svg = ""


def equity_picture(curve: EquityCurve) -> str:
    """Equity, and how far it stood below its highest."""
    with picture("equity", WIDE, 2, 1) as drawn:
        upper, lower = drawn.panels
        times, equity = thinned(curve.as_of, curve.equity)
        upper.plot(times, equity, color=LINE)
        upper.axhline(curve.equity[0], color=INK, linewidth=0.6)
        upper.set_ylabel("equity, USDT")
        times, depths = thinned(curve.as_of, drawdowns(curve.equity))
        lower.fill_between(times, depths * 100, color=DOWN, alpha=0.35, linewidth=0)
        lower.plot(times, depths * 100, color=DOWN)
        lower.set_ylim(top=0.0)
        lower.set_ylabel("drawdown, %")
        _date_axis(lower)
    return drawn.svg


def growth_picture(curve: EquityCurve, held: EquityCurve) -> str:
    """What one USDT became, in the strategy and in the coin held, on a logarithmic scale."""
    with picture("growth", WIDE, 1) as drawn:
        (panel,) = drawn.panels
        for one, colour, name in ((held, ACCENT, "buy and hold"), (curve, LINE, "strategy")):
            times, equity = thinned(one.as_of, np.maximum(one.equity, 1e-8))
            panel.plot(times, equity / one.equity[0], color=colour, label=name)
        panel.set_yscale("log")
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter("{x:g}")
        panel.set_ylabel("of one USDT")
        panel.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
        _date_axis(panel)
    return drawn.svg


def chance_picture(chance: Floats, own: float) -> str:
    """Net P&L of the accounts that flipped a coin, and where the strategy lies."""
    with picture("chance", HALF, 1) as drawn:
        (panel,) = drawn.panels
        panel.hist(chance, bins=BINS, color=INK, alpha=0.6)
        panel.axvline(own, color=LINE if own > np.median(chance) else DOWN, linewidth=1.8)
        panel.set_xlabel("net P&L of coin flips, USDT; the line is the strategy")
        panel.set_ylabel("accounts")
    return drawn.svg


def multiples_picture(multiples: Floats) -> str:
    """How many trades came to how much of their initial risk."""
    with picture("multiples", HALF, 1) as drawn:
        (panel,) = drawn.panels
        kept = np.clip(multiples, -MOST_R, MOST_R)
        edges = np.linspace(-MOST_R, MOST_R, 2 * BINS + 1)
        panel.hist(kept[kept < 0.0], bins=edges, color=DOWN, alpha=0.8)
        panel.hist(kept[kept >= 0.0], bins=edges, color=UP, alpha=0.8)
        if len(kept):
            panel.set_xlim(kept.min() - 0.5, kept.max() + 0.5)
        panel.set_xlabel("net P&L of a trade, R")
        panel.set_ylabel("trades")
    return drawn.svg


def thinned(times: Ints, values: Floats) -> tuple[Any, Floats]:
    """At most 2 ``POINTS`` of a line that look like all of it: of each part the two extremes.

    Returns:
        Times as numpy datetimes, and the values there.
    """
    count = len(values)
    rows = np.arange(count)
    if count > 2 * POINTS:
        edges = np.linspace(0, count, POINTS + 1).astype(int)
        extremes = [
            first + find(values[first:last])
            for first, last in pairwise(edges)
            for find in (np.argmin, np.argmax)
        ]
        rows = np.unique([0, *extremes, count - 1])
    return times[rows].astype("datetime64[ms]"), values[rows]


@contextmanager
def picture(
    name: str, size: tuple[float, float], *ratios: float, columns: int = 1
) -> Iterator[Picture]:
    """A picture of stacked panels that share their axis of time, or of a grid of like panels.

    Args:
        name: Makes the names inside of it its own.
        size: Inches.
        ratios: Heights of the rows, to each other.
        columns: Of a grid, whose panels share both axes.
    """
    import matplotlib as mpl
    from matplotlib import figure as figures
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    with mpl.rc_context(STYLE | {"svg.fonttype": "none", "svg.hashsalt": name}):
        figure = figures.Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        grid = figure.subplots(
            len(ratios), columns, sharex=True, sharey=columns > 1, squeeze=False,
            gridspec_kw={"height_ratios": ratios},
        )  # fmt: skip
        drawn = Picture(list(grid.flat))
        yield drawn
        drawn.svg = _svg(figure)


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    unsaid = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(text, format="svg", transparent=True, metadata=unsaid)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    for namespace in NAMESPACES:
        svg = svg.replace(namespace, "")
    return svg.strip()


def _date_axis(panel: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_formatter(formatter)
    panel.margins(x=0.0)
