"""The event tape: an hour of one kind of event of one market is one file.

Belongs here: names of files, what may be written, and reading stretches of time. Does not belong
here: which rows a market had (services), and the bytes (``files``, ``storage``).

``trades/symbol=BTCUSDT/source=binance/date=2025-05-10/hour=07.parquet``, by the hour in which the
events happened, UTC. An hour without a file was not recorded, or is gone: that is not an hour
without events, which has an empty file. A stored hour never changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import orjson

from babingepet.errors import HoursMissing, InputError, IntegrityBroken
from babingepet.market.intervals import DAY, HOUR, day_key, hour_of_day, iso, to_ms
from babingepet_resources.event_tape.files import decode, encode
from babingepet_resources.event_tape.frames import (
    Taped,
    TapedQuotes,
    TapedTrades,
    each_once,
    in_order,
    same_facts,
)
from babingepet_resources.event_tape.storage import Storage

KINDS: tuple[type[TapedTrades] | type[TapedQuotes], ...] = (TapedTrades, TapedQuotes)

Written = Literal["written", "same", "conflict"]
"""What became of an hour: new; stored before with the same events; with other ones, and kept."""

_SYMBOL = re.compile(r"[A-Z0-9]{1,30}")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_FILE = re.compile(
    r"(?P<kind>[a-z]+)/symbol=(?P<symbol>[A-Z0-9]+)/source=(?P<source>[a-z0-9_-]+)/"
    r"date=(?P<day>\d{4}-\d\d-\d\d)/hour=(?P<hour>[01]\d|2[0-3])\.parquet"
)


class StoredHour(NamedTuple):
    """A file of the tape.

    Attributes:
        kind: trades or quotes.
        hour: Its beginning, UTC milliseconds.
        size: Bytes.
        name: Relative to the tape's address.
    """

    kind: str
    symbol: str
    source: str
    hour: int
    size: int
    name: str


class EventTape:
    """Raw events at one address; holds nothing in memory."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @classmethod
    def open(cls, url: str) -> EventTape:
        """Open the tape at a folder or an fsspec URL such as ``s3://bucket/prefix``.

        Raises:
            ConfigurationError: There is no such kind of storage, or its library is missing.
            TapeUnavailable: It does not answer.
        """
        return cls(Storage.open(url))

    @property
    def where(self) -> str:
        """The address for people, without secrets."""
        return self._storage.where

    def write_hour(self, symbol: str, source: str, hour: int, frame: Taped) -> Written:
        """Store all events of an hour; an hour that is stored already stays as it is.

        Args:
            symbol: The exchange's name, ``BTCUSDT``.
            source: Where they come from, stamped on every fact: binance, recorded, simulated.
            hour: Its beginning, UTC milliseconds.
            frame: Trades or quotes in any order; none when the hour had none.

        Raises:
            InputError: The hour is not one, an event is of another hour, or a name is none.
            TapeUnavailable: It could not be stored; nothing half-written is left.
        """
        name = _name(type(frame), symbol, source, hour)
        if (
            len(frame)
            and not hour <= frame.event_time.min() <= frame.event_time.max() < hour + HOUR
        ):
            raise InputError(f"{name}: is given events of another hour")
        stored = self._hour(type(frame), symbol, source, hour)
        if stored is not None:
            return "same" if same_facts(stored, frame) else "conflict"
        self._storage.put(name, encode(in_order(frame)))
        return "written"

    def read(self, kind: type[Taped], symbol: str, source: str, start: int, end: int) -> Taped:
        """Events with start <= event_time < end, ascending numbers, each once as first known.

        Raises:
            HoursMissing: The tape does not hold all hours of the stretch.
            IntegrityBroken: A file is damaged.
            TapeUnavailable: The storage does not answer.
        """
        hours = range(start - start % HOUR, end, HOUR)
        found = [(hour, self._hour(kind, symbol, source, hour)) for hour in hours]
        missing = [hour for hour, frame in found if frame is None]
        if missing:
            raise HoursMissing(
                f"{self.where}: {len(missing)} of {len(found)} hours of the {kind.KIND} of "
                f"{symbol} ({source}) are not on the tape, the first at {iso(missing[0])}"
            )
        parts = [frame.between(start, end) for _, frame in found if frame is not None]
        return each_once(kind.concat(parts))

    def hour(self, kind: type[Taped], symbol: str, source: str, hour: int) -> Taped | None:
        """All rows of one hour as stored, with every time they were handed over; None without file.

        Raises:
            IntegrityBroken: The file is damaged.
            TapeUnavailable: The storage does not answer.
        """
        return self._hour(kind, symbol, source, hour)

    def hours(self, kind: type[Taped], symbol: str, source: str, start: int, end: int) -> list[int]:
        """Which hours with start <= hour < end are stored, ascending.

        Raises:
            TapeUnavailable: The storage does not answer.
        """
        folder = _folder(kind, symbol, source)
        return sorted(h.hour for h in self._stored(folder) if start <= h.hour < end)

    def stored(self) -> list[StoredHour]:
        """Every hour of every market on the tape.

        Raises:
            TapeUnavailable: The storage does not answer.
        """
        return sorted(hour for kind in KINDS for hour in self._stored(kind.KIND))

    def remove_before(self, symbol: str, source: str, time: int) -> list[StoredHour]:
        """Remove a market's hours of days before the one of ``time``; returns what was removed.

        Raises:
            TapeUnavailable: The storage does not answer; what was removed until then stays so.
        """
        day = time - time % DAY
        market = (symbol, source)
        removed = [e for e in self.stored() if (e.symbol, e.source) == market and e.hour < day]
        if day > self.removed_before(symbol, source):
            # Said first: an hour that is gone is always explained.
            noted = orjson.dumps({"removed_before": day})
            self._storage.put(_retention_name(symbol, source), noted)
        for entry in removed:
            self._storage.remove(entry.name)
        for folder in sorted({entry.name.rpartition("/")[0] for entry in removed}):
            for leftover in self._storage.leftovers(folder):
                self._storage.remove(leftover)
            self._storage.remove_empty(folder)
        return removed

    def removed_before(self, symbol: str, source: str) -> int:
        """Time before which a market's hours were removed on purpose; 0 when none ever were.

        Raises:
            IntegrityBroken: What was noted about it is unreadable.
            TapeUnavailable: The storage does not answer.
        """
        name = _retention_name(symbol, source)
        noted = self._storage.get(name)
        try:
            return 0 if noted is None else int(orjson.loads(noted)["removed_before"])
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityBroken(f"{self.where}/{name}: is unreadable") from error

    def _hour(self, kind: type[Taped], symbol: str, source: str, hour: int) -> Taped | None:
        name = _name(kind, symbol, source, hour)
        content = self._storage.get(name)
        return None if content is None else decode(kind, content, f"{self.where}/{name}")

    def _stored(self, folder: str) -> Iterator[StoredHour]:
        for name, size in self._storage.files(folder).items():
            match = _FILE.fullmatch(name)
            hour = _beginning(match["day"], match["hour"]) if match else None
            if match and hour is not None:
                yield StoredHour(match["kind"], match["symbol"], match["source"], hour, size, name)


def _folder(kind: type[TapedTrades] | type[TapedQuotes], symbol: str, source: str) -> str:
    return f"{kind.KIND}/{_market(symbol, source)}"


def _market(symbol: str, source: str) -> str:
    for value, pattern, what in ((symbol, _SYMBOL, "symbol"), (source, _SOURCE, "source")):
        if not pattern.fullmatch(value):
            raise InputError(f"{what} {value!r}: is not a name of a folder of the tape")
    return f"symbol={symbol}/source={source}"


def _name(kind: type[TapedTrades] | type[TapedQuotes], symbol: str, source: str, hour: int) -> str:
    if hour % HOUR:
        raise InputError(f"{hour}: is not the beginning of an hour")
    folder = _folder(kind, symbol, source)
    return f"{folder}/date={day_key(hour)}/hour={hour_of_day(hour):02}.parquet"


def _retention_name(symbol: str, source: str) -> str:
    """A file that tells before which time a market's hours were removed on purpose."""
    return f"retention/{_market(symbol, source)}.json"


def _beginning(day: str, hour: str) -> int | None:
    """Of an hour, UTC milliseconds; None for a date that no calendar has."""
    try:
        return to_ms(datetime.fromisoformat(f"{day}T{hour}:00").replace(tzinfo=UTC))
    except ValueError:
        return None
