"""Files of open interest: the archive's daily metrics, and the exchange's statistics as tables.

Belongs here: what a reading in a file must be. Does not belong here: ratios of accounts, which
stand in the same files.
"""

from __future__ import annotations

from babingepet.market.frames import OpenInterest
from babingepet_resources.market_files.content import FileContent
from babingepet_resources.market_files.reading import read_table
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.market_files.table import Column, Layout

LAYOUT = Layout(
    "readings of open interest",
    (
        Column("time", "time", ("event_time", "create_time", "timestamp")),
        Column("open_interest", "number", ("sum_open_interest", "sumopeninterest")),
        Column(
            "notional",
            "number",
            ("sum_open_interest_value", "sumopeninterestvalue"),
            required=False,
        ),
    ),
)


def read_open_interest(
    content: FileContent, name: str, *, symbol: str | None = None, until: int | None = None
) -> FileRows[OpenInterest]:
    """Read open interest: CSV plain, gzip or ZIP, with a header, or Parquet.

    Args:
        content: The file.
        name: Its name; errors begin with it.
        symbol: Take only rows of this one, where the rows name any.
        until: UTC ms; a later reading is refused.

    Raises:
        InputError: The file cannot be used as a whole; the message begins with its name.
    """
    table = read_table(content, name, LAYOUT, symbol=symbol)
    for column in ("open_interest", "notional"):
        if column in table.columns:
            table.refuse_numbers(table.columns[column] < 0.0, column, "is negative")
    table.refuse_numbers(table.columns["open_interest"] == 0.0, "open_interest", "is no reading")
    if until is not None:
        table.refuse_numbers(table.columns["time"] > until, "time", "lies in the future")
    order = table.ordered("time")
    return table.result(
        OpenInterest(
            event_time=table.columns["time"][order],
            open_interest=table.columns["open_interest"][order],
            notional=table.numbers("notional")[order],
        ),
        {"notional": "notional"},
    )
