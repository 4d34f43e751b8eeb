"""Many files of the archive, a few at a time, handed over in the order in which they were asked for.

Belongs here: threads, and giving up on an archive that does not answer at all. One file belongs to
``client``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from babingepet.errors import ExchangeUnavailable
from babingepet_resources.clients.archive.client import BinanceArchive
from babingepet_resources.clients.archive.files import ArchiveFile

AT_ONCE = 4
"""Downloads under way."""
AHEAD = 16
"""Files asked for before the first of them was taken."""
HOPELESS = 4
"""Files in a row without an answer after which the others are not asked for any more."""


@dataclass(frozen=True)
class Fetched:
    """What became of one file.

    Attributes:
        file: Which.
        path: Where it is; None when there is none.
        reason: Why there is none, for people; None when it is there.
    """

    file: ArchiveFile
    path: Path | None
    reason: str | None = None

    @property
    def is_unpublished(self) -> bool:
        """Whether the archive answered that it has no such file."""
        return self.reason == NOT_PUBLISHED


NOT_PUBLISHED = "not published"


def fetch_all(archive: BinanceArchive, files: Sequence[ArchiveFile]) -> Iterator[Fetched]:
    """Fetch files, in their order; one that cannot be had says why.

    Raises:
        WarehouseUnavailable: The disk refuses a file.
    """
    waiting: dict[ArchiveFile, Future[Path | None]] = {}
    rest, silent = iter(files), 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="archive") as pool:
        try:
            for file in files:
                if silent >= HOPELESS:
                    yield Fetched(file, None, "the archive does not answer")
                    continue
                for following in islice(rest, AHEAD - len(waiting)):
                    waiting[following] = pool.submit(archive.fetch, following)
                fetched = _outcome(file, waiting.pop(file))
                silent = silent + 1 if fetched.path is None and not fetched.is_unpublished else 0
                yield fetched
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _outcome(file: ArchiveFile, future: Future[Path | None]) -> Fetched:
    try:
        path = future.result()
    except ExchangeUnavailable as error:
        return Fetched(file, None, str(error))
    return Fetched(file, path, None if path else NOT_PUBLISHED)
