"""Wrong prices in JSON of the exchange, wherever it writes a price.

Belongs here: which fields are prices. Does not belong here: who gets to see them.
"""

from collections.abc import Mapping
from typing import Any

_SHORT = ("p", "P", "i", "o", "h", "l", "c", "b", "a")
_LONG = ("price", "markPrice", "indexPrice", "bidPrice", "askPrice", "bids", "asks")
_PRICES = frozenset({*_SHORT, *_LONG})
"""Field names that hold a price where their value is a decimal string, or a list of levels."""

_KLINE_FIELDS = 12
_KLINE_PRICES = slice(1, 5)


def with_prices(content: Any, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The content with each price replaced by `value`, or multiplied by `factor` without one."""
    if isinstance(content, dict):
        return {name: _field(name, value, settings) for name, value in content.items()}
    if not isinstance(content, list):
        return content
    if len(content) == _KLINE_FIELDS:
        row = list(content)
        row[_KLINE_PRICES] = [_wrong(price, settings) for price in row[_KLINE_PRICES]]
        return row
    return [with_prices(row, settings) for row in content]


def _field(name: str, value: Any, settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if name in _PRICES and isinstance(value, str):
        return _wrong(value, settings)
    if name in _PRICES and isinstance(value, list):
        return [[_wrong(level[0], settings), *level[1:]] for level in value]
    return with_prices(value, settings) if isinstance(value, dict) else value


def _wrong(price: str, settings: Mapping[str, Any]) -> str:
    try:
        right = float(price)
    except ValueError:
        return price  # "1m" stands where another message has its index price
    return settings["value"] or f"{right * settings['factor']:.8f}"
