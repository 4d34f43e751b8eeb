"""Captured inputs by content: the same bytes are stored once, under their hash.

What does not belong here: what the bytes mean (the cycle's manifest names them).
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, func, select

from babingepet.errors import IntegrityBroken
from babingepet_resources.warehouse.records import BlobRecord
from babingepet_resources.warehouse.statements import insert_records
from babingepet_resources.warehouse.tables import blobs as table

CODEC = "zlib"

_LEVEL = 1
"""Columns of candles: level 6 takes 4 times as long as level 1 and saves a few percent."""

_PAGE = 500
"""Hashes named in one statement; SQLite takes 32,766 variables, PostgreSQL plans fewer faster."""


def pack(content: bytes, created_at: int) -> BlobRecord:
    """Hash and compress; do it before the transaction, not inside it."""
    digest = hashlib.sha256(content).hexdigest()
    return BlobRecord(digest, CODEC, zlib.compress(content, _LEVEL), len(content), created_at)


def put(connection: Connection, records: Sequence[BlobRecord]) -> int:
    """Store packed contents; returns how many were new."""
    return insert_records(connection, table, records)


def get(connection: Connection, digest: str) -> bytes | None:
    """The uncompressed content, or None when nothing is stored under this hash.

    Raises:
        IntegrityBroken: What is stored is not what was hashed.
    """
    row = connection.execute(
        select(table.c.codec, table.c.content).where(table.c.hash == digest)
    ).first()
    if row is None:
        return None
    try:
        content = zlib.decompress(row.content) if row.codec == CODEC else None
    except zlib.error:
        content = None
    if content is None or hashlib.sha256(content).hexdigest() != digest:
        raise IntegrityBroken(f"Blob {digest} does not hold the content it was named after.")
    return content


def sizes(connection: Connection, digests: Sequence[str]) -> dict[str, int]:
    """Bytes, compressed, of those that are stored; of an empty content 0."""
    columns = table.c
    found: dict[str, int] = {}
    for page in _pages(digests):
        query = select(columns.hash, columns.size, func.length(columns.content)).where(
            columns.hash.in_(page)
        )
        found |= {row[0]: row[2] if row[1] else 0 for row in connection.execute(query)}
    return found


def remove(connection: Connection, digests: Sequence[str]) -> None:
    """Remove contents that are kept elsewhere."""
    for page in _pages(digests):
        connection.execute(delete(table).where(table.c.hash.in_(page)))


def _pages(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(digests), _PAGE):
        yield digests[first : first + _PAGE]
