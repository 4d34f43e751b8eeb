"""VPIN over 10 million trades and order-flow imbalance over 5 million quotes.

Ours, exact numpy and pandas do the same work in the same run, and their results are compared: a
run whose results differ ends in an error. One thread; the first call of each is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from babingepet.market.frames import Bools, Floats, Ints
from babingepet.market.order_flow import NO_QUOTE, imbalance_by_stretch
from babingepet.market.volume_clock import advance, volume_clock
from babingepet.signals.vpin import WINDOW, rolling_vpin
from scripts.bench.common.report import distribution, print_report, wants_json

TRADES, QUOTES = 10_000_000, 5_000_000
BUCKETS = 1_500
"""Thirty days of fifty."""
CHUNK = 1_000
"""Trades of a busy minute: the pieces in which the loop sees the same tape."""
STRETCH = 5_000
"""Quotes of a busy minute."""
RUNS, SLOW_RUNS = 9, 3
TOLERANCE = 1e-6
"""Largest difference between two correct results; sums of ten million floats differ by 1e-9."""

Result = tuple[Floats, list[float]]


class Tape(NamedTuple):
    """Made-up trades: sizes like the exchange's, aggressors that lean to one side in waves."""

    quantity: Floats
    is_buyer_maker: Bools
    bucket_volume: float


class Sides(NamedTuple):
    """Made-up best quotes, a random walk on a grid of 0.1."""

    bid_price: Floats
    bid_size: Floats
    ask_price: Floats
    ask_size: Floats


def made_up_trades() -> Tape:
    """Ten million trades."""
    random = np.random.default_rng(11)
    quantity = np.maximum(np.round(random.lognormal(-3.0, 1.2, TRADES), 3), 0.001)
    wave = 0.5 + 0.1 * np.sin(np.arange(TRADES) / 2e5)
    makers = random.random(TRADES) >= wave
    for column in (quantity, makers):
        column.flags.writeable = False
    return Tape(quantity, makers, round(float(quantity.sum()) / BUCKETS, 3))


def made_up_quotes() -> Sides:
    """Five million best quotes."""
    random = np.random.default_rng(12)
    bid = np.round(60_000 + np.cumsum(random.choice([-1, 0, 0, 0, 1], QUOTES)) * 0.1, 1)
    ask = np.round(bid + random.choice([0.1, 0.1, 0.1, 0.2], QUOTES), 1)
    sizes = np.round(random.exponential(1.0, (2, QUOTES)) + 0.001, 3)
    sides = Sides(bid, sizes[0], ask, sizes[1])
    for column in sides:
        column.flags.writeable = False
    return sides


def timed(work: Callable[[], Floats], runs: int) -> Result:
    """The result, and the seconds of each run after the first."""
    result, seconds = work(), []
    for _ in range(runs):
        begun = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begun)
    return result, seconds


def our_vpin(tape: Tape) -> Floats:
    """One call over everything."""
    _, signed = advance(volume_clock(tape.bucket_volume), tape.quantity, tape.is_buyer_maker)
    return rolling_vpin(signed)


def our_vpin_in_chunks(tape: Tape) -> Floats:
    """The same tape a busy minute at a time."""
    clock, parts = volume_clock(tape.bucket_volume), []
    for row in range(0, TRADES, CHUNK):
        piece = slice(row, row + CHUNK)
        clock, signed = advance(clock, tape.quantity[piece], tape.is_buyer_maker[piece])
        parts.append(signed)
    return rolling_vpin(np.concatenate(parts))


def numpy_vpin(tape: Tape) -> Floats:
    """Signed volume interpolated at the borders of the buckets, then moving sums."""
    side = np.where(tape.is_buyer_maker, -1.0, 1.0)
    volume, signed = np.cumsum(tape.quantity), np.cumsum(tape.quantity * side)
    borders = tape.bucket_volume * np.arange(1, int(volume[-1] / tape.bucket_volume + 1e-9) + 1)
    row = np.minimum(np.searchsorted(volume, borders), TRADES - 1)
    at = signed[row] - (volume[row] - borders) * side[row]
    imbalance = np.abs(np.diff(np.concatenate([[0.0], at])))
    sums = np.concatenate([[0.0], np.cumsum(imbalance)])
    vpin: Floats = (sums[WINDOW:] - sums[:-WINDOW]) / (WINDOW * tape.bucket_volume)
    return vpin


def pandas_vpin(tape: Tape) -> Floats:
    """Volume grouped by bucket; the few trades that cross a border are split into rows."""
    size = tape.bucket_volume
    frame = pd.DataFrame({"quantity": tape.quantity})
    frame["side"] = np.where(tape.is_buyer_maker, -1.0, 1.0)
    frame["after"] = frame["quantity"].cumsum()
    frame["before"] = frame["after"] - frame["quantity"]
    frame["bucket"] = (frame["before"] // size).astype("int64")
    frame["last"] = (frame["after"] // size).astype("int64")
    inside = frame["bucket"] == frame["last"]
    signed = (frame["quantity"] * frame["side"])[inside].groupby(frame["bucket"][inside]).sum()
    crossing = frame[~inside]
    split = crossing.loc[crossing.index.repeat(crossing["last"] - crossing["bucket"] + 1)]
    bucket = split["bucket"] + split.groupby(level=0).cumcount()
    begin = np.maximum(split["before"], bucket * size)
    end = np.minimum(split["after"], (bucket + 1) * size)
    parts = ((end - begin) * split["side"]).groupby(bucket).sum()
    imbalance = signed.add(parts, fill_value=0.0).abs().iloc[: int(frame["after"].iloc[-1] // size)]
    return np.asarray(imbalance.rolling(WINDOW).mean().dropna() / size)


def bounds() -> Ints:
    """Rows at which the stretches begin, and the end."""
    return np.arange(0, QUOTES + 1, STRETCH)


def our_imbalance(sides: Sides) -> Floats:
    """Imbalance of each stretch."""
    return imbalance_by_stretch(NO_QUOTE, bounds(), *sides)


def numpy_imbalance(sides: Sides) -> Floats:
    """The paper's indicators over whole columns."""
    bid, bids, ask, asks = sides
    event = (bid[1:] >= bid[:-1]) * bids[1:] - (bid[1:] <= bid[:-1]) * bids[:-1]
    event = event - (ask[1:] <= ask[:-1]) * asks[1:] + (ask[1:] >= ask[:-1]) * asks[:-1]
    sums: Floats = np.add.reduceat(np.concatenate([[0.0], event]), bounds()[:-1])
    return sums


def pandas_imbalance(sides: Sides) -> Floats:
    """The same over shifted columns, grouped by stretch."""
    now = pd.DataFrame(sides._asdict())
    before = now.shift()
    event = (now.bid_price >= before.bid_price) * now.bid_size
    event = event - (now.bid_price <= before.bid_price) * before.bid_size.fillna(0.0)
    event = event - (now.ask_price <= before.ask_price) * now.ask_size
    event = event + (now.ask_price >= before.ask_price) * before.ask_size.fillna(0.0)
    return np.asarray(event.groupby(np.arange(QUOTES) // STRETCH).sum())


def difference(ours: Floats, other: Floats) -> float:
    """Largest difference of two results.

    Raises:
        SystemExit: They are not the same result; a wrong answer has no speed.
    """
    if len(ours) != len(other):
        raise SystemExit(f"error: {len(ours)} values instead of {len(other)}")
    largest = float(np.abs(ours - other).max())
    if not largest <= TOLERANCE:
        raise SystemExit(f"error: results differ by {largest}")
    return largest


def compared(rows: int, ours: Result, numpy: Result, pandas: Result) -> dict[str, object]:
    """Times, rate, ratios of medians and differences of one task."""
    figures = {name: distribution(r[1]) for name, r in zip(("ours", "numpy", "pandas"),
                                                           (ours, numpy, pandas), strict=True)}  # fmt: skip
    median = figures["ours"]["p50_ms"]
    return {
        **figures,
        "million_rows_per_second": round(rows / median / 1e3, 1),
        "numpy_over_ours": round(figures["numpy"]["p50_ms"] / median, 1),
        "pandas_over_ours": round(figures["pandas"]["p50_ms"] / median, 1),
        "values": len(ours[0]),
        "difference_from_numpy": difference(ours[0], numpy[0]),
        "difference_from_pandas": difference(ours[0], pandas[0]),
    }


def vpin_figures() -> dict[str, object]:
    """Trades through the volume clock."""
    tape = made_up_trades()
    ours = timed(lambda: our_vpin(tape), RUNS)
    chunks, seconds = timed(lambda: our_vpin_in_chunks(tape), RUNS)
    if chunks.tobytes() != ours[0].tobytes():
        raise SystemExit("error: the tape in pieces gives other bits than the tape in one call")
    figures = compared(
        TRADES,
        ours,
        timed(lambda: numpy_vpin(tape), SLOW_RUNS),
        timed(lambda: pandas_vpin(tape), SLOW_RUNS),
    )
    return {**figures, "ours_in_chunks": {**distribution(seconds), "same_bits": True}}


def imbalance_figures() -> dict[str, object]:
    """Quotes through the order-flow imbalance."""
    sides = made_up_quotes()
    return compared(
        QUOTES,
        timed(lambda: our_imbalance(sides), RUNS),
        timed(lambda: numpy_imbalance(sides), SLOW_RUNS),
        timed(lambda: pandas_imbalance(sides), SLOW_RUNS),
    )


def main() -> None:
    """Run and print."""
    as_json = wants_json(__doc__ or "")
    figures = {"vpin": vpin_figures(), "order_flow_imbalance": imbalance_figures()}
    print_report("vpin", figures, as_json=as_json)


if __name__ == "__main__":
    main()
