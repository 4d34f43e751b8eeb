"""Whether probabilities came true, as a picture: one panel an analyst, group, and the consensus.

Belongs here: drawing what ``calibrated`` measured. Does not belong here: measuring it, the page.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from babingepet_services.btc_day.canvas import INK, LINE
from babingepet_services.replay.plots import picture
from babingepet_services.swarm.calibrated import Judged

COLUMNS = 4
PANEL = (2.1, 1.9)
"""Inches."""
LARGEST = 120.0
"""Area of the mark of the fullest bin, square points; others have their share of it."""


def reliability_picture(judged: Mapping[str, Judged]) -> str:
    """Share that came true by the probability given; who is calibrated lies on the diagonal."""
    rows = -(-len(judged) // COLUMNS)
    size = (PANEL[0] * COLUMNS, PANEL[1] * rows)
    with picture("reliability", size, *[1.0] * rows, columns=COLUMNS) as drawn:
        for panel in drawn.panels[len(judged) :]:
            panel.set_axis_off()
        for panel, (name, one) in zip(drawn.panels, judged.items(), strict=False):
            bins = [found for found in one.calibration.bins if found.n]
            counts = np.array([found.n for found in bins], dtype=float)
            panel.plot([0.0, 1.0], [0.0, 1.0], color=INK, linewidth=0.6)
            panel.scatter(
                [found.mean_p for found in bins],
                [found.share_up for found in bins],
                s=LARGEST * counts / counts.max(initial=1.0),
                color=LINE,
                alpha=0.8,
                linewidths=0,
            )
            panel.set_title(f"{name.replace('_', ' ')}, n {one.calibration.n:,}", fontsize=8.0)
            panel.set_xlim(0.0, 1.0)
            panel.set_ylim(0.0, 1.0)
    return drawn.svg
