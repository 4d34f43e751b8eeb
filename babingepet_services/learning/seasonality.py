"""The table of hours of one month, made of the warehouse as a decision of that month would make it.

1. minutes are read as far back as a loop reads them, and stored hours before them
2. both become hours as they do in a loop (``market.history``)
3. the engine counts the hours before the month and tests them

Belongs here: what a month came to, with an interval for each hour. Does not belong here: the table
(the engine), and the score that reads it (the signal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from babingepet.compiled import ENGINE_VERSION
from babingepet.learning.seasonality import DISCOVERY_RATE, HOURS, PRIOR_HOURS, hour_table
from babingepet.market.context import HourTable
from babingepet.market.frames import Candles
from babingepet.market.history import derived_bars
from babingepet.market.intervals import HOUR, hours_needed_from, iso, minutes_needed_from
from babingepet.signals.hour_seasonality import LEAST_HOURS, score_hour
from babingepet_resources.warehouse import candles
from babingepet_services.btc_day.canvas import ACCENT, INK, LINE, canvas, legends
from babingepet_services.btc_day.day import AssetReport, DayScope, table

Values = npt.NDArray[np.float64]

LEVEL = 0.95
"""Probability of an interval."""


class HourRow(NamedTuple):
    """One hour of the UTC day; shares are fractions."""

    hour: int
    n: int
    """Hours counted."""
    wins: int
    """Hours that closed above their open."""
    share: float
    """Shrunk share of wins: the mean of its Beta posterior."""
    low: float
    high: float
    """Central 95 % of the posterior."""
    p_value: float
    significant: bool
    """Whether it survives the false discovery rate over all 24 tests."""
    score: float | None
    """What the signal says in this hour; None while too few hours are counted."""


@dataclass(frozen=True)
class MonthOfHours:
    """The table of hours that all decisions of a month share.

    Attributes:
        month: 00:00 UTC of its first day.
        counted: Hours with a candle before it.
        first: Open time of the first of them; None without any.
        missing: Hours without a candle between the first one and the month.
        mean_share: Share of wins over all hours; None without a table.
        rows: 24, or none while history is too short.
    """

    month: int
    counted: int
    first: int | None
    missing: int
    mean_share: float | None
    rows: tuple[HourRow, ...]

    @property
    def significant(self) -> tuple[int, ...]:
        """The hours that survive."""
        return tuple(row.hour for row in self.rows if row.significant)

    @property
    def sentence(self) -> str:
        """How many hours survive, or why there is no table."""
        if not self.rows:
            has = f"they begin at {iso(self.first)}" if self.first is not None else "none is stored"
            needed = iso(hours_needed_from(self.month))
            return f"too little history: hours since {needed} are needed, {has}"
        survive = len(self.significant)
        which = ", ".join(f"{hour:02}:00" for hour in self.significant)
        return (
            f"{survive} of {HOURS} hours survive the false discovery rate of {DISCOVERY_RATE:.0%}"
            f"{': ' + which if which else '; all others may be chance, and score 0'}"
        )


def month_of_hours(scope: DayScope) -> MonthOfHours:
    """Make the table of the month whose first day is the scope's, of what is stored now.

    Raises:
        WarehouseUnavailable: The database.
    """
    month = scope.start
    with scope.database.reading() as connection:
        hours = read_hours(connection, scope.symbol, scope.source, month)
    made = hour_table(hours, month)
    first = int(hours.open_time[0]) if len(hours) else None
    return MonthOfHours(
        month=month,
        counted=len(hours),
        first=first,
        missing=0 if first is None else (month - first) // HOUR - len(hours),
        mean_share=made.mean_share if made else None,
        rows=_rows(made) if made else (),
    )


def read_hours(connection: Connection, symbol: str, source: str, month: int) -> Candles:
    """All stored hours before a month, the newest of them made of minutes, as a loop has them."""
    since = minutes_needed_from(month)
    minutes = candles.read(connection, symbol, "1m", source, since, month)
    begin = candles.first_open(connection, symbol, "1h", source)
    hours = candles.read(connection, symbol, "1h", source, begin or month, month)
    return derived_bars(minutes, hours)["1h"].between(0, month)


def intervals(made: HourTable) -> tuple[Values, Values]:
    """Ends of the central 95 % of each hour's Beta posterior, whose mean is the shrunk share."""
    from scipy.stats import beta  # a second, not paid by what only reads headlines

    wins = made.rises + PRIOR_HOURS * made.mean_share
    posterior = beta(wins, made.hours + PRIOR_HOURS - wins)
    tail = (1.0 - LEVEL) / 2.0
    return posterior.ppf(tail), posterior.ppf(1.0 - tail)


def _rows(made: HourTable) -> tuple[HourRow, ...]:
    low, high = intervals(made)
    return tuple(
        HourRow(
            hour=hour,
            n=int(made.hours[hour]),
            wins=int(made.rises[hour]),
            share=float(made.share[hour]),
            low=float(low[hour]),
            high=float(high[hour]),
            p_value=float(made.p_value[hour]),
            significant=bool(made.significant[hour]),
            score=score_hour(made, hour).value,
        )
        for hour in range(HOURS)
    )


def describe_hours(scope: DayScope) -> AssetReport:
    """The table of the month whose first day is the scope's, as it is shown.

    Raises:
        WarehouseUnavailable: The database.
    """
    found = month_of_hours(scope)
    has_table = found.mean_share is not None
    return AssetReport(
        rows=len(found.rows),
        window=None if found.first is None else (found.first, found.month),
        source=scope.source,
        table=as_table(found),
        plot_png=draw(found) if scope.draws else None,
        numbers={
            "statement": found.sentence,
            "hours_stored": found.counted,
            "hours_missing": found.missing,
            "significant_hours": len(found.significant) if has_table else None,
            "mean_share": found.mean_share,
            "engine_version": ENGINE_VERSION,
        },
    )


def draw(found: MonthOfHours) -> bytes | None:
    """Each hour's share with its interval against that of all; None without a table."""
    if found.mean_share is None:
        return None
    hour = np.array([row.hour for row in found.rows])
    share = np.array([row.share for row in found.rows]) * 100
    ends = np.array([[row.low, row.high] for row in found.rows]).T * 100
    survives = np.array([row.significant for row in found.rows])
    with canvas(found.month, 1, span_hours=None) as drawn:
        (panel,) = drawn.panels
        panel.axhline(found.mean_share * 100, color=INK, linestyle="--", label="all hours")
        for mask, colour, name in (
            (~survives, LINE, "may be chance"),
            (survives, ACCENT, "survives 24 tests"),
        ):
            panel.errorbar(
                hour[mask], share[mask], np.abs(ends - share)[:, mask],
                fmt="o", color=colour, markersize=4.5, linewidth=1.0, label=name,
            )  # fmt: skip
        panel.set_xticks(hour[::3], [f"{at:02d}:00" for at in hour[::3]])
        panel.set_ylabel("hours that rose, %; bars 95 %")
        legends(drawn)
    return drawn.png


def as_table(found: MonthOfHours) -> str:
    """The rows as a Markdown table, or why there are none."""
    if not found.rows:
        return f"*{found.sentence}*"
    cells = [
        (
            f"{row.hour:02}:00", row.n, row.wins, round(row.share, 4),
            f"{row.low:.4f} to {row.high:.4f}", f"{row.p_value:.3g}",
            "yes" if row.significant else "no",
            f"fewer than {LEAST_HOURS} hours" if row.score is None else round(row.score, 3),
        )
        for row in found.rows
    ]  # fmt: skip
    headers = ("hour", "n", "wins", "share", "95 %", "p-value", "significant", "score")
    return table(headers, cells)
