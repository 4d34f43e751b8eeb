"""An account's equity, minute by minute, and what its metrics read of it.

Belongs here: the value at each 00:00 UTC, the deepest drawdown, months, the share of minutes with
a position. Does not belong here: ratios (``returns``) and whose account it is.

Ratios read days, never minutes: the minutes of one position move together, and a year of them
annualised as if each were a new bet makes any Sharpe ratio. A drawdown reads every minute: one
that is over by midnight was suffered all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

import numpy as np

from babingepet.errors import InputError
from babingepet.market.frames import Floats, Frame, Ints
from babingepet.market.intervals import DAY, day_start, iso, to_datetime, to_ms


@dataclass(frozen=True, eq=False)
class EquityCurve(Frame):
    """Equity marked to market after each minute; rows without a finite equity are dropped.

    Shape: n >= 1 rows, strictly ascending ``as_of``. The first row is the opening: the capital
    with which the period begins.
    Units: quote currency; exposure is notional over equity, 0 without a position.

    Raises:
        InputError: No row, times that do not ascend, or an opening that is not positive.
    """

    TIME: ClassVar[str] = "as_of"

    as_of: Ints
    equity: Floats
    exposure: Floats

    def __post_init__(self) -> None:
        super().__post_init__()
        keep_finite(self, self.equity)
        if not len(self):
            raise InputError("EquityCurve: the opening row is missing")
        if np.any(np.diff(self.as_of) <= 0):
            raise InputError("EquityCurve: column as_of does not ascend")
        if self.equity[0] <= 0.0:
            raise InputError(f"EquityCurve: opens with equity {self.equity[0]}, not above 0")


def keep_finite(frame: Frame, column: Floats) -> None:
    """Drop the rows of a frame under construction in which a column is NaN or infinite."""
    known = np.isfinite(column)
    if not known.all():
        for name, values in frame.columns().items():
            object.__setattr__(frame, name, values[known])
            getattr(frame, name).flags.writeable = False


class DailyEquity(NamedTuple):
    """Equity at each 00:00 UTC."""

    midnight: Ints
    """UTC ms, one DAY apart; of the opening the 00:00 before it. Shape (days + 1,)."""
    equity: Floats
    """The newest value at that time; of the opening the opening's. Shape (days + 1,)."""
    silent: int
    """Days without a minute: their equity is that of the day before."""


class Drawdown(NamedTuple):
    """A fall from a peak, to its valley, and back."""

    depth: float
    """Fraction of the peak, negative."""
    start: int
    """When the peak was left, UTC ms."""
    valley: int
    recovery: int | None
    """When the peak was reached again; None if it was not."""
    duration: int
    """From start to recovery, or to the last minute, ms."""
    peak_equity: float
    valley_equity: float


class MonthReturn(NamedTuple):
    """The simple return of one calendar month, UTC."""

    month: str
    value: float | None
    """None where the month opened without equity."""
    is_whole: bool
    """False where the period begins or ends within it."""


def daily_equity(curve: EquityCurve) -> DailyEquity:
    """Reduce minutes to the value at each 00:00 UTC.

    The first day begins with the opening, whenever that was; the last day counts once it is over.
    """
    first, last = day_start(int(curve.as_of[0])), day_start(int(curve.as_of[-1]))
    midnight = np.arange(first, last + 1, DAY, dtype=np.int64)
    rows = _rows_at(curve, midnight)
    return DailyEquity(midnight, curve.equity[rows], int(np.sum(np.diff(rows) == 0)))


def drawdowns(equity: Floats) -> Floats:
    """Fraction below the running maximum, 0 or negative; the first value must be positive."""
    depths: Floats = equity / np.maximum.accumulate(equity) - 1.0
    return depths


def deepest_drawdown(curve: EquityCurve) -> Drawdown | None:
    """The deepest fall of the minutes, the earliest of equals; None if equity never fell."""
    depths = drawdowns(curve.equity)
    valley = int(np.argmin(depths))
    if depths[valley] == 0.0:
        return None
    peak = np.max(curve.equity[: valley + 1])
    start = int(np.flatnonzero(curve.equity[:valley] == peak)[-1])
    back = np.flatnonzero(curve.equity[valley:] >= peak)
    recovery = int(curve.as_of[valley + back[0]]) if len(back) else None
    left = int(curve.as_of[start])
    end = int(curve.as_of[-1]) if recovery is None else recovery
    return Drawdown(
        float(depths[valley]), left, int(curve.as_of[valley]), recovery, end - left, float(peak),
        float(curve.equity[valley]),
    )  # fmt: skip


def monthly_returns(curve: EquityCurve) -> list[MonthReturn]:
    """Each month from its first value to its last; together they compound to the total return."""
    if len(curve) == 1:
        return []
    begin, end = int(curve.as_of[0]), int(curve.as_of[-1])
    months = [_month_start(begin)]
    while months[-1] < end:
        months.append(_month_start(months[-1] + 31 * DAY))
    value = curve.equity[_rows_at(curve, np.array(months))]
    return [
        MonthReturn(
            iso(start)[:7],
            float(value[i + 1] / value[i] - 1.0) if value[i] > 0.0 else None,
            begin <= start and months[i + 1] <= end,
        )
        for i, start in enumerate(months[:-1])
    ]


def _rows_at(curve: EquityCurve, times: Ints) -> Ints:
    """The newest row at each time; the opening before there is any."""
    rows: Ints = np.maximum(np.searchsorted(curve.as_of, times, side="right") - 1, 0)
    return rows


def _month_start(time: int) -> int:
    moment = to_datetime(time)
    return to_ms(datetime(moment.year, moment.month, 1, tzinfo=moment.tzinfo))
