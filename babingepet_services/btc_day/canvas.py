"""What every picture shares: colours, one time axis in hours, and PNG bytes at the end.

Belongs here: the frame of a picture. Does not belong here: what is drawn in it (``btc_day.plots``).

Backgrounds are transparent and everything that is not data is a grey with a contrast of at least
3.3 on white and on #1e1e1e. matplotlib is imported when something is drawn: it takes half a second.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from babingepet.market.intervals import HOUR

Values = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Axes = Any
Figure = Any

INK = "#858d98"
UP, DOWN, LINE, ACCENT = "#2ea97d", "#e0566b", "#4c8dff", "#e3a03b"
SIZE = (9.6, 3.9)
"""Inches; at DPI that is as wide as the side panel of the Dagster UI shows without scaling."""
DPI = 100
COLOURS = 64
"""A picture is kept in an event log that only grows: with 64 colours it takes 12 kB, in full 37 kB."""

FRAME: Any = {"right": 0.975, "top": 0.93, "bottom": 0.08, "hspace": 0.26}
"""Where the panels lie. Left to a layout engine, a picture was drawn once more to find out."""

STYLE: Any = {
    "figure.dpi": DPI,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": INK,
    "grid.alpha": 0.18,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.2,
}


class Canvas:
    """A figure of stacked panels over one time axis, in hours since ``start``."""

    def __init__(self, start: int, panels: Sequence[Axes], figure: Figure) -> None:
        self.start = start
        self.panels = panels
        self._figure = figure
        self.png = b""

    def hours(self, times: Times) -> Values:
        """UTC milliseconds as hours since the start."""
        return np.asarray((times - self.start) / HOUR, dtype=np.float64)

    def render(self) -> None:
        """Keep the finished picture as PNG bytes, in few colours.

        The pixels are read where they were drawn: `savefig` draws once more for its layout, and its
        PNG would be decoded again to reduce it. A quarter of the time; a month has 120 pictures.
        """
        from PIL import Image

        self._figure.canvas.draw()
        full = Image.fromarray(np.asarray(self._figure.canvas.buffer_rgba()))
        reduced = full.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
        small = io.BytesIO()
        reduced.save(small, format="png", optimize=True)
        self.png = small.getvalue()


@contextmanager
def canvas(
    start: int, *ratios: float, span_hours: float | None = 24.0, left: float = 0.085
) -> Iterator[Canvas]:
    """Draw one picture.

    Args:
        start: Where the time axis begins, UTC ms.
        ratios: Height of each panel in relation to the others, top first.
        span_hours: Length of the time axis; None when the picture has an axis of its own.
        left: Share of the width that is kept for what stands at the left axis.
    """
    import matplotlib as mpl
    from matplotlib import figure as figures
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    with mpl.rc_context(STYLE):
        figure = figures.Figure(figsize=SIZE)
        FigureCanvasAgg(figure)
        frame = {"height_ratios": ratios, "left": left, **FRAME}
        grid = figure.subplots(len(ratios), 1, sharex=True, squeeze=False, gridspec_kw=frame)
        drawn = Canvas(start, [row[0] for row in grid], figure)
        yield drawn
        if span_hours is not None:
            ticks = np.arange(0.0, span_hours + 0.1, 3.0)
            drawn.panels[-1].set_xlim(0.0, span_hours)
            drawn.panels[-1].set_xticks(ticks, [f"{int(tick):02d}:00" for tick in ticks])
        drawn.render()


def as_markdown(png: bytes) -> str:
    """A picture that needs no file: Dagster keeps and shows Markdown."""
    return f"![plot](data:image/png;base64,{base64.b64encode(png).decode()})"


def legends(drawn: Canvas) -> None:
    """Name what is drawn above each panel, where it hides no data."""
    for panel in drawn.panels:
        panel.legend(
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            borderaxespad=0.2,
            ncols=6,
            handlelength=1.4,
        )


def groups(times: Times, step: int) -> list[npt.NDArray[np.int64]]:
    """Positions of the rows in each span of ``step`` that has some."""
    edges = np.flatnonzero(np.diff(times // step)) + 1
    return [part for part in np.split(np.arange(len(times)), edges) if len(part)]
