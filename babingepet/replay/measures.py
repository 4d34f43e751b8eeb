"""A replay as the frames that ``performance`` measures."""

from __future__ import annotations

import numpy as np

from babingepet.market.intervals import MINUTE
from babingepet.performance.equity import EquityCurve
from babingepet.performance.trades import RoundTrips
from babingepet.replay.result import Replay, ReplayTrades


def equity_curve(replay: Replay) -> EquityCurve:
    """Equity of every minute; the capital a minute before the first one."""
    minutes = replay.minutes
    return EquityCurve(
        as_of=np.append(minutes.as_of[0] - MINUTE, minutes.as_of),
        equity=np.append(replay.rules.capital, minutes.equity),
        exposure=np.append(0.0, minutes.exposure),
    )


def round_trips(trades: ReplayTrades) -> RoundTrips:
    """The columns of closed trades that metrics read."""
    return RoundTrips(**{name: getattr(trades, name) for name in RoundTrips.column_names()})
