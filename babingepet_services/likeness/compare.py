"""How alike a simulated market and recordings are, statistic by statistic.

1. every recording that was given is opened: candle files together, each stretch of streams alone
2. the simulated market is sampled: days of minutes, and stretches of streams spread over a day
3. each statistic of both is put side by side, with the band that counts as alike
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.exchange.candles import no_candles
from babingepet_resources.exchange.moments import format_moment
from babingepet_resources.exchange.recorded_klines import open_klines
from babingepet_resources.exchange.recorded_stream import open_stream
from babingepet_resources.exchange.simulated import DEFAULT_START_MS, SimulatedMarket
from babingepet_resources.exchange.source import MarketSource
from babingepet_resources.exchange.stream_files import find_stretches
from babingepet_services.likeness.measures import (
    CANDLE_STATISTICS,
    TAPE_STATISTICS,
    Statistic,
    measure,
)
from babingepet_services.likeness.samples import Sample, Tape, read_tape

DEFAULT_DAYS = 24
"""Days of simulated minutes."""

_STRETCHES, _STRETCH = 12, 5 * MINUTE
"""Stretches of simulated streams, every second hour of the first day."""


@dataclass(frozen=True)
class LikenessOptions:
    """What is compared.

    Attributes:
        data: Files and folders of recordings.
        symbol: Name of the instrument.
        seed: Seed of the simulated market.
        days: Days of it.
        start: First of them, UTC milliseconds; None for 2025-01-01.
    """

    data: Sequence[Path]
    symbol: str
    seed: int
    days: int = DEFAULT_DAYS
    start: int | None = None


def compare(options: LikenessOptions) -> dict[str, Any]:
    """Compare; the document is of JSON values.

    Raises:
        InputError: No recording of the symbol, one that is wrong, or days that do not exist.
    """
    if options.days < 2:  # noqa: PLR2004 a memory of a day needs two
        raise InputError(f"--days {options.days}: at least two")
    recordings = list(_recordings(options.data, options.symbol))
    measured = [(sample, measure(sample)) for sample in recordings]
    told = [(sample, values) for sample, values in measured if values]
    if not told:
        raise InputError(
            f"{options.data[0]}: too short: two days of minutes or a minute of streams are needed."
        )
    simulated = measure(_simulated(options, with_tapes=any(sample.tapes for sample in recordings)))
    rows = list(_rows(simulated, [values for _, values in told]))
    return {
        "symbol": options.symbol,
        "seed": options.seed,
        "days": options.days,
        "recordings": [sample.name for sample, _ in told],
        "statistics": rows,
        "alike": sum(row["is_alike"] for row in rows),
        "outside": [row["name"] for row in rows if not row["is_alike"]],
    }


def _rows(
    simulated: Mapping[str, float], recorded: Sequence[Mapping[str, float]]
) -> Iterator[dict[str, Any]]:
    for statistic in (*CANDLE_STATISTICS, *TAPE_STATISTICS):
        values = [told[statistic.name] for told in recorded if _tells(told, statistic)]
        if not values or not _tells(simulated, statistic):
            continue
        low, high = statistic.band(values)
        value = simulated[statistic.name]
        yield {
            "name": statistic.name,
            "meaning": statistic.meaning,
            "recorded": values,
            "simulated": value,
            "band": [low, high],
            "is_alike": low <= value <= high,
        }


def _tells(values: Mapping[str, float], statistic: Statistic) -> bool:
    return math.isfinite(values.get(statistic.name, math.nan))


def _recordings(data: Sequence[Path], symbol: str) -> Iterator[Sample]:
    """Stretches of streams one by one; candle files of one folder or argument together."""
    if not data:
        raise InputError("--data is missing: recordings to compare with.")
    for path in data:
        files = _files(path)
        stretches = find_stretches(files, symbol)
        for stretch in stretches:
            yield _stream_sample(open_stream(stretch, symbol=symbol))
        if not stretches:
            yield _candle_sample(open_klines(_klines(path, files, symbol), symbol=symbol))


def _files(path: Path) -> list[Path]:
    try:
        return sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from error


def _klines(path: Path, files: Sequence[Path], symbol: str) -> list[Path]:
    mine = [file for file in files if file == path or file.name.upper().startswith(symbol)]
    if not mine:
        raise InputError(f"{path}: holds no file for {symbol}.")
    return mine


def _stream_sample(source: MarketSource) -> Sample:
    start, end = source.info.start, source.info.end or 0
    tape = read_tape(source, start, end)
    return Sample(_name(source), float(source.info.price_tick), no_candles(), _with_trades([tape]))


def _candle_sample(source: MarketSource) -> Sample:
    candles = source.minutes(source.first_minute, source.info.end or 0)
    return Sample(_name(source), float(source.info.price_tick), candles, ())


def _simulated(options: LikenessOptions, *, with_tapes: bool) -> Sample:
    start = DEFAULT_START_MS if options.start is None else options.start
    market = SimulatedMarket(seed=options.seed, symbol=options.symbol, start=start)
    begins = range(start, start + DAY, DAY // _STRETCHES) if with_tapes else ()
    tapes = [read_tape(market, begin, begin + _STRETCH) for begin in begins]
    candles = market.minutes(start, start + options.days * DAY)
    return Sample("simulated", float(market.info.price_tick), candles, _with_trades(tapes))


def _with_trades(tapes: Sequence[Tape]) -> tuple[Tape, ...]:
    return tuple(tape for tape in tapes if len(tape.time) > 1 and len(tape.best))


def _name(source: MarketSource) -> str:
    info = source.info
    span = f"{format_moment(info.start)} to {format_moment(info.end or 0)}"
    return f"{info.product} {info.symbol}, {span}: {info.description}"
