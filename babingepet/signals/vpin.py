"""Volume-synchronised probability of informed trading, with the direction of the flow.

Minutes fill buckets of V = average daily base volume / 50. VPIN is the mean over the last 50
buckets of |bought - sold| / V; its mid-rank among the 500 before it says how toxic the flow is.
score = clip(d / 0.20) * max(0, (rank - 0.5) / 0.5), d the mean of (bought - sold) / V over the last
10 buckets. The split of a minute is exact: the exchange reports its taker-buy volume.

Beside it, and never scored, stand VPIN and d of the volume clock over single trades: a minute's
trades are not spread evenly over the buckets that it touches.

Inputs: minutes with taker-buy volume. Warm-up: 20 whole days for V, then 150 buckets.
Units: base units; VPIN, rank and direction are shares. Source: Easley, Lopez de Prado, O'Hara, Flow
Toxicity and Liquidity in a High-Frequency World, Review of Financial Studies 25(5), 2012.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from babingepet.compiled import rule
from babingepet.domain.score import Score, clip1, measured, unavailable
from babingepet.indicators import mid_rank
from babingepet.market.frames import Bools, Candles, Floats, Ints
from babingepet.market.history import has_recent_hole, seed_of
from babingepet.market.intervals import DAY, MINUTE, anchor
from babingepet.signals.inputs import SignalInputs

NAME = "vpin"

BUCKETS_PER_DAY = 50
WINDOW = 50
"""Buckets in one VPIN."""
DIRECTION_WINDOW = 10
"""Buckets that give the direction."""
FULL_DIRECTION = 0.20
"""Mean signed imbalance at which the direction is at full strength."""
POPULATION = 500
LEAST_POPULATION = 100
VOLUME_DAYS = 30
LEAST_VOLUME_DAYS = 20
WHOLE_DAY_MINUTES = 1_380
"""Minutes a day must have to count toward the average daily volume."""

LEVELS = ((0.50, "LOW"), (0.80, "NORMAL"), (0.95, "HIGH"))
"""Upper rank of each level; above the last it is TOXIC."""


class VolumeDays(NamedTuple):
    """The days of a run of minutes, as the volume clock sees them."""

    bounds: Ints
    """Row of the first minute of each of d days and, last, the number of minutes; (d + 1,)."""
    volumes: Floats
    """Base volume of each day, (d,)."""
    sizes: Floats
    """Bucket volume in force on each day, NaN if unknown, (d,)."""
    whole: Bools
    """Which days have enough minutes to count, (d,)."""


def volume_days(open_time: Ints, base_volume: Floats) -> VolumeDays:
    """Cut minutes into UTC days and size the buckets of each."""
    days = np.arange(open_time[0] // DAY, open_time[-1] // DAY + 1)
    bounds = np.searchsorted(open_time, np.append(days, days[-1] + 1) * DAY)
    present = np.diff(bounds) > 0
    days, bounds = days[present], np.append(bounds[:-1][present], bounds[-1])
    volumes = np.add.reduceat(base_volume, bounds[:-1])
    whole = np.diff(bounds) >= WHOLE_DAY_MINUTES
    return VolumeDays(bounds, volumes, _daily_sizes(days, volumes, whole), whole)


def bucket_volume(minutes: Candles, as_of: int) -> float:
    """V in force on the UTC day of ``as_of``, base units; NaN while too few days are known.

    Args:
        minutes: Closed minutes that reach back 30 days before that day; others are not read.
        as_of: Any moment of the day, UTC milliseconds.
    """
    today = as_of // DAY
    before = minutes.between((today - VOLUME_DAYS) * DAY, today * DAY)
    if not len(before):
        return float("nan")
    days = volume_days(before.open_time, before.base_volume)
    sizes = _daily_sizes(
        np.append(before.open_time[days.bounds[:-1]] // DAY, today),
        np.append(days.volumes, 0.0),
        np.append(days.whole, np.False_),
    )
    return float(sizes[-1])


def first_day_needed(days: VolumeDays, first: int) -> int:
    """Latest day, not before day ``first``, from which all buckets of a score are finished.

    A score reads the last 550 buckets. A new bucket volume drops the bucket in progress, so the
    buckets from such a day on are the same whichever day one begins with.
    """
    finished = 0.0
    for day in range(len(days.sizes) - 1, first, -1):
        if not np.isnan(days.sizes[day]):
            finished += max(0.0, days.volumes[day] // days.sizes[day] - 1.0)
        if finished > WINDOW + POPULATION and days.sizes[day] != days.sizes[day - 1]:
            return day
    return first


@rule
def _daily_sizes(days: Ints, volume: Floats, whole: Bools) -> Floats:
    sizes = np.full(len(days), np.nan)
    for today in range(len(days)):
        total, count = 0.0, 0
        for before in range(max(0, today - VOLUME_DAYS), today):
            if whole[before] and days[before] >= days[today] - VOLUME_DAYS:
                total += volume[before]
                count += 1
        if count >= LEAST_VOLUME_DAYS and total > 0.0:
            sizes[today] = total / count / BUCKETS_PER_DAY
    return sizes


@rule
def signed_buckets(
    base_volume: Floats, taker_buy: Floats, bounds: Ints, sizes: Floats, first: int
) -> tuple[Floats, Ints]:
    """(bought - sold) / V of each bucket finished since day ``first``, in [-1, 1], and its minute.

    A minute that overflows a bucket is split with its own buy share. When V changes at 00:00 UTC
    the bucket in progress is dropped.
    """
    result = np.empty(bounds[-1] - bounds[first] + 1)
    rows = np.empty(len(result), np.int64)
    finished = 0
    size, filled, bought = np.nan, 0.0, 0.0
    for day in range(first, len(sizes)):
        if sizes[day] != size:
            size, filled, bought = sizes[day], 0.0, 0.0
        if not size > 0.0:
            continue
        for i in range(bounds[day], bounds[day + 1]):
            left, left_bought = base_volume[i], taker_buy[i]
            while left >= size - filled and left > 0.0:
                part = (size - filled) * (taker_buy[i] / base_volume[i])
                left -= size - filled
                left_bought -= part
                if finished == len(result):
                    result = np.concatenate((result, np.empty(len(result))))
                    rows = np.concatenate((rows, np.empty(len(rows), np.int64)))
                result[finished] = (2.0 * (bought + part) - size) / size
                rows[finished] = i
                finished += 1
                filled, bought = 0.0, 0.0
            filled += left
            bought += left_bought
    return result[:finished].copy(), rows[:finished].copy()


@rule
def rolling_vpin(signed: Floats) -> Floats:
    """VPIN after each bucket from the 50th on."""
    result = np.empty(max(0, len(signed) - WINDOW + 1))
    for k in range(len(result)):
        total = 0.0
        for j in range(k, k + WINDOW):
            total += abs(signed[j])
        result[k] = total / WINDOW
    return result


class Toxicity(NamedTuple):
    """What the newest of a run of buckets says."""

    rank: float
    direction: float
    value: float


@rule
def mean_direction(signed: Floats) -> float:
    """Mean signed imbalance of the last buckets."""
    total = 0.0
    for k in range(len(signed) - DIRECTION_WINDOW, len(signed)):
        total += signed[k]
    return total / DIRECTION_WINDOW


@rule
def toxicity(signed: Floats, vpins: Floats) -> Toxicity:
    """Rank, direction and score of the newest bucket.

    Args:
        signed: Every bucket so far.
        vpins: ``rolling_vpin`` of them, or of the newest 550; more than 100 of them, none NaN.
    """
    population = vpins[max(0, len(vpins) - 1 - POPULATION) : len(vpins) - 1]
    rank = mid_rank(population, vpins[-1])
    direction = mean_direction(signed)
    return Toxicity(
        rank, direction, clip1(direction / FULL_DIRECTION) * max(0.0, (rank - 0.5) / 0.5)
    )


@rule
def bucket_scores(signed: Floats) -> Floats:
    """The score after each bucket; NaN where it is unavailable."""
    vpins = rolling_vpin(signed)
    result = np.full(len(signed), np.nan)
    begin = 0  # after the last NaN
    for k in range(len(vpins)):
        if np.isnan(vpins[k]):
            begin = k + 1
        unbroken = begin <= max(0, k - POPULATION)
        if unbroken and k >= LEAST_POPULATION:
            finished = k + WINDOW
            result[finished - 1] = toxicity(signed[:finished], vpins[: k + 1]).value
    return result


@rule
def vpin_series(
    base_volume: Floats,
    taker_buy: Floats,
    days: VolumeDays,
    since: int,
    first: int,
    after_hole: Bools,
) -> Floats:
    """The score at the close of the minutes from row ``first`` on; NaN where it is unavailable.

    Args:
        base_volume: Of every minute, base units.
        taker_buy: Taker-buy volume of every minute, base units; NaN where never recorded.
        days: The days of these minutes.
        since: Day whose first bucket is the first of the series.
        first: Row, not before that day.
        after_hole: ``is_after_hole`` of the minutes from row ``first`` on.
    """
    signed, rows = signed_buckets(base_volume, taker_buy, days.bounds, days.sizes, since)
    scores = bucket_scores(signed)
    result = np.full(len(after_hole), np.nan)
    bucket = -1
    for day in range(since, len(days.sizes)):
        if np.isnan(days.sizes[day]):
            continue
        for i in range(
            max(first, days.bounds[day]), min(days.bounds[day + 1], first + len(result))
        ):
            while bucket + 1 < len(rows) and rows[bucket + 1] <= i:
                bucket += 1
            if bucket >= 0 and not after_hole[i - first] and not np.isnan(taker_buy[i]):
                result[i - first] = scores[bucket]
    return result


def vpin_level(rank: float) -> str:
    """LOW, NORMAL, HIGH or TOXIC by rank."""
    return next((name for upper, name in LEVELS if rank < upper), "TOXIC")


def vpin(inputs: SignalInputs) -> Score:
    """Score the buckets finished by ``as_of``."""
    minutes = inputs.minutes
    if has_recent_hole(minutes.open_time, MINUTE, inputs.as_of):
        return unavailable(NAME, "more than 3 minutes in a row are missing in the last hour")
    if np.isnan(minutes.taker_buy_base_volume[-1]):
        return unavailable(NAME, "taker-buy volume was never recorded")
    days = volume_days(minutes.open_time, minutes.base_volume)
    if np.isnan(days.sizes[-1]):
        return unavailable(
            NAME,
            f"warm-up: {int(days.whole[:-1].sum())} of {LEAST_VOLUME_DAYS} days of volume",
            len(minutes),
        )
    anchor_row = np.searchsorted(minutes.open_time, anchor("1m", inputs.as_of))
    anchor_day = int(np.searchsorted(days.bounds, anchor_row, side="right")) - 1
    signed, _ = signed_buckets(
        minutes.base_volume,
        minutes.taker_buy_base_volume,
        days.bounds,
        days.sizes,
        first_day_needed(days, anchor_day),
    )
    seed = seed_of(minutes.open_time, "1m", inputs.as_of)
    return _score(signed, float(days.sizes[-1]), seed, _by_trades(inputs))


class ByTrades(NamedTuple):
    """VPIN and direction of the volume clock over trades; None before its 50th bucket."""

    vpin: float | None
    direction: float | None


NOT_BY_TRADES = ByTrades(None, None)


def _by_trades(inputs: SignalInputs) -> ByTrades:
    last = inputs.tape[-1] if inputs.tape else None
    clock = last.volume_clock if last and last.open_time == inputs.as_of - MINUTE else None
    if clock is None or len(clock.recent) < WINDOW:
        return NOT_BY_TRADES
    return ByTrades(float(rolling_vpin(clock.recent)[-1]), mean_direction(clock.recent))


def _score(
    signed: Floats, size: float, seed: str = "anchored", by_trades: ByTrades = NOT_BY_TRADES
) -> Score:
    history = rolling_vpin(signed[-(WINDOW + POPULATION) :])
    if np.isnan(history).any():
        return unavailable(NAME, "taker-buy volume is missing in some minutes", len(signed))
    if len(history) <= LEAST_POPULATION:
        return unavailable(NAME, f"warm-up: {len(signed)} of 150 volume buckets", len(signed))
    newest = toxicity(signed, history)
    return measured(
        NAME,
        newest.value,
        len(signed),
        {
            "vpin": float(history[-1]),
            "tape_vpin": by_trades.vpin,
            "rank": newest.rank,
            "direction": newest.direction,
            "tape_direction": by_trades.direction,
            "level": vpin_level(newest.rank),
            "bucket_volume": size,
            "seed": seed,
            "method": "taker volume of one-minute candles",
        },
    )
