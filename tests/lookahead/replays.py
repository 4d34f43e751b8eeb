"""Replayed markets, and readers and walks in which a dependence on the future is planted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from babingepet.cycles.settings import override
from babingepet.domain.codes import ExitReason
from babingepet.market.frames import Floats
from babingepet.market.history import newest_rows, resample
from babingepet.market.intervals import DAY, INTERVALS, MINUTE
from babingepet.paper.position import ClosedTrade
from babingepet.replay.futures import NEVER, changed
from babingepet.replay.kernel import Columns, rows_of
from babingepet.replay.market import BAR_FEEDS, ReplayMarket, ReplayRules
from babingepet.replay.told import Decided
from babingepet.replay.truth import Decide, Read, decide_minutes, read_minutes
from babingepet.signals.registry import NAMES
from tests.lookahead import markets
from tests.lookahead.runs import EAGER

RULES = ReplayRules(EAGER)
NEAR_TARGETS = ReplayRules(
    override(EAGER, ["target=0.001", "stop_loss=0.02", "arm=1", "max_hold=86400000"])
)
"""Rules under which most trades reach their target."""
TRAILING = ReplayRules(
    override(EAGER, ["arm=0.0005", "keep=0.9", "target=0.9", "max_hold=86400000"])
)
"""Rules under which the stop follows the peak at once."""

Plant = Callable[[ReplayMarket, Columns], Floats]
"""Values of one column."""


def made_up(seed: int = 3, days: int = 26) -> ReplayMarket:
    """A random market with everything that a replay reads."""
    facts = markets.made_up(seed, days=days)
    return ReplayMarket(
        "BTCUSDT", "simulated", facts.minutes, facts.hours, facts.funding, BAR_FEEDS
    )


def like(column, values):
    """The values as the column is kept: compiled rules tell read-only arrays apart."""
    kept = np.array(values, column.dtype)
    kept.flags.writeable = column.flags.writeable
    return kept


def shifted(column, ahead: int):
    """Each value replaced by the one some rows later; the last ones stay."""
    rows = np.minimum(np.arange(len(column)) + ahead, len(column) - 1)
    return like(column, column[rows])


def reading(signal: str, plant: Plant) -> Read:
    """A reader whose score of one signal is planted."""

    def read(market: ReplayMarket, start: int, end: int) -> Columns:
        columns = read_minutes(market, start, end)
        place = columns.measured.tolist().index(NAMES.index(signal))
        columns.scores[place] = np.tanh(plant(market, columns))
        return columns

    return read


def minute_rows(market: ReplayMarket, columns: Columns, ahead: int = 0):
    """Row in the market of each minute, or of one some minutes later; the last row at most."""
    rows = np.searchsorted(market.minutes.open_time, columns.open_time)
    return np.minimum(rows + ahead, len(market.minutes) - 1)


def last_return(market, columns, ahead=0):
    """The last minute's return, or one that is still to come."""
    minutes, rows = market.minutes, minute_rows(market, columns, ahead)
    return 100.0 * (minutes.close[rows] / minutes.open[rows] - 1.0)


def bar_return(market, columns, early=0):
    """The return of the newest 15m bar that closes by then, or shortly after."""
    span = INTERVALS["15m"]
    bars = resample(market.minutes, "15m", NEVER)
    rows = newest_rows(bars.open_time + span, columns.open_time + MINUTE + early)
    return 100.0 * (bars.close[rows] / bars.open[rows] - 1.0)


def against_average(market, columns, after=0):
    """The close against the mean of eleven minutes, some of them later."""
    minutes, rows = market.minutes, minute_rows(market, columns)
    window = rows[:, np.newaxis] + np.arange(-10, 1) + after
    mean = minutes.close[np.clip(window, 0, len(minutes) - 1)].mean(axis=1)
    return 100.0 * (minutes.close[rows] / mean - 1.0)


def share_of_day(market, columns, days=-1):
    """The minute's volume in buckets of a fiftieth of some day's: yesterday's, or today's."""
    minutes, rows = market.minutes, minute_rows(market, columns)
    volumes = np.bincount(
        minutes.open_time // DAY - minutes.open_time[0] // DAY, minutes.base_volume
    )
    day = minutes.open_time[rows] // DAY - minutes.open_time[0] // DAY + days
    return minutes.base_volume[rows] / volumes[np.maximum(day, 0)] * 50.0


def z_of_all(market, columns, sample=None):
    """The close in deviations of all history, or of its first minutes."""
    closes = market.minutes.close
    rows = minute_rows(market, columns)
    return (closes[rows] - closes[:sample].mean()) / closes[:sample].std()


def with_rates(market: ReplayMarket, early: int = 0, settlements: int = 0) -> ReplayMarket:
    """The market with each rate some time, or some settlements, before it settles."""
    times = shifted(market.funding.funding_time, 0)
    count = len(times) - settlements
    rates = market.funding.rows(settlements, len(times))
    return replace(market, funding=changed(rates, funding_time=times[:count] - early))


def paying(early: int) -> Read:
    """A reader in which funding alone falls due early."""

    def read(market: ReplayMarket, start: int, end: int) -> Columns:
        paid = read_minutes(with_rates(market, early), start, end).funding
        return read_minutes(market, start, end)._replace(funding=paid)

    return read


def knowing_rates(settlements: int) -> Read:
    """A reader that knows rates before they settle."""

    def read(market: ReplayMarket, start: int, end: int) -> Columns:
        return read_minutes(with_rates(market, settlements=settlements), start, end)

    return read


def walking(see: Callable[[Columns], Columns]) -> Decide:
    """A walk over columns in which something was planted."""

    def decide(rules, mask, state, columns, count):
        return decide_minutes(rules, mask, state, see(columns), count)

    return decide


def later_open(ahead: int) -> Decide:
    """Fills at the open of some minutes later."""
    return walking(lambda columns: columns._replace(open=shifted(columns.open, ahead)))


def own_low(columns: Columns) -> Columns:
    """Every fill at the low of its own minute."""
    return columns._replace(open=like(columns.open, columns.low))


def later_regime(ahead: int) -> Decide:
    """The gates read the regime of some minutes later."""
    return walking(lambda columns: columns._replace(regime=shifted(columns.regime, ahead)))


def higher(columns: Columns) -> Columns:
    """Each high is at least that of the minute after, or .2 % more."""
    ahead = np.clip(shifted(columns.high, 1), columns.high, 1.002 * columns.high)
    return columns._replace(high=like(columns.high, ahead))


def hidden_peak(rules, mask, state, columns, count) -> Decided:
    """A peak read one minute early by a run that goes on, and not by one that ends: no output
    of the minute itself betrays it."""
    whole = decide_minutes(rules, mask, state, higher(columns), count)
    ended = decide_minutes(rules, mask, state, higher(rows_of(columns, 0, count)), count)
    return whole._replace(state=ended.state)


def extreme_exits(rules, mask, state, columns, count) -> Decided:
    """Targets pay the best price of the minute in which they are reached."""
    decided = decide_minutes(rules, mask, state, columns, count)
    fields = ClosedTrade._fields
    trades = decided.trades.copy()
    for trade in trades:
        if trade[fields.index("exit_reason")] == ExitReason.TARGET:
            row = np.searchsorted(columns.open_time, trade[fields.index("exit_time")] - MINUTE)
            best = columns.high if trade[fields.index("side")] > 0 else columns.low
            trade[fields.index("exit_price")] = best[row]
    return decided._replace(trades=trades)
