"""A series as a small line of dots, for a terminal.

Belongs here: drawing numbers in characters. A character cell holds two by four dots (the Braille
block of Unicode), so a hundred columns show two hundred points.
"""

from __future__ import annotations

import numpy as np

from babingepet.market.frames import Floats

BLANK = 0x2800
"""The cell without a dot; a dot is a bit above it."""
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Bit of the dot in each row and column of a cell."""
HIGH, WIDE = DOTS.shape


def dotted(values: Floats, columns: int, rows: int) -> list[str]:
    """Draw a series from its smallest value at the bottom to its largest at the top.

    Each dot column covers an equal part of the series and is drawn from the lowest value in it to
    the highest, so that no short fall is lost.

    Args:
        values: At least one, all finite.
        columns: Characters in a line.
        rows: Lines.
    """
    width, height = columns * WIDE, rows * HIGH
    edges = np.linspace(0, len(values), min(width, len(values)) + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges)
    bottom = float(low.min())
    scale = (height - 1) / ((float(high.max()) - bottom) or 1.0)
    tops = height - 1 - np.rint((high - bottom) * scale).astype(int)
    ends = height - 1 - np.rint((low - bottom) * scale).astype(int)
    cells = np.full((rows, columns), BLANK)
    for place in range(width):
        part = place * len(edges) // width
        dots = np.arange(tops[part], ends[part] + 1)
        np.bitwise_or.at(cells[:, place // WIDE], dots // HIGH, DOTS[dots % HIGH, place % WIDE])
    return ["".join(map(chr, row)) for row in cells]
