"""Candle and funding files as a market that can be replayed.

Belongs here: from files to the engine's frames, and what a reader must know about such files.
Does not belong here: reading and joining files (``exchange/recording``), deciding anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from babingepet.errors import InputError
from babingepet.market.frames import Candles
from babingepet.replay.market import ReplayMarket
from babingepet_resources.exchange.candles import COLUMNS
from babingepet_resources.exchange.kline_files import (
    FundingFile,
    KlineFile,
    MarketFile,
    OpenInterestFile,
)
from babingepet_resources.exchange.recording import Recording, join_files, read_file_of

SOURCE = "recorded"

_CONTENTS = {
    KlineFile: "candles",
    FundingFile: "funding rates",
    OpenInterestFile: "open interest",
}


@dataclass(frozen=True, eq=False)
class MarketRead:
    """A market in memory, and where it comes from.

    Attributes:
        market: What is replayed.
        origin: As JSON values: files, or the ranges of a warehouse, each with its SHA-256.
        notes: What a reader of the results must know about it.
    """

    market: ReplayMarket
    origin: Mapping[str, Any]
    notes: tuple[str, ...]


def read_files(candles: Sequence[Path], funding: Sequence[Path], symbol: str) -> MarketRead:
    """Read a market from files, in any order of each kind.

    Raises:
        InputError: A file is unreadable, wrong, of another symbol or kind, or overlaps another.
    """
    kinds = (("candles", candles, KlineFile), ("funding", funding, FundingFile))
    recording = join_files(
        [_read(path, f"--{name}", kind, symbol) for name, paths, kind in kinds for path in paths]
    )
    # Two years of minutes leave 130 MB of read buffers behind that Arrow would keep.
    pa.default_memory_pool().release_unused()
    market = ReplayMarket(
        symbol=symbol,
        source=SOURCE,
        minutes=_minutes(recording),
        hours=Candles.empty(),
        funding=recording.funding,
        feeds=frozenset(recording.feeds),
    )
    files = [_fingerprint(path, name) for name, paths, _ in kinds for path in paths]
    return MarketRead(market, {"files": files}, _notes(recording))


def _read(path: Path, option: str, kind: type[KlineFile | FundingFile], symbol: str) -> MarketFile:
    read = read_file_of(path, symbol)
    if not isinstance(read, kind):
        raise InputError(f"{option} {path}: holds {_CONTENTS[type(read)]}")
    return read


def _minutes(recording: Recording) -> Candles:
    """The engine's columns; what a file lacks is NaN, not the 0 that stands in its rows."""
    values = dict(zip(COLUMNS, recording.candles.values.T, strict=True))
    values |= {name: np.full(len(recording.candles), np.nan) for name in recording.absent}
    columns = {name: values[name] for name in Candles.column_names() if name != Candles.TIME}
    return Candles(open_time=recording.candles.open_time, **columns)


def _fingerprint(path: Path, kind: str) -> dict[str, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"kind": kind, "path": str(path), "sha256": digest}


def _notes(recording: Recording) -> tuple[str, ...]:
    absent = ", ".join(recording.absent)
    said = {
        "the files are named after the spot market: fees, funding and leverage are those of the "
        "perpetual, on spot prices": recording.product == "spot",
        "no funding rates were given: none is paid": not len(recording.funding),
        f"the files lack {absent}: unavailable, not zero": bool(absent),
    }
    return tuple(text for text, applies in said.items() if applies)
