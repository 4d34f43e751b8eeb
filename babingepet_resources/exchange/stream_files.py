"""Files of raw combined-stream messages: finding the ones of a stretch, reading, checking.

A line is `<local_ts> <json>`: the recorder's clock (microseconds or nanoseconds; not used, it was
1.4 s off in 2024) and the message as it came. Lines without a stream are bodies of REST requests:
books of depth (one at the least, in a stretch's first file), open interest, settlements. Does not belong here: what is derived from the messages.
"""

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from babingepet.errors import InputError
from babingepet_resources.exchange.recorded_readings import RecordedReadings

_SILENCE_MS = 10_000
"""Longer silence of all streams together is a hole: BTC's quotes move many times a second, and the
longest pause seen around a midnight of the exchange was 1.1 s."""


class Message(NamedTuple):
    """One recorded stream message: exchange time E, channel, and its `data` as recorded bytes."""

    time: int
    channel: str
    data: bytes


@dataclass(slots=True)
class Stretch:
    """A run of consecutive days of one symbol.

    Attributes:
        messages: In the order of the exchange's time; equal times as recorded.
        snapshots: Depth snapshots as (exchange time, body).
        readings: Open interest and settlements.
        holes: Spans (from, to) in which messages are missing, UTC milliseconds.
    """

    messages: list[Message] = field(default_factory=list)
    snapshots: list[tuple[int, bytes]] = field(default_factory=list)
    readings: RecordedReadings = field(default_factory=RecordedReadings)
    holes: list[tuple[int, int]] = field(default_factory=list)


def find_stretches(files: Sequence[Path], symbol: str) -> list[list[Path]]:
    """Files of `symbol`'s perpetual, grouped into runs of consecutive days, oldest first."""
    pattern = re.compile(rf"usdm_{symbol.lower()}_(\d{{4}})(\d\d)(\d\d)\b.*\.gz")
    dated: list[tuple[date, Path]] = []
    for path in files:
        match = pattern.fullmatch(path.name)
        if match:
            dated.append((_day(path, *map(int, match.groups())), path))
    stretches: list[list[Path]] = []
    previous = date.min
    for day, path in sorted(dated):
        if not stretches or day - previous > timedelta(days=1):
            stretches.append([])
        stretches[-1].append(path)
        previous = day
    return stretches


def read_stretch(files: Sequence[Path], symbol: str) -> Stretch:
    """Read the files of one stretch into memory.

    Raises:
        InputError: A file is unreadable or cut short, or a line is not such a message.
    """
    stretch = Stretch()
    prefix = f"{symbol.lower()}@"
    chains: dict[str, list[tuple[int, int, int]]] = {}
    for path in files:
        for number, body, message in _lines(path):
            where = f"{path}: line {number}"
            if "stream" in message:
                _take(stretch, chains, body, message, prefix, where)
            elif "lastUpdateId" in message:
                stretch.snapshots.append((int(message["E"]), body))
            elif not stretch.readings.take(message, symbol.upper(), where):
                raise InputError(f"{where} is not a message of a combined stream.")
    if not stretch.messages:
        raise InputError(f"{files[0]}: holds no messages.")
    stretch.messages.sort(key=lambda message: message.time)
    stretch.holes = _silences(stretch.messages)
    for chain in chains.values():
        stretch.holes += _broken_links(sorted(chain, key=lambda link: link[0]))
    stretch.holes.sort()
    return stretch


def _day(path: Path, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise InputError(f"{path}: the name does not hold a date YYYYMMDD.") from error


def _lines(path: Path) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    number = 0
    try:
        with gzip.open(path) as file:
            for number, line in enumerate(file, 1):
                body = line.partition(b" ")[2].strip()
                message = orjson.loads(body)
                if not isinstance(message, dict):
                    raise InputError(f"{path}: line {number} is not a JSON object.")
                yield number, body, message
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: line {number} is not valid JSON ({error}).") from error
    except (EOFError, zlib.error) as error:
        raise InputError(f"{path}: is cut short or damaged after line {number}.") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error}.") from error


def _take(
    stretch: Stretch,
    chains: dict[str, list[tuple[int, int, int]]],
    body: bytes,
    message: dict[str, Any],
    prefix: str,
    where: str,
) -> None:
    stream, data = message["stream"], message.get("data")
    if not isinstance(stream, str) or not isinstance(data, dict):
        raise InputError(f"{where} is not a message of a combined stream.")
    if not stream.startswith(prefix):
        raise InputError(f"{where} belongs to '{stream}', not to {prefix[:-1].upper()}.")
    time = data.get("E")
    if not isinstance(time, int):
        raise InputError(f"{where} has no exchange time E; spot quotes lack it and are not served.")
    if data.get("e") == "depthUpdate":
        chains.setdefault(stream, []).append((time, data["pu"], data["u"]))
    head = b'{"stream":"' + stream.encode() + b'","data":'
    raw = body[len(head) : -1] if body.startswith(head) else orjson.dumps(data)
    stretch.messages.append(Message(time, stream.removeprefix(prefix), raw))


def _silences(messages: Sequence[Message]) -> list[tuple[int, int]]:
    return [
        (before.time, after.time)
        for before, after in pairwise(messages)
        if after.time - before.time > _SILENCE_MS
    ]


def _broken_links(chain: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Spans in which book differences were lost: each must name the id of the one before."""
    return [(before[0], after[0]) for before, after in pairwise(chain) if after[1] != before[2]]
