"""The market of BTC/USDT as assets: candles, order flow, order book, funding, open interest.

Belongs here: what each asset is, in words, and what it is made from. The loop writes their rows a
minute at a time. Materializing days reports what is stored; what Binance's public archive or the
exchange still tells is filled in first, of all days of a run together. A book or a quote that was
not captured live is lost: no asset invents it.
"""

import dagster as dg

from babingepet_assets.btc.filling import fill_and_report_days
from babingepet_assets.btc.group import BTC
from babingepet_assets.reporting import Result
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings


@BTC.asset("candles", kinds={"binance", "table"})
def candles(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Closed one-minute candles: prices in USDT, base volume in BTC, taker-bought share of it.

    Shape: up to 1,440 rows a day in `crypto_candles`, a minute each; a hole is a missing row. A
    stored candle never changes.
    """
    return fill_and_report_days(context, settings, clock)


@BTC.asset("order_flow", kinds={"binance", "table"})
def order_flow(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Each minute's trades and best quotes, reduced: taker volumes and order flow imbalance in BTC.

    Shape: up to 1,440 rows a day in `crypto_order_flow`; large merged prints in `crypto_trades`.
    Days of Binance are made of the archive's trades where nothing was captured, without imbalance:
    quotes are captured live or lost. Imbalance after Cont, Kukanov and Stoikov (2014).
    """
    return fill_and_report_days(context, settings, clock)


@BTC.asset("order_book", kinds={"binance", "table"})
def order_book(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """The order book at each minute's end: best prices in USDT, spread in basis points, 20 levels.

    Shape: up to 1,440 rows a day in `crypto_orderbook`. Captured live, never fetched again.
    """
    return fill_and_report_days(context, settings, clock)


@BTC.asset("funding", kinds={"binance", "table"})
def funding(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Settled funding rates of the perpetual, a fraction per interval; positive: longs pay shorts.

    Shape: three rows a day in `crypto_funding` at an interval of eight hours.
    """
    return fill_and_report_days(context, settings, clock)


@BTC.asset("open_interest", kinds={"binance", "table"})
def open_interest(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Contracts that are open, in BTC, and what they are worth in USDT.

    Shape: a row a minute in `crypto_open_interest` where a loop ran, one in five minutes where the
    day was filled in.
    """
    return fill_and_report_days(context, settings, clock)


ASSETS = (candles, order_flow, order_book, funding, open_interest)
