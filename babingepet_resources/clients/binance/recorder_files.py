"""A recording's files: raw messages by UTC day, readable whatever happens to the recorder.

Belongs here: lines into ``usdm_<symbol>_YYYYMMDD.gz`` as the loopback exchange reads them. Does not
belong here: which messages are recorded.

A line is ``<local time in ns> <JSON as it came>``. Lines are held for a moment and appended as a
gzip member of their own: a recorder that is killed loses that moment and leaves whole members. One
that broke off in the middle of a member (power, a full disk) is mended before the file is continued.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from babingepet.errors import RecordingStopped
from babingepet.market.intervals import DAY, day_key
from babingepet_resources.clients.clock import Clock

_FLUSH_S = 2.0
"""Longest time for which lines are held, seconds of this machine: what a kill may cost."""

_FLUSH_BYTES = 1 << 20
"""Most bytes that are held; a busy second of BTC is a quarter of it."""

_LEVEL = 5
"""gzip level: 9 takes 4 times as long for 3 % less."""

_CHUNK = 1 << 20


class DayFiles:
    """Appends one instrument's lines to the file of their UTC day.

    Args:
        folder: Where the files are; made when it is missing.
        symbol: The exchange's name, ``BTCUSDT``.
        clock: This machine's, for the time before each line and for the moment of holding.

    Attributes:
        sizes: Bytes of each file that was written to, by name.
    """

    def __init__(self, folder: Path, symbol: str, clock: Clock) -> None:
        self._folder = folder
        self._symbol = symbol.lower()
        self._clock = clock
        self._day = -1
        self._path = folder
        self._held = bytearray()
        self._held_since = 0.0
        self.sizes: dict[str, int] = {}

    def write(self, time: int, body: bytes) -> None:
        """Take one line.

        Args:
            time: The exchange's, UTC milliseconds; the first one of a day opens its file, and
                stragglers of the day before go there too.
            body: One JSON object, without a line break.

        Raises:
            RecordingStopped: The file cannot be written.
        """
        if time // DAY > self._day:
            self.flush()
            self._open(time)
        if not self._held:
            self._held_since = self._clock.monotonic()
        self._held += b"%d %b\n" % (self._clock.now() * 1_000_000, body)
        if len(self._held) >= _FLUSH_BYTES:
            self.flush()

    def flush_due(self) -> None:
        """Write what was held for long enough; to be called every now and then.

        Raises:
            RecordingStopped: The file cannot be written.
        """
        if self._held and self._clock.monotonic() - self._held_since >= _FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Write what is held.

        Raises:
            RecordingStopped: The file cannot be written; it ends with the last whole member.
        """
        if not self._held:
            return
        member = gzip.compress(bytes(self._held), _LEVEL, mtime=0)
        size = self.sizes[self._path.name]
        try:
            is_whole = _append(self._path, size, member)
        except OSError as error:
            raise _stopped(self._path, error) from error
        if not is_whole:
            raise RecordingStopped(f"{self._path}: cannot be written: the disk is full.")
        self._held.clear()
        self.sizes[self._path.name] = size + len(member)

    def _open(self, time: int) -> None:
        path = self._folder / f"usdm_{self._symbol}_{day_key(time).replace('-', '')}.gz"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.touch()
            size = whole_members(path)
            with path.open("r+b") as file:
                file.truncate(size)
        except OSError as error:
            raise _stopped(path, error) from error
        self._day, self._path = time // DAY, path
        self.sizes[path.name] = size


def _append(path: Path, size: int, member: bytes) -> bool:
    """Write a member behind the first ``size`` bytes; a part of it is taken back."""
    with path.open("r+b", buffering=0) as file:
        file.seek(size)
        is_whole = file.write(member) == len(member)
        if not is_whole:
            file.truncate(size)
        return is_whole


def whole_members(path: Path) -> int:
    """Bytes of a file up to the end of its last whole gzip member.

    Raises:
        OSError: It cannot be read.
    """
    whole = read = 0
    member = zlib.decompressobj(wbits=31)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            read += len(chunk)
            while chunk:
                try:
                    member.decompress(chunk)
                except zlib.error:
                    return whole
                if not member.eof:
                    break
                chunk = member.unused_data
                whole = read - len(chunk)
                member = zlib.decompressobj(wbits=31)
    return whole


def _stopped(path: Path, error: OSError) -> RecordingStopped:
    return RecordingStopped(f"{path}: cannot be written: {error.strerror or error}.")
