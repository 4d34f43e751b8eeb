"""Files of headlines: when each was published, by whom, and what somebody made of its tone.

Belongs here: what a row must be. Does not belong here: reading titles for their tone, and when a row
became known (whoever stores it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from babingepet.market.frames import Frame, Ints
from babingepet_resources.market_files.content import FileContent
from babingepet_resources.market_files.reading import read_table
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.market_files.table import Column, Layout, Table
from babingepet_resources.market_files.titles import plain_text, plain_title

LAYOUT = Layout(
    "headlines",
    (
        Column("title", "text", ("headline", "judul")),
        Column("published", "time", ("event_time", "pubdate", "date", "time", "waktu")),
        Column("outlet", "text", ("publisher", "sumber"), required=False),
        Column("url", "text", ("link", "tautan"), required=False),
        Column("polarity", "number", required=False),
        Column("relevance", "number", required=False),
        Column("method", "text", required=False),
    ),
)

METHOD_LIMIT = 200
"""Characters of the name of a method."""


class FiledHeadline(NamedTuple):
    """One headline of a file; None where the file does not tell.

    Attributes:
        title: Plain text without the outlet.
        outlet: Who published it; may be empty.
        url: As it stands there, never opened.
        published: UTC ms.
        polarity: -1 to 1.
        relevance: 0 to 1.
        method: Who gave the polarity.
    """

    title: str
    outlet: str
    url: str | None
    published: int
    polarity: float | None
    relevance: float | None
    method: str | None


@dataclass(frozen=True, eq=False)
class Publications(Frame):
    """When the headlines of a file were published, and which of its items each is."""

    TIME: ClassVar[str] = "published"

    published: Ints
    item: Ints


@dataclass(frozen=True)
class HeadlineRows(FileRows[Publications]):
    """The headlines of one file.

    Attributes:
        items: What the rows of the frame point to.
    """

    items: tuple[FiledHeadline, ...] = ()


def read_headlines(
    content: FileContent, name: str, *, symbol: str | None = None, until: int | None = None
) -> HeadlineRows:
    """Read headlines: CSV, Parquet, JSON lines or a JSON list.

    Args:
        content: The file.
        name: Its name; errors begin with it.
        symbol: Take only rows of this market, where the rows name any.
        until: UTC ms; a headline published later is refused.

    Raises:
        InputError: The file cannot be used as a whole; the message begins with its name.
    """
    table = read_table(content, name, LAYOUT, symbol=symbol)
    items = _items(table)
    _refuse(table, items, until)
    usable = np.flatnonzero(table.usable())
    order = usable[np.argsort(table.columns["published"][usable], kind="stable")]
    frame = Publications(published=table.columns["published"][order], item=order)
    told = table.result(frame)
    return HeadlineRows(
        frame=frame,
        rows_read=told.rows_read,
        rejects=told.rejects,
        rows_rejected=told.rows_rejected,
        symbol=told.symbol,
        notes=told.notes,
        items=tuple(items),
    )


def _refuse(table: Table, items: list[FiledHeadline], until: int | None) -> None:
    table.refuse(np.array([not one.title for one in items]), "title", "holds no text")
    if until is not None:
        late = table.columns["published"] > until
        table.refuse_numbers(late, "published", "lies in the future")
    for column, low in (("polarity", -1.0), ("relevance", 0.0)):
        values = table.numbers(column)
        if column in table.columns:
            outside = (values < low) | (values > 1.0)
            table.refuse_numbers(outside, column, f"is not between {low:g} and 1")
    nameless = [one.polarity is not None and not one.method for one in items]
    table.refuse(np.array(nameless), "method", "is empty; it must say who gave the polarity")
    long = [len(one.method or "") > METHOD_LIMIT for one in items]
    table.refuse(np.array(long), "method", f"is longer than {METHOD_LIMIT} characters")


def _items(table: Table) -> list[FiledHeadline]:
    outlets = [plain_text(text) for text in _texts(table, "outlet")]
    titles = (
        plain_title(title, outlet)
        for title, outlet in zip(_texts(table, "title"), outlets, strict=True)
    )
    columns: tuple[Any, ...] = (
        titles,
        outlets,
        (text or None for text in _texts(table, "url")),
        table.columns["published"].tolist(),
        _numbers(table, "polarity"),
        _numbers(table, "relevance"),
        (plain_text(text) or None for text in _texts(table, "method")),
    )
    return [FiledHeadline(*row) for row in zip(*columns, strict=True)]


def _texts(table: Table, column: str) -> list[str]:
    return table.columns[column].tolist() if column in table.columns else [""] * len(table)


def _numbers(table: Table, column: str) -> list[float | None]:
    return [None if value != value else value for value in table.numbers(column).tolist()]  # noqa: PLR0124 (NaN)
