"""What an exchange allows of one instrument."""

from __future__ import annotations

from typing import NamedTuple


class ExchangeFilters(NamedTuple):
    """The limits that an order must keep."""

    price_tick: float
    """Price step, quote currency."""
    quantity_step: float
    """Quantity step of a market order, base units."""
    min_quantity: float
    """Least quantity of a market order, base units."""
    min_notional: float
    """Least price times quantity, quote currency."""
