"""Which market is served: the one place that chooses a source.

Belongs here: from what a user names to a source, and refusing what cannot be found. Does not
belong here: how a source works.
"""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Literal

from babingepet.errors import InputError
from babingepet_resources.exchange.candles import MINUTE_MS
from babingepet_resources.exchange.instruments import INSTRUMENTS
from babingepet_resources.exchange.markets import Markets, OpenSource
from babingepet_resources.exchange.moments import format_moment
from babingepet_resources.exchange.recorded_klines import RecordedKlines, open_klines
from babingepet_resources.exchange.recorded_stream import RecordedStream, open_stream
from babingepet_resources.exchange.recording import symbol_of
from babingepet_resources.exchange.simulated import SimulatedMarket
from babingepet_resources.exchange.source import MarketSource, SourceInfo
from babingepet_resources.exchange.stream_files import find_stretches

_KLINE_SUFFIXES = (".parquet", ".csv", ".csv.gz")

SIMULATED_SYMBOLS = tuple(INSTRUMENTS)

_SMALL_BYTES = 64 * 2**20
"""Folders up to this size offer all their symbols: opened together they take a few seconds and
about 1 GB of memory."""


def open_markets(
    market: Literal["recorded", "simulated"],
    *,
    data: Sequence[Path],
    symbols: Sequence[str],
    start: int | None,
    seed: int,
) -> Markets:
    """Open the instruments of an exchange.

    The named ones are opened now. Further ones are opened when somebody asks for them: of a
    simulated market all that can be simulated, of candle files those whose files lie in the same
    folders, as long as these are small.

    Args:
        market: `recorded` or `simulated`.
        data: Files and folders of a recording; none for a simulated market.
        symbols: Names of instruments, such as `BTCUSDT`; the first is the primary one.
        start: First time that will be played, UTC milliseconds; None for the beginning.
        seed: Seed of a simulated market.

    Raises:
        InputError: As for `open_source`.
    """
    sources = [
        open_source(market, data=data, symbol=symbol, start=start, seed=seed) for symbol in symbols
    ]
    if market == "simulated":
        return Markets(sources, _simulated(seed, sources[0].info.start))
    return Markets(sources, _neighbours(data) if isinstance(sources[0], RecordedKlines) else {})


def open_source(
    market: Literal["recorded", "simulated"],
    *,
    data: Sequence[Path],
    symbol: str,
    start: int | None,
    seed: int,
) -> MarketSource:
    """Open one instrument.

    A folder, or a file named `usdm_<symbol>_YYYYMMDD...gz`, is a recording of streams; any other
    file holds candles, funding rates or open interest, told apart by its columns. A folder without
    streams of the symbol is searched for such files whose names begin with it.

    Args:
        market: `recorded` or `simulated`.
        data: Files and folders of a recording; none for a simulated market.
        symbol: Name of the instrument, such as `BTCUSDT`.
        start: First time that will be played, UTC milliseconds; None for the beginning.
        seed: Seed of a simulated market.

    Raises:
        InputError: Nothing of the symbol is found, a file is wrong, or `start` lies outside.
    """
    symbol = symbol.upper()
    if market == "simulated":
        return SimulatedMarket(seed=seed, symbol=symbol, start=start)
    if not data:
        raise InputError("A recorded market needs --data with a file or a folder.")
    files = list(chain.from_iterable(_files(path) for path in data))
    stretches = find_stretches(files, symbol)
    if stretches:
        return _open_stretch(stretches, symbol, start)
    source = open_klines(_kline_files(data, files, symbol), symbol=symbol)
    if not _covers(source.info, start):
        raise _outside(start, [source.info])
    return source


def parse_speed(text: str) -> float | None:
    """A positive factor; None for ``max``.

    Raises:
        InputError: Neither.
    """
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.0 < speed < float("inf"):
        raise InputError(f"--speed {text} is neither a positive number nor max.")
    return speed


def _files(path: Path) -> list[Path]:
    try:
        return sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error


def _kline_files(data: Sequence[Path], files: Sequence[Path], symbol: str) -> list[Path]:
    """Files that were named themselves, and those of folders that are named after the symbol."""
    chosen = [
        path
        for path in files
        if path in data
        or (path.name.upper().startswith(symbol) and path.name.endswith(_KLINE_SUFFIXES))
    ]
    if not chosen:
        raise InputError(f"{data[0]}: holds no file for {symbol}.")
    return chosen


def _simulated(seed: int, start: int) -> dict[str, OpenSource]:
    return {
        symbol: partial(SimulatedMarket, seed=seed, symbol=symbol, start=start)
        for symbol in SIMULATED_SYMBOLS
    }


def _neighbours(data: Sequence[Path]) -> dict[str, OpenSource]:
    """Instruments by the names of the candle files in the folders; none when these are large."""
    by_symbol: dict[str, list[Path]] = {}
    for path in chain.from_iterable(_files(folder) for folder in data if folder.is_dir()):
        symbol = symbol_of(path)
        if symbol is not None and path.name.endswith(_KLINE_SUFFIXES):
            by_symbol.setdefault(symbol, []).append(path)
    if sum(path.stat().st_size for path in chain.from_iterable(by_symbol.values())) > _SMALL_BYTES:
        return {}
    return {
        symbol: partial(open_klines, files, symbol=symbol) for symbol, files in by_symbol.items()
    }


def _open_stretch(
    stretches: Sequence[Sequence[Path]], symbol: str, start: int | None
) -> RecordedStream:
    """The first stretch that covers `start`; one is read at a time."""
    seen: list[SourceInfo] = []
    for files in stretches:
        source = open_stream(files, symbol=symbol)
        if _covers(source.info, start):
            return source
        seen.append(source.info)
    raise _outside(start, seen)


def _covers(info: SourceInfo, start: int | None) -> bool:
    """Whether it can be played from there; the minute in which a recording begins is inside."""
    if start is None or info.end is None:
        return True
    return info.start // MINUTE_MS * MINUTE_MS <= start < info.end


def _outside(start: int | None, recordings: Sequence[SourceInfo]) -> InputError:
    covered = " and ".join(
        f"{format_moment(info.start)} to {format_moment(info.end or 0)}" for info in recordings
    )
    return InputError(
        f"--from {format_moment(start or 0)} is outside of the recording, which covers {covered}."
    )
