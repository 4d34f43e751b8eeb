"""From a path, bytes or a stream to the table inside, packed or not: files are hostile.

Belongs here: ZIP and gzip, and limits of size, ratio and line length. Nothing is written anywhere
and names inside of a ZIP are never looked at, so no path in one can lead out of a folder. Does not
belong here: what the text says.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from typing_extensions import Buffer

from babingepet.errors import InputError

FileContent = Path | bytes | BinaryIO
"""A file on disk, one in memory, or an open one that can seek."""

SIZE_LIMIT = 4 * 1024**3
"""Bytes, packed or unpacked: the archive's largest daily files of trades unpack to 0.5 GB."""

RATIO_LIMIT = 200
"""Unpacked over packed bytes; minutes pack 3 to 10 times, deflate can pack nothings 1,032 times."""

RATIO_FROM = 16 * 1024**2
"""Unpacked bytes from which the ratio is looked at: a small file may well be all zeros."""

LINE_LIMIT = 64 * 1024
"""Bytes of a first line; the widest header among vendors has 0.3 KB."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""How a ZIP begins, and one without any file."""

_DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException)
"""What libraries raise on damaged content."""


@dataclass(frozen=True)
class Opened:
    """The inside of a file.

    Attributes:
        stream: Parquet can be sought in, text only read on.
        is_parquet: Whether it begins as Parquet does; else it is taken for text.
        head: How a text begins.
    """

    stream: BinaryIO
    is_parquet: bool
    head: bytes = b""

    @property
    def is_json(self) -> bool:
        """Whether a text begins as JSON does."""
        return self.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}

    def first_line(self, name: str) -> bytes:
        """The first line of a text; the stream stays where it is.

        Raises:
            InputError: It is too long to be one, or not UTF-8 text.
        """
        line = self.head.partition(b"\n")[0]
        if len(line) > LINE_LIMIT:
            raise InputError(f"{name}: the first line is longer than {LINE_LIMIT:,} bytes.")
        if line.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in line:
            raise InputError(f"{name}: is neither Parquet nor UTF-8 text.")
        return line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r")


@contextmanager
def opened(content: FileContent, name: str) -> Iterator[Opened]:
    """Open what is inside of a file; damage found while the block reads is a refusal too.

    Args:
        content: The file.
        name: How errors name it.

    Raises:
        InputError: It cannot be read, is too large or unpacks to too much; the message says which.
    """
    try:
        with ExitStack() as stack:
            file = _open(content, stack)
            yield _inside(file, name, stack)
    except _DAMAGE as error:
        raise InputError(f"{name}: {_complaint(error)}.") from error


def read_small(content: FileContent, name: str, limit: int) -> bytes:
    """The whole inside of a text file that cannot be large.

    Raises:
        InputError: It is larger than ``limit`` bytes, or as in ``opened``.
    """
    with opened(content, name) as inside:
        text = inside.stream.read(limit + 1)
    if len(text) > limit:
        raise InputError(f"{name}: is larger than {limit:,} bytes.")
    return text


class _Counted(io.RawIOBase):
    """Bytes that pass through, counted: the sizes that a ZIP declares may be lies."""

    def __init__(self, source: BinaryIO, name: str, packed: int) -> None:
        self._source = source
        self._name = name
        self._packed = packed
        self._passed = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        filled = 0
        while filled < len(view) and (piece := self._source.read(len(view) - filled)):
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
        self._passed += filled
        if self._passed > SIZE_LIMIT:
            raise InputError(f"{self._name}: unpacks to more than {SIZE_LIMIT:,} bytes.")
        if self._passed > max(RATIO_FROM, RATIO_LIMIT * self._packed):
            raise InputError(f"{self._name}: unpacks to more than {RATIO_LIMIT} times its size.")
        return filled


def _open(content: FileContent, stack: ExitStack) -> BinaryIO:
    if isinstance(content, Path):
        return stack.enter_context(content.open("rb"))
    return io.BytesIO(content) if isinstance(content, bytes) else content


def _inside(file: BinaryIO, name: str, stack: ExitStack) -> Opened:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if not size:
        raise InputError(f"{name}: is empty.")
    if size > SIZE_LIMIT:
        raise InputError(f"{name}: is larger than {SIZE_LIMIT:,} bytes.")
    magic = file.read(4)
    file.seek(0)
    if magic == b"PAR1":
        return Opened(file, is_parquet=True)
    if magic in _ZIP:
        inner: BinaryIO = _only_member(file, name, stack)
    elif magic[:2] == b"\x1f\x8b":
        inner = stack.enter_context(gzip.GzipFile(fileobj=file))  # type: ignore[assignment]
    else:
        inner = file
    stream = io.BufferedReader(_Counted(inner, name, size), LINE_LIMIT * 2)
    head = stream.peek()
    if inner is not file and head[:4] in {b"PAR1", *_ZIP}:
        raise InputError(f"{name}: holds a file that is packed itself; unpack it first.")
    return Opened(stream, is_parquet=False, head=head)


def _only_member(file: BinaryIO, name: str, stack: ExitStack) -> BinaryIO:
    archive = stack.enter_context(zipfile.ZipFile(file))
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        raise InputError(f"{name}: holds {len(members):,} files; one is needed.")
    if members[0].flag_bits & 1:
        raise InputError(f"{name}: is protected by a password.")
    if members[0].compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise InputError(f"{name}: is packed in a way that archives of markets are not.")
    return stack.enter_context(archive.open(members[0]))  # type: ignore[return-value]


def _complaint(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = "".join(one if one.isprintable() else " " for one in said[:200])
    line = " ".join(line.split()).rstrip(".")
    if "invalid UTF8" in line:
        return "is neither Parquet nor UTF-8 text"
    if "straddling object" in line:
        return "a line is too long"
    return f"cannot be read: {line or type(error).__name__}"
