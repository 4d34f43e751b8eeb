"""Price ticks and quantity steps as a recording shows them.

Belongs here: the finest decimal place in use. Does not belong here: filters of the exchange.
"""

import numpy as np
from numpy.typing import NDArray

_SAMPLE = 20_000
"""Values looked at: two weeks of minutes use every decimal place that is ever used."""

_MOST_DECIMALS = 8
"""Binance quotes nothing finer."""

_TOLERANCE = 1e-6
"""Distance from a whole number of increments that float64 leaves on seven-digit prices."""


def increment(values: NDArray[np.float64]) -> str:
    """The largest power of ten that divides all values, as a decimal string such as `0.10`.

    Units: those of the values. At least two decimals are written, as the exchange does.
    """
    sample = values.reshape(-1)[:_SAMPLE]
    for decimals in range(_MOST_DECIMALS):
        scaled = sample * 10**decimals
        if np.all(np.abs(scaled - np.round(scaled)) < _TOLERANCE):
            return f"{10**-decimals:.{max(2, decimals)}f}"
    return f"{10**-_MOST_DECIMALS:.{_MOST_DECIMALS}f}"
