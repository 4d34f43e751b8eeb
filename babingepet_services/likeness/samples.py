"""What is compared of a market: minutes of candles, and stretches of its streams as columns.

Belongs here: reading both from any source, recorded or simulated. Does not belong here: statistics.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from babingepet_resources.exchange.candles import Candles
from babingepet_resources.exchange.source import Event, MarketSource

DEPTH = "depth20@100ms"
LEVELS = 20


@dataclass(frozen=True, slots=True)
class Tape:
    """One unbroken stretch of streams.

    Attributes:
        milliseconds: Length of the stretch.
        time: Trade times of aggregate trades, UTC milliseconds. Shape (n,).
        usdt: Their notional. Shape (n,).
        is_buy: Whether the taker bought. Shape (n,).
        best: Rows of bid, its quantity, ask, its quantity: every best quote. Shape (q, 4).
        depth: USDT at each level, the bids first, whole books only. Shape (d, 2, 20).
    """

    milliseconds: int
    time: NDArray[np.int64]
    usdt: NDArray[np.float64]
    is_buy: NDArray[np.bool_]
    best: NDArray[np.float64]
    depth: NDArray[np.float64]

    @property
    def minutes(self) -> float:
        """Length of the stretch."""
        return self.milliseconds / 60_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One market, or a piece of it.

    Attributes:
        name: For people.
        price_tick: Price increment in USDT.
        candles: Its minutes; empty when there are too few to tell anything.
        tapes: Stretches of its streams; none where only candles exist.
    """

    name: str
    price_tick: float
    candles: Candles
    tapes: tuple[Tape, ...]


def read_tape(source: MarketSource, start: int, end: int) -> Tape:
    """Read the streams with `start <= time < end`."""
    trades: list[tuple[int, float, bool]] = []
    best: list[tuple[float, ...]] = []
    depth: list[list[list[float]]] = []
    for event in _before(source.events(start), end):
        if event.channel not in {"aggTrade", "bookTicker", DEPTH}:
            continue
        data = event.payload if isinstance(event.payload, bytes) else event.payload()
        if data is None:
            continue
        message = orjson.loads(data)
        if event.channel == "aggTrade":
            usdt = float(message["p"]) * float(message["q"])
            trades.append((message["T"], usdt, not message["m"]))
        elif event.channel == "bookTicker":
            best.append(tuple(float(message[name]) for name in "bBaA"))
        elif len(message["b"]) == len(message["a"]) == LEVELS:
            depth.append([_usdt(message["b"]), _usdt(message["a"])])
    return Tape(
        end - start,
        np.array([time for time, _, _ in trades], np.int64),
        np.array([usdt for _, usdt, _ in trades], np.float64),
        np.array([is_buy for _, _, is_buy in trades], np.bool_),
        np.array(best, np.float64).reshape(-1, 4),
        np.array(depth, np.float64).reshape(-1, 2, LEVELS),
    )


def _before(events: Iterable[Event], end: int) -> Iterable[Event]:
    for event in events:
        if event.time >= end:
            return
        yield event


def _usdt(levels: list[list[str]]) -> list[float]:
    return [float(price) * float(quantity) for price, quantity in levels]
