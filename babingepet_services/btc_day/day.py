"""One BTC day as a report: how much there is, a table, a picture, and the numbers that matter.

Belongs here: which day is meant, what a report consists of, and how hours are cut. Does not belong
here: what each asset reports (``btc_day.market``, ``btc_day.decided``), and writing: a report only
reads the warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection
from tabulate import tabulate

from babingepet.market.intervals import DAY, HOUR, iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.records import PAPER
from babingepet_services.market.source import open_warehouse, resolve_market

Cell = str | int | float | None
Values = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

PRODUCTS = {"usdm_perp": "perpetual", "spot": "spot"}
"""Kinds of instrument, as people call them."""


@dataclass(frozen=True)
class DayScope:
    """Which day of which market and book is meant.

    Attributes:
        database: The warehouse.
        symbol: The exchange's name, ``BTCUSDT``.
        source: Only facts of this source.
        partition: The UTC day, ``2025-05-10``.
        book: The ledger; ``paper`` is what happened.
        draws: Whether a report has a picture where there is something to draw.
    """

    database: Database
    symbol: str
    source: str
    partition: str
    book: str = PAPER
    draws: bool = True

    @property
    def start(self) -> int:
        """00:00 UTC of the day.

        Raises:
            InputError: The partition is not a day.
        """
        return parse_moment(self.partition)

    @property
    def end(self) -> int:
        """00:00 UTC of the next day."""
        return self.start + DAY

    def drawn(self, draw: Callable[..., bytes], *values: object) -> bytes | None:
        """The picture that ``draw`` makes of the values; None where none is wanted."""
        return draw(*values) if self.draws else None


@dataclass(frozen=True)
class AssetReport:
    """What one asset holds of one day.

    Attributes:
        rows: Stored rows of the day.
        window: First moment covered and the end of the last one, UTC ms; None without rows.
        source: Where the facts come from: ``recorded, spot``.
        table: Markdown.
        plot_png: A picture with a transparent background; None when there is nothing to draw.
        numbers: What else is worth following from day to day, by name.
        texts: What else is worth reading, Markdown by name; what is empty is not shown.
    """

    rows: int
    window: tuple[int, int] | None
    source: str
    table: str
    plot_png: bytes | None = None
    numbers: Mapping[str, Cell] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


Describe = Callable[[DayScope], AssetReport]


@contextmanager
def open_scope(settings: Settings, clock: Clock, partition: str) -> Iterator[DayScope]:
    """One day of the warehouse that belongs to the market of the settings."""
    source = resolve_market(settings, clock)
    database = open_warehouse(settings, source)
    try:
        yield DayScope(database, settings.symbol, source, partition)
    finally:
        database.close()


def label(connection: Connection, scope: DayScope) -> str:
    """The source with the kind of instrument, which the decisions on its facts remember."""
    last = history.last_decision(connection, scope.book, scope.symbol, scope.source)
    inputs = history.inputs(connection, scope.book, last.cycle_id) if last else None
    if inputs is None:
        return scope.source
    product = inputs.manifest["product"]
    return f"{scope.source}, {PRODUCTS.get(product, product)}"


def table(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A Markdown table; an unknown value is a dash."""
    if not rows:
        return "*nothing stored for this day*"
    return tabulate(rows, headers, tablefmt="pipe", missingval="-", floatfmt=".10g")


def hours(times: Times) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """Rows by UTC hour: the hour's name and the positions in it, only hours that have some."""
    of_row = times // HOUR
    return [
        (iso(int(hour) * HOUR)[11:16], np.flatnonzero(of_row == hour)) for hour in np.unique(of_row)
    ]


def known(value: float, digits: int) -> float | None:
    """A rounded number; None when it is unknown."""
    return None if np.isnan(value) else round(float(value), digits) + 0.0  # no -0


def span(times: Times, step: int) -> tuple[int, int] | None:
    """From the first row to the end of the last; None without rows."""
    return (int(times[0]), int(times[-1]) + step) if len(times) else None
