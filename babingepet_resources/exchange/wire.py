"""Binance's JSON: REST rows, stream messages and error envelopes, as its clients know them.

Belongs here: shapes and number formats. Does not belong here: which rows are asked for, sockets.
Source: https://developers.binance.com/docs/derivatives/usds-margined-futures (market data
endpoints, websocket market streams, error codes).
"""

from typing import Any

import orjson

from babingepet_resources.exchange.candles import MINUTE_MS, Candles
from babingepet_resources.exchange.source import (
    AggregateTrade,
    BookView,
    FundingSettlement,
    MarkPrice,
    OpenInterestReading,
    Quote,
)

Json = dict[str, Any]


def decimal(value: float) -> str:
    """A price, volume or rate with eight decimals: every number of Binance fits, exactly."""
    return f"{value:.8f}"


def kline_rows(candles: Candles, interval: int) -> list[list[int | str]]:
    """Rows of /fapi/v1/klines for candles of `interval` milliseconds."""
    times = candles.open_time.tolist()
    rows: list[list[int | str]] = []
    for open_time, values in zip(times, candles.values.tolist(), strict=True):
        *prices_and_base, quote, count, taker_base, taker_quote = values
        rows.append(
            [
                open_time,
                *map(decimal, prices_and_base),
                open_time + interval - 1,
                decimal(quote),
                int(count),
                decimal(taker_base),
                decimal(taker_quote),
                "0",
            ]
        )
    return rows


def kline_event(symbol: str, minute: Candles) -> bytes:
    """The closing message of `<symbol>@kline_1m` for a table of one row.

    Trade ids are -1, Binance's own filler for "none": candle files do not have them.
    """
    row = kline_rows(minute, MINUTE_MS)[0]
    opened, opening, high, low, close, base, closed, quote, count, taker_base, taker_quote, _ = row
    kline = {"t": opened, "T": closed, "s": symbol, "i": "1m", "f": -1, "L": -1}
    kline |= {"o": opening, "c": close, "h": high, "l": low, "v": base, "n": count, "x": True}
    kline |= {"q": quote, "V": taker_base, "Q": taker_quote, "B": "0"}
    return orjson.dumps({"e": "kline", "E": closed, "s": symbol, "k": kline})


def trade_row(trade: AggregateTrade) -> Json:
    """A row of /fapi/v1/aggTrades."""
    return {
        "a": trade.aggregate_id,
        "p": trade.price,
        "q": trade.quantity,
        "f": trade.first_trade_id,
        "l": trade.last_trade_id,
        "T": trade.time,
        "m": trade.is_buyer_maker,
    }


def trade_event(symbol: str, trade: AggregateTrade, event_time: int) -> bytes:
    """A message of `<symbol>@aggTrade`."""
    return orjson.dumps({"e": "aggTrade", "E": event_time, "s": symbol} | trade_row(trade))


def book_answer(book: BookView) -> Json:
    """The body of /fapi/v1/depth."""
    return {
        "lastUpdateId": book.last_update_id,
        "E": book.event_time,
        "T": book.transaction_time,
        "bids": book.bids,
        "asks": book.asks,
    }


def book_event(symbol: str, book: BookView, event_time: int) -> bytes:
    """A message of `<symbol>@depth20@100ms`: the whole top of the book, not a difference.

    The update ids all name the newest difference that is in it.
    """
    ids = dict.fromkeys(("U", "u", "pu"), book.last_update_id)
    head = {"e": "depthUpdate", "E": event_time, "T": book.transaction_time, "s": symbol}
    return orjson.dumps(head | ids | {"b": book.bids, "a": book.asks})


def difference_event(symbol: str, changed: BookView, before: int) -> bytes:
    """A message of `<symbol>@depth@100ms`: levels that changed, gone ones with quantity 0.

    Args:
        symbol: The exchange's name of the instrument.
        changed: The changed levels, under the update id of the book after them.
        before: Update id of the book before them.
    """
    head = {"e": "depthUpdate", "E": changed.event_time, "T": changed.transaction_time, "s": symbol}
    ids = {"U": before + 1, "u": changed.last_update_id, "pu": before}
    return orjson.dumps(head | ids | {"b": changed.bids, "a": changed.asks})


def force_order_event(symbol: str, trade: AggregateTrade) -> bytes:
    """A message of `<symbol>@forceOrder`: a liquidation that was filled by one trade."""
    order = {
        "s": symbol,
        "S": "SELL" if trade.is_buyer_maker else "BUY",
        "o": "LIMIT",
        "f": "IOC",
        "q": trade.quantity,
        "p": trade.price,
        "ap": trade.price,
        "X": "FILLED",
        "l": trade.quantity,
        "z": trade.quantity,
        "T": trade.time,
    }
    return orjson.dumps({"e": "forceOrder", "E": trade.time, "o": order})


def quote_answer(symbol: str, quote: Quote) -> Json:
    """The body of /fapi/v1/ticker/bookTicker."""
    return {
        "symbol": symbol,
        "bidPrice": quote.bid_price,
        "bidQty": quote.bid_quantity,
        "askPrice": quote.ask_price,
        "askQty": quote.ask_quantity,
        "time": quote.time,
    }


def mark_price_answer(symbol: str, mark: MarkPrice) -> Json:
    """The body of /fapi/v1/premiumIndex; an empty string is a number that was not recorded."""
    return {
        "symbol": symbol,
        "markPrice": mark.mark_price,
        "indexPrice": mark.index_price,
        "estimatedSettlePrice": "",
        "lastFundingRate": mark.funding_rate,
        "interestRate": "",
        "nextFundingTime": mark.next_funding_time,
        "time": mark.time,
    }


def mark_price_event(symbol: str, mark: MarkPrice) -> bytes:
    """A message of `<symbol>@markPrice@1s`."""
    return orjson.dumps(
        {
            "e": "markPriceUpdate",
            "E": mark.time,
            "s": symbol,
            "p": mark.mark_price,
            "P": mark.mark_price,
            "i": mark.index_price,
            "r": mark.funding_rate,
            "T": mark.next_funding_time,
        }
    )


def funding_row(symbol: str, settlement: FundingSettlement) -> Json:
    """A row of /fapi/v1/fundingRate."""
    return {
        "symbol": symbol,
        "fundingTime": settlement.time,
        "fundingRate": settlement.rate,
        "markPrice": settlement.mark_price,
    }


def open_interest_answer(symbol: str, reading: OpenInterestReading) -> Json:
    """The body of /fapi/v1/openInterest."""
    return {"openInterest": reading.open_interest, "symbol": symbol, "time": reading.time}


def open_interest_row(symbol: str, reading: OpenInterestReading) -> Json:
    """A row of /futures/data/openInterestHist; an empty string was not recorded."""
    return {
        "symbol": symbol,
        "sumOpenInterest": reading.open_interest,
        "sumOpenInterestValue": reading.notional,
        "CMCCirculatingSupply": "",
        "timestamp": reading.time,
    }


def ticker_answer(symbol: str, minutes: Candles, now: int) -> Json:
    """The body of /fapi/v1/ticker/24hr from the day's minutes.

    What minutes do not tell is written as nothing: the size of the last trade as an empty string,
    trade ids as -1, Binance's own filler.

    Args:
        symbol: The exchange's name of the instrument.
        minutes: The last 24 hours, the forming minute included; at least one.
        now: The exchange's clock.
    """
    first, last = float(minutes.values[0, 0]), float(minutes.values[-1, 3])
    base, quote, count = (float(total) for total in minutes.values[:, 4:7].sum(axis=0))
    return {
        "symbol": symbol,
        "priceChange": decimal(last - first),
        "priceChangePercent": f"{(last / first - 1) * 100:.3f}",
        "weightedAvgPrice": decimal(quote / base) if base > 0 and quote > 0 else "",
        "lastPrice": decimal(last),
        "lastQty": "",
        "openPrice": decimal(first),
        "highPrice": decimal(minutes.values[:, 1].max()),
        "lowPrice": decimal(minutes.values[:, 2].min()),
        "volume": decimal(base),
        "quoteVolume": decimal(quote),
        "openTime": int(minutes.open_time[0]),
        "closeTime": now,
        "firstId": -1,
        "lastId": -1,
        "count": int(count),
    }


WEIGHT_LIMIT = 2_400
"""Request weight a minute and address that Binance allows on this API."""


def marker(time: int) -> bytes:
    """The `data` of `!clock`: everything before `time` was sent on this socket."""
    return b'{"e":"clock","E":%d}' % time


def envelope(stream: bytes, data: bytes) -> bytes:
    """A combined-stream message."""
    return b'{"stream":"' + stream + b'","data":' + data + b"}"
