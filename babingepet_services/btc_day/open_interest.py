"""What one day holds of open interest: how many contracts were open, and how that moved.

Belongs here: reading one day and summing it up. Does not belong here: drawing (``btc_day.plots``).
"""

from __future__ import annotations

import numpy as np

from babingepet.market.frames import Candles, OpenInterest
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.market.open_interest import TOLERANCE, hour_until
from babingepet_resources.warehouse import candles, gaps, open_interest
from babingepet_services.btc_day import plots as btc_plots
from babingepet_services.btc_day.day import (
    AssetReport,
    Cell,
    DayScope,
    Values,
    hours,
    known,
    label,
    span,
    table,
)


def describe_open_interest(scope: DayScope) -> AssetReport:
    """Readings of the day: one a minute where a loop ran, every five minutes where backfilled."""
    with scope.database.reading() as connection:
        rows = open_interest.read(
            connection, scope.symbol, scope.source, scope.start - HOUR - TOLERANCE, scope.end
        )
        bars = candles.read(connection, scope.symbol, "1m", scope.source, scope.start, scope.end)
        failed = sum(
            gap.feed == "open_interest" and gap.source == scope.source and gap.repaired_at is None
            for gap in gaps.read(connection, scope.symbol, scope.start, scope.end)
        )
        source = label(connection, scope)
    own = rows.between(scope.start, scope.end)
    numbers: dict[str, Cell] = {"minutes_failed": failed}
    if not len(own):
        return AssetReport(0, None, source, table((), ()), None, numbers)
    notional = _notional(own, bars)
    numbers |= {
        "open_interest": float(own.open_interest[-1]),
        "change_1h_pct": known(_change(rows, int(own.event_time[-1])), 4),
        "notional": known(notional[-1], 2),
    }
    return AssetReport(
        len(own),
        span(own.event_time, 1),
        source,
        _table(rows, own, notional),
        scope.drawn(
            btc_plots.open_interest, scope.start, own.event_time, own.open_interest, notional
        ),
        numbers,
    )


def _change(rows: OpenInterest, time: int) -> float:
    """Change over the hour before a moment, in percent; NaN when it is not known."""
    hour = hour_until(rows, time)
    if hour is None or hour.open_interest_before <= 0.0:
        return float("nan")
    return (hour.open_interest / hour.open_interest_before - 1.0) * 100


def _notional(own: OpenInterest, bars: Candles) -> Values:
    """What the contracts are worth: as told, or at the last close of a minute before the reading."""
    closed = np.searchsorted(bars.open_time + MINUTE, own.event_time, side="right") - 1
    price = np.append(bars.close, np.nan)[closed]  # before the first close: position -1, unknown
    reckoned: Values = np.where(np.isnan(own.notional), own.open_interest * price, own.notional)
    return reckoned


def _table(rows: OpenInterest, own: OpenInterest, notional: Values) -> str:
    cells = [
        (
            hour, len(at), own.open_interest[at[-1]], own.open_interest[at].min(),
            own.open_interest[at].max(), known(_change(rows, int(own.event_time[at[-1]])), 4),
            known(notional[at[-1]], 0),
        )
        for hour, at in hours(own.event_time)
    ]  # fmt: skip
    return table(
        ("hour", "readings", "open interest", "lowest", "highest", "change 1h %", "notional"), cells
    )
