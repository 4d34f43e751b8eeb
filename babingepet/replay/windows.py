"""Walk-forward windows: choose on the past, be judged on what comes after.

The period is cut at 00:00 UTC into one block more than there are splits. Split k is tested on block
k + 1 and trained on all blocks before it (expanding) or on the one before it (rolling). The train
window ends one longest holding time before the test window begins: what was opened in it is closed
before that. The test windows join without a gap.

Units: UTC milliseconds; a window holds the decisions with start <= as_of < end, as a replay does. A
cut lies a minute after 00:00, so that the value at 00:00 closes the day, and the window, before.

Source: Lopez de Prado, Advances in Financial Machine Learning, 2018, chapters 7 and 12 (embargo,
walk forward).
"""

from __future__ import annotations

from typing import NamedTuple

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, MINUTE, iso


class Window(NamedTuple):
    """Decisions with start <= as_of < end."""

    start: int
    end: int


class Split(NamedTuple):
    """Where trials are compared, and where the best of them is judged."""

    train: Window
    test: Window


def walk_forward(whole: Window, splits: int, embargo: int, *, rolling: bool) -> tuple[Split, ...]:
    """Cut a period into splits; none for 0.

    Args:
        whole: The period.
        splits: How many.
        embargo: Left out between train and test, ms.
        rolling: Whether a train window holds the block before the test only.

    Raises:
        InputError: The period is too short: a train window would hold no whole day.
    """
    if splits == 0:
        return ()
    first = -(-(whole.start - MINUTE) // DAY)
    days = (whole.end - 1) // DAY - first
    cuts = [whole.start]
    cuts += [
        (first + days * block // (splits + 1)) * DAY + MINUTE for block in range(1, splits + 1)
    ]
    cuts.append(whole.end)
    made = tuple(
        Split(Window(cuts[k] if rolling else cuts[0], cuts[k + 1] - embargo),
              Window(cuts[k + 1], cuts[k + 2]))
        for k in range(splits)
    )  # fmt: skip
    for train, test in made:
        if train.end - train.start < DAY or test.end - test.start < DAY:
            raise InputError(
                f"--splits {splits}: {iso(whole.start)} to {iso(whole.end)} is too short for as "
                "many windows and the pause between them"
            )
    return made
