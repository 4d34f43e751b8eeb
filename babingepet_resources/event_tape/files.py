"""One hour as a Parquet file, byte for byte the same whenever it is written.

Columns are exact int64, float64 and bool: what is read back has the bytes, and so the content
hashes, of what was written. Does not belong here: where a file lies.
"""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from babingepet.errors import IntegrityBroken
from babingepet_resources.event_tape.frames import Taped

_COMPRESSION = "zstd"

_ROWS_PER_GROUP = 131_072
"""Rows of a group: a reader of one minute out of a busy hour skips most of it."""


def encode(frame: Taped) -> bytes:
    """The file of a frame."""
    table = pa.table({name: np.ascontiguousarray(c) for name, c in frame.columns().items()})
    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        compression=_COMPRESSION,
        row_group_size=_ROWS_PER_GROUP,
        write_page_checksum=True,
    )
    return buffer.getvalue()


def decode(kind: type[Taped], content: bytes, name: str) -> Taped:
    """Read a file back.

    Raises:
        IntegrityBroken: It is damaged, or not a file of this kind; the message names it.
    """
    try:
        table = pq.read_table(io.BytesIO(content), page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise IntegrityBroken(f"{name}: is damaged: {_sentence(error)}") from error
    empty = kind.empty().columns()
    found = {field.name: field.type for field in table.schema}
    wanted = {column: pa.from_numpy_dtype(values.dtype) for column, values in empty.items()}
    if found != wanted or any(column.null_count for column in table.columns):
        raise IntegrityBroken(f"{name}: does not hold the columns {', '.join(wanted)}")
    return kind(**{column: table[column].to_numpy() for column in wanted})


def _sentence(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
