"""Files of trades: aggregate ones and single ones.

Belongs here: what a trade in a file must be. Does not belong here: what a minute of them comes to.
"""

from __future__ import annotations

import numpy as np

from babingepet.market.frames import Trades
from babingepet_resources.market_files.content import FileContent
from babingepet_resources.market_files.reading import read_table
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.market_files.table import Column, Layout

LAYOUT = Layout(
    "trades",
    (
        Column("trade_id", "whole", ("agg_trade_id", "aggregate_trade_id", "id", "a")),
        Column("time", "time", ("transact_time", "event_time", "timestamp", "t")),
        Column("price", "number", ("p",)),
        Column("quantity", "number", ("qty", "q")),
        Column("is_buyer_maker", "flag", ("isbuyermaker", "was_the_buyer_the_maker", "m")),
    ),
    {
        6: ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker"),
        7: (
            "agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id",
            "transact_time", "is_buyer_maker",
        ),
        8: (
            "agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id",
            "transact_time", "is_buyer_maker", "was_best_match",
        ),
    },
)  # fmt: skip
"""Six columns are single trades of a perpetual, seven aggregate ones; spot files have one more."""


def read_trades(
    content: FileContent, name: str, *, symbol: str | None = None, until: int | None = None
) -> FileRows[Trades]:
    """Read trades: CSV plain, gzip or ZIP, with or without the archive's header, or Parquet.

    Args:
        content: The file.
        name: Its name; errors begin with it.
        symbol: Take only rows of this one, where the rows name any.
        until: UTC ms; a later trade is refused.

    Returns:
        Ascending in trade id, and in time.

    Raises:
        InputError: The file cannot be used as a whole; the message begins with its name.
    """
    table = read_table(content, name, LAYOUT, symbol=symbol)
    table.refuse_numbers(~(table.columns["price"] > 0.0), "price", "is not a positive price")
    table.refuse_numbers(~(table.columns["quantity"] > 0.0), "quantity", "is not above 0")
    table.refuse_numbers(table.columns["trade_id"] < 0, "trade_id", "is negative")
    if until is not None:
        table.refuse_numbers(table.columns["time"] > until, "time", "lies in the future")
    order = table.ordered("trade_id")
    times = table.columns["time"][order]
    before = times < np.maximum.accumulate(times)
    if before.any():
        wrong = np.zeros(len(table), np.bool_)
        wrong[order[before]] = True
        table.refuse_numbers(wrong, "time", "is before the trade with the id before it")
        order = order[~before]
    return table.result(
        Trades(
            trade_id=table.columns["trade_id"][order],
            event_time=table.columns["time"][order],
            price=table.columns["price"][order],
            quantity=table.columns["quantity"][order],
            is_buyer_maker=table.columns["is_buyer_maker"][order],
        )
    )
