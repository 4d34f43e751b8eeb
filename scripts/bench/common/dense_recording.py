"""A recording made as dense and as long as a benchmark needs, out of recorded messages.

The messages of a recorded stretch, trades and best quotes, are repeated lap after lap, each lap
with later times and ids, and squeezed until as many come a second as wanted. Without recorded data
they are those of the simulated market.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from babingepet.market.intervals import MINUTE
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.stream_files import read_stretch

SYMBOL = "BTCUSDT"
FILES = ("usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz")
FOLDER = Path("crypto") / "perp_l2_ws"
CHANNELS = {"trade": "t", "bookTicker": "u"}
"""Channels that are repeated, each with its id."""
BEGIN = 28_009_440 * MINUTE
"""2023-04-04 00:00 UTC: a day of the exchange holds more than any benchmark asks for."""
LEAD = 5_000
"""Milliseconds between the first message and the first boundary."""
SIMULATED_MESSAGES = 60_000


@dataclass(frozen=True)
class Lap:
    """Messages of one stretch in ascending time.

    Attributes:
        origin: ``recorded`` or ``simulated``.
        messages: Channel and data.
        span: Milliseconds from the first to the last of them.
    """

    origin: str
    messages: list[tuple[str, dict[str, Any]]]
    span: int


def read_lap() -> Lap:
    """The recorded stretch of 2023, or a simulated one."""
    root = os.environ.get("BABINGEPET_TEST_DATA")
    data = Path(root) if root else Path(__file__).resolve().parents[3] / "shared" / "data"
    files = [data / FOLDER / name for name in FILES]
    recorded = all(file.exists() for file in files)
    messages = _recorded(files) if recorded else _simulated()
    span = messages[-1][1]["E"] - messages[0][1]["E"] + 1
    return Lap("recorded" if recorded else "simulated", messages, span)


def _recorded(files: list[Path]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (message.channel, orjson.loads(message.data))
        for message in read_stretch(files, SYMBOL).messages
        if message.channel in CHANNELS
    ]


def _simulated() -> list[tuple[str, dict[str, Any]]]:
    """The simulated market's, its aggregate trades as single ones."""
    source = open_source("simulated", data=[], symbol=SYMBOL, start=BEGIN, seed=0)
    heard = (one for one in source.events(BEGIN) if one.channel in {"aggTrade", "bookTicker"})
    messages = []
    for event in islice(heard, SIMULATED_MESSAGES):
        payload = event.payload if isinstance(event.payload, bytes) else event.payload()
        data = orjson.loads(payload or b"{}")
        if event.channel == "aggTrade":
            data |= {"e": "trade", "t": data["a"], "X": "MARKET"}
        messages.append((data["e"], data))
    return messages


def write_dense(lap: Lap, folder: Path, *, messages: int, a_second: float | None) -> None:
    """Write a recording for the loopback exchange.

    Args:
        lap: What is repeated.
        folder: Where the file is made.
        messages: How many, to the next whole lap.
        a_second: Of them, on the recording's own clock; None for as many as were recorded.
    """
    density = a_second * lap.span / 1_000 / len(lap.messages) if a_second else 1.0
    with gzip.open(folder / "usdm_btcusdt_20230404.gz", "wb", compresslevel=1) as file:
        for line in _lines(lap, -(-messages // len(lap.messages)), density):
            file.write(line)


def _lines(lap: Lap, laps: int, density: float) -> Iterator[bytes]:
    first = lap.messages[0][1]["E"]
    ids = {name: [data[key] for channel, data in lap.messages if channel == name]
           for name, key in CHANNELS.items()}  # fmt: skip
    steps = {name: max(seen) - min(seen) + 1 for name, seen in ids.items()}
    for number in range(laps):
        for channel, data in lap.messages:
            key = CHANNELS[channel]
            time = BEGIN + MINUTE - LEAD + int((number * lap.span + data["E"] - first) / density)
            made = data | {"E": time, "T": time, key: data[key] + number * steps[channel]}
            stream = f"{SYMBOL.lower()}@{channel}"
            yield b"%d %b\n" % (time * 1_000_000, orjson.dumps({"stream": stream, "data": made}))
