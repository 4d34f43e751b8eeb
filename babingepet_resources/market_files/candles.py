"""Files of candles: the public archive's klines, and tables with named columns.

Belongs here: what a candle in a file must be, and which interval a file has. Does not belong here:
candles from an exchange's API. Source of the archive's layout:
https://github.com/binance/binance-public-data
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from babingepet.errors import InputError
from babingepet.market.frames import Candles, Floats, Ints
from babingepet.market.intervals import INTERVALS, MINUTE
from babingepet_resources.market_files.content import FileContent
from babingepet_resources.market_files.reading import read_table
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.market_files.table import Column, Layout, Table

PRICES = ("open", "high", "low", "close")

LAYOUT = Layout(
    "candles",
    (
        Column("open_time", "time", ("opentime", "timestamp", "time", "date")),
        *(Column(name, "number") for name in PRICES),
        Column("volume", "number", ("base_volume",)),
        Column("quote_volume", "number", ("quotevolume", "quote_asset_volume"), required=False),
        Column("trades", "number", ("trade_count", "count", "number_of_trades"), required=False),
        Column(
            "taker_buy_base",
            "number",
            ("taker_buy_base_volume", "taker_buy_volume", "taker_buy_base_asset_volume"),
            required=False,
        ),
        Column(
            "taker_buy_quote",
            "number",
            ("taker_buy_quote_volume", "taker_buy_quote_asset_volume"),
            required=False,
        ),
    ),
    {
        12: (
            "open_time", "open", "high", "low", "close", "volume", "close_time",
            "quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore",
        )
    },
)  # fmt: skip

_FIELDS = {
    "volume": "base_volume",
    "quote_volume": "quote_volume",
    "trades": "trade_count",
    "taker_buy_base": "taker_buy_base_volume",
}
"""Columns of the frame by the documented name of the file's, where the two differ or may lack."""

_INTERVAL_IN_NAME = re.compile(r"(?<![0-9a-z])([0-9]{1,2}[mhd])(?![0-9a-z])", re.IGNORECASE)
"""As in BTCUSDT-1m-2024-03.zip and BTC_USDT_USDT-5m-futures.feather."""

_ROUNDING = 1e-6
"""How far a part may exceed its whole, as a fraction: vendors print eight decimals."""


@dataclass(frozen=True, kw_only=True)
class CandleRows(FileRows[Candles]):
    """Candles of one file.

    Attributes:
        interval: What each of them spans: ``1m``.
        taker_buy_quote_volume: One a row, quote currency; NaN where the file lacks it.
    """

    interval: str
    taker_buy_quote_volume: Floats


def read_candles(
    content: FileContent,
    name: str,
    *,
    interval: str | None = None,
    symbol: str | None = None,
    until: int | None = None,
) -> CandleRows:
    """Read candles: CSV plain, gzip or ZIP, with or without the archive's header, or Parquet.

    Args:
        content: The file.
        name: Its name; errors begin with it, and an interval in it counts.
        interval: What each candle spans; None to read it off the name, else off the times.
        symbol: Take only rows of this one, where the rows name any.
        until: UTC ms; a candle that ends later is refused, since it cannot be closed yet.

    Raises:
        InputError: The file cannot be used as a whole; the message begins with its name.
    """
    table = read_table(content, name, LAYOUT, symbol=symbol)
    chosen = _interval(table, interval)
    _judge(table)
    _judge_times(table, chosen, until)
    order = table.ordered("open_time")
    columns = {field: table.numbers(column)[order] for column, field in _FIELDS.items()}
    columns |= {price: table.numbers(price)[order] for price in PRICES}
    rows = table.result(Candles(open_time=table.columns["open_time"][order], **columns), _FIELDS)
    return CandleRows(
        **vars(rows),
        interval=chosen,
        taker_buy_quote_volume=table.numbers("taker_buy_quote")[order],
    )


def _interval(table: Table, given: str | None) -> str:
    """The interval as given, as named, or the most frequent distance of two rows."""
    # Sorting times that mostly ascend takes a tenth of what np.unique takes to hash them.
    steps = np.diff(np.sort(table.columns["open_time"][table.usable()]))
    steps = steps[steps > 0]
    named = _INTERVAL_IN_NAME.findall(table.name.replace("\\", "/").rpartition("/")[2])
    known = next((one.lower() for one in named if one.lower() in INTERVALS), None)
    chosen = given or known or _off_the_grid(table.name, steps)
    if chosen not in INTERVALS:
        raise InputError(f"interval {chosen!r}: use one of {', '.join(INTERVALS)}")
    if len(steps) > 1 and steps.min() > INTERVALS[chosen]:
        raise InputError(
            f"{table.name}: rows are {int(np.median(steps)) // 1000:,} s apart; candles of "
            f"{chosen} are needed."
        )
    return chosen


def _off_the_grid(name: str, steps: Ints) -> str:
    if not len(steps):
        raise InputError(f"{name}: one row does not tell its interval: give the interval.")
    distances, counts = np.unique(steps, return_counts=True)
    step = int(distances[counts.argmax()])
    for known, length in INTERVALS.items():
        if length == step:
            return known
    raise InputError(
        f"{name}: rows are {step / 1000:,.12g} s apart, which is none of {', '.join(INTERVALS)}."
    )


def _judge(table: Table) -> None:
    opened, high, low, close = (table.columns[price] for price in PRICES)
    for price in PRICES:
        table.refuse_numbers(~(table.columns[price] > 0.0), price, "is not a positive price")
    for column in (*_FIELDS, "taker_buy_quote"):
        if column in table.columns:
            table.refuse_numbers(table.columns[column] < 0.0, column, "is negative")
    table.refuse_numbers(high < low, "high", "is below low")
    table.refuse_numbers(high < np.maximum(opened, close), "high", "is below open or close")
    table.refuse_numbers(low > np.minimum(opened, close), "low", "is above open or close")
    for part, whole in (("taker_buy_base", "volume"), ("taker_buy_quote", "quote_volume")):
        if part in table.columns:
            most = table.numbers(whole) * (1.0 + _ROUNDING) + _ROUNDING
            table.refuse_numbers(table.columns[part] > most, part, f"is more than {whole}")


def _judge_times(table: Table, interval: str, until: int | None) -> None:
    times, length = table.columns["open_time"], INTERVALS[interval]
    grid = "the start of a minute" if length == MINUTE else f"on the grid of {interval}"
    table.refuse_numbers(times % length != 0, "open_time", f"is not {grid}")
    if until is not None:
        table.refuse_numbers(times + length > until, "open_time", "is of a candle not closed yet")
