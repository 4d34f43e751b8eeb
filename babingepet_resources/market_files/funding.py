"""Files of settled funding rates.

Belongs here: what a settlement in a file must be. Does not belong here: rates read off mark prices.
"""

from __future__ import annotations

import numpy as np

from babingepet.market.frames import Floats, FundingRates, Ints
from babingepet.market.intervals import HOUR, MINUTE
from babingepet_resources.market_files.content import FileContent
from babingepet_resources.market_files.reading import read_table
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.market_files.table import Column, Layout, Table

DEFAULT_HOURS = 8.0
"""The exchange's usual interval, for a file of one row that does not tell it."""

LAYOUT = Layout(
    "funding rates",
    (
        Column("funding_time", "time", ("fundingtime", "calc_time", "timestamp", "time")),
        Column("funding_rate", "number", ("fundingrate", "last_funding_rate")),
        Column("funding_interval_hours", "number", ("interval_hours",), required=False),
    ),
    {3: ("calc_time", "funding_interval_hours", "last_funding_rate")},
)


def read_funding(
    content: FileContent, name: str, *, symbol: str | None = None, until: int | None = None
) -> FileRows[FundingRates]:
    """Read funding rates: CSV plain, gzip or ZIP, with or without the archive's header, or Parquet.

    Settlement times carry stray milliseconds (00:00:00.005); they come out on their minute, as the
    exchange client delivers them. Where a file does not tell the interval it is the usual distance
    of its rows.

    Args:
        content: The file.
        name: Its name; errors begin with it.
        symbol: Take only rows of this one, where the rows name any.
        until: UTC ms; a later settlement is refused.

    Raises:
        InputError: The file cannot be used as a whole; the message begins with its name.
    """
    table = read_table(content, name, LAYOUT, symbol=symbol)
    rate = table.columns["funding_rate"]
    table.refuse_numbers(~(np.abs(rate) < 1.0), "funding_rate", "is no fraction of the price")
    if "funding_interval_hours" in table.columns:
        hours = table.columns["funding_interval_hours"]
        wrong = (hours <= 0.0) | (hours > 24.0)  # noqa: PLR2004 (hours of a day)
        table.refuse_numbers(wrong, "funding_interval_hours", "is not between 1 and 24 hours")
    times = table.columns["funding_time"]
    if until is not None:
        table.refuse_numbers(times > until, "funding_time", "lies in the future")
    table.columns["funding_time"] = times - times % MINUTE
    order = table.ordered("funding_time")
    times = table.columns["funding_time"][order]
    return table.result(
        FundingRates(
            funding_time=times,
            funding_rate=table.columns["funding_rate"][order],
            interval_hours=_hours(table, order, times),
            derived=np.zeros(len(order), np.bool_),
        )
    )


def _hours(table: Table, order: Ints, times: Ints) -> Floats:
    usual = DEFAULT_HOURS
    if len(times) > 1:
        usual = float(round(float(np.median(np.diff(times))) / HOUR))
    told = table.numbers("funding_interval_hours")[order]
    return np.where(np.isnan(told), usual, told)
