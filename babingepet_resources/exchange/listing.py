"""What the exchange says about its instruments: the body of /fapi/v1/exchangeInfo.

Belongs here: order limits, assets and the exchange's own limits. Does not belong here: prices.
Source: https://developers.binance.com/docs/derivatives/usds-margined-futures (exchange information).
"""

from collections.abc import Iterable

from babingepet_resources.exchange.instruments import INSTRUMENTS
from babingepet_resources.exchange.source import SourceInfo
from babingepet_resources.exchange.wire import WEIGHT_LIMIT, Json

_MIN_NOTIONAL = "5"
"""Smallest order in USDT of an instrument whose facts are not known."""

_LARGEST_ORDERS = {"BTCUSDT": "1000", "ETHUSDT": "10000"}
"""Largest order in base units where it differs from the usual one (exchangeInfo of 2021)."""

_LARGEST_ORDER = "10000000"

_QUOTE_ASSETS = ("USDT", "USDC")


def exchange_info(instruments: Iterable[SourceInfo], now: int) -> Json:
    """The body of /fapi/v1/exchangeInfo.

    Args:
        instruments: What trades here.
        now: The exchange's clock.
    """
    limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
    return {
        "timezone": "UTC",
        "serverTime": now,
        "futuresType": "U_MARGINED",
        "rateLimits": [limit | {"limit": WEIGHT_LIMIT}],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [_instrument(info) for info in instruments],
    }


def _instrument(info: SourceInfo) -> Json:
    symbol, tick, step = info.symbol, info.price_tick, info.quantity_step
    quote = next((asset for asset in _QUOTE_ASSETS if symbol.endswith(asset)), "USDT")
    largest = _LARGEST_ORDERS.get(symbol, _LARGEST_ORDER)
    lot = {"stepSize": step, "minQty": step, "maxQty": largest}
    facts = INSTRUMENTS.get(symbol)
    notional = _MIN_NOTIONAL if facts is None else facts.min_notional
    return {
        "symbol": symbol,
        "pair": symbol,
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "baseAsset": symbol.removesuffix(quote),
        "quoteAsset": quote,
        "marginAsset": quote,
        "pricePrecision": len(tick.partition(".")[2]),
        "quantityPrecision": len(step.partition(".")[2]),
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "tickSize": tick,
                "minPrice": tick,
                "maxPrice": "10000000",
            },
            {"filterType": "LOT_SIZE"} | lot,
            {"filterType": "MARKET_LOT_SIZE"} | lot,
            {"filterType": "MIN_NOTIONAL", "notional": notional},
        ],
    }
