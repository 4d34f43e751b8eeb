"""The picture of the analysts' day.

Belongs here: drawing arrays. Does not belong here: reading or computing what is drawn.
"""

from __future__ import annotations

from babingepet_services.btc_day.canvas import (
    ACCENT,
    INK,
    LINE,
    Times,
    Values,
    canvas,
    legends,
)  # fmt: skip

EVEN = 0.5
"""A probability that takes no side."""


def verdicts(
    start: int, times: Times, p_up: Values, agreement: Values, minutes: Times, close: Values
) -> bytes:
    """The price above, and below what the analysts gave it, with how many of them agreed."""
    with canvas(start, 1, 1) as drawn:
        upper, lower = drawn.panels
        upper.plot(drawn.hours(minutes), close, color=ACCENT, label="close, USDT")
        at = drawn.hours(times)
        lower.axhline(EVEN, color=INK, linewidth=0.6)
        lower.plot(at, p_up, color=LINE, marker=".", label="p_up: higher in an hour")
        lower.plot(at, agreement, color=INK, linewidth=0.8, linestyle=":", label="agreement")
        lower.set_ylim(0.0, 1.0)
        legends(drawn)
    return drawn.png
