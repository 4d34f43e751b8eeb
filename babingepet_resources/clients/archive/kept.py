"""The folder of archive files that are kept: whole ones with their checksum beside them.

Belongs here: what is on disk. Does not belong here: where it comes from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from babingepet.errors import WarehouseUnavailable


def is_kept(target: Path) -> bool:
    """Whether the file is there whole: the kept checksum is compared with its content once more."""
    try:
        named = _sum_file(target).read_text()
        with target.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == named
    except (OSError, UnicodeDecodeError):
        return False


def checksum(target: Path) -> str:
    """The SHA-256 of a file that is kept."""
    return _sum_file(target).read_text()


def keep(part: Path, target: Path, named: str) -> None:
    """Give a temporary file its place, in one step, and note its checksum."""
    part.replace(target)
    with temporary(_sum_file(target)) as note:
        note.write_text(named)
        note.replace(_sum_file(target))


@contextmanager
def temporary(target: Path) -> Iterator[Path]:
    """An empty file beside the target, which is gone at the end unless it was moved."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as made:
        part = Path(made.name)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def refused_disk(target: Path) -> Iterator[None]:
    """What the disk refuses as one sentence.

    Raises:
        WarehouseUnavailable: The disk is full, or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise WarehouseUnavailable(f"{target} cannot be written: {error.strerror}.") from error


def _sum_file(target: Path) -> Path:
    return target.with_name(f"{target.name}.sha256")
