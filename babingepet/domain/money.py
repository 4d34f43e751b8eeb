"""Rounding of account values: one function, one grid of 1e-8.

Inside the engine money is a float that lies on the grid; ``amount`` turns it into the exact
decimal. A double holds the grid exactly enough up to 9e7 in quote currency.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from babingepet.compiled import rule

GRID = 1e8
"""Steps of account money per unit of quote currency."""


@rule
def round8(value: float) -> float:
    """Round to 8 decimals, half to even."""
    return float(np.rint(value * GRID) / GRID)


def amount(value: float) -> Decimal:
    """The decimal that a value on the grid stands for.

    Example:
        >>> amount(0.1 + 0.2)
        Decimal('0.30000000')
    """
    return Decimal(f"{value:.8f}")
