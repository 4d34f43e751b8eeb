"""Pictures of what lies beside the market: the tone of headlines, fund flows, fear and greed.

Belongs here: drawing arrays. Does not belong here: reading or computing what is drawn.
"""

from __future__ import annotations

import numpy as np

from babingepet.market.intervals import DAY
from babingepet_services.btc_day.canvas import (
    ACCENT,
    DOWN,
    INK,
    LINE,
    UP,
    Times,
    Values,
    canvas,
    legends,
)  # fmt: skip

TICKS = 7
"""Days between two dates below a picture of several weeks."""


def sentiment(start: int, times: Times, score: Values, stories: Values) -> bytes:
    """The tone at each moment, a gap where there was none, and how many stories it is made of."""
    with canvas(start, 2, 1) as drawn:
        upper, lower = drawn.panels
        at = drawn.hours(times)
        upper.axhline(0.0, color=INK, linewidth=0.6)
        upper.plot(at, score, color=LINE, marker=".", label="tone of the last 24 hours")
        upper.set_ylim(-1.0, 1.0)
        lower.plot(at, stories, color=ACCENT, marker=".", label="stories")
        lower.set_ylim(bottom=0.0)
        legends(drawn)
    return drawn.png


def etf_flow(
    window: tuple[int, int], days: Times, flow_usd: Values, index_days: Times, index: Times
) -> bytes:
    """A bar a trading day, and the index of fear and greed below."""
    begin, end = window
    with canvas(begin, 2, 1, span_hours=None) as drawn:
        upper, lower = drawn.panels
        at = (days - begin) / DAY + 0.5
        colours = [UP if flow >= 0 else DOWN for flow in flow_usd]
        upper.bar(at, flow_usd / 1e6, color=colours)
        upper.axhline(0.0, color=INK, linewidth=0.6)
        upper.plot([], [], color=UP, label="net flow into the funds, million USD")
        lower.plot(
            (index_days - begin) / DAY + 0.5,
            index,
            color=ACCENT,
            marker=".",
            label="fear and greed",
        )
        lower.set_ylim(0.0, 100.0)
        length = (end - begin) / DAY
        lower.set_xlim(0.0, length)
        ticks = np.arange(0.5, length, TICKS)
        dates = [str(np.datetime64(int(begin + tick * DAY), "ms"))[5:10] for tick in ticks]
        lower.set_xticks(ticks, dates)
        legends(drawn)
    return drawn.png
