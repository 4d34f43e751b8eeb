"""The rows of a file piece by piece, as Arrow's columns: what stands there, not what it means.

Belongs here: CSV and Parquet as forms, and how much of them is read. Does not belong here: what the
columns are and what their cells say (``reading``, ``cells``).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from babingepet.errors import InputError
from babingepet_resources.market_files.content import SIZE_LIMIT, Opened

_BLOCK = 16 * 1024**2
"""Bytes of text that are parsed at a time, and the longest line."""

_BATCH = 500_000
"""Rows of Parquet that are read at a time."""

_MISSHAPEN_LIMIT = 1_000_000
"""Rows with another number of columns after which a file is not taken for a table."""

ROW_LIMIT = 50_000_000
"""Rows of one file: as trades 1.7 GB of memory. The archive's daily files have up to 8 million."""

Piece = Mapping[str, pa.Array]
"""Some rows: columns by the file's own names."""


@dataclass(frozen=True)
class Header:
    """What a file says about its columns.

    Attributes:
        names: In lower case; empty when a text has no header.
        count: Number of columns.
        first_line: Of a text, as it stands; empty for Parquet.
    """

    names: tuple[str, ...]
    count: int
    first_line: bytes = b""


def text_pieces(
    inside: Opened, header: Header, skipped: int, labels: Mapping[str, str], misshapen: array[int]
) -> Iterator[Piece]:
    """Read CSV with every cell as text: types are checked later, where the row can be named.

    Args:
        inside: The text.
        header: What its columns are called; of a text without a header, what they should be.
        skipped: Lines of header.
        labels: The wanted columns' own names, by the documented ones.
        misshapen: Takes the numbers of rows with another number of columns.
    """

    def skip(row: pyarrow.csv.InvalidRow) -> Literal["skip", "error"]:
        misshapen.append(row.number - skipped)
        return "skip" if len(misshapen) <= _MISSHAPEN_LIMIT else "error"

    # Columns are counted, not named: a file may name one twice that nobody wants.
    numbered = [str(position) for position in range(header.count)]
    place = {own: numbered[header.names.index(own)] for own in labels.values()}
    reader = pyarrow.csv.open_csv(
        pa.PythonFile(inside.stream, mode="r"),
        # One thread: only then is the number of a wrong row known, and it is the faster way.
        pyarrow.csv.ReadOptions(
            column_names=numbered, skip_rows=skipped, block_size=_BLOCK, use_threads=False
        ),
        pyarrow.csv.ParseOptions(invalid_row_handler=skip, ignore_empty_lines=False),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(numbered, pa.string()), include_columns=[*place.values()]
        ),
    )
    for batch in reader:
        yield {own: batch.column(number) for own, number in place.items()}


def parquet_pieces(inside: Opened, name: str, wanted: list[str]) -> Iterator[Piece]:
    """Read the wanted columns of Parquet.

    Raises:
        InputError: It says of itself that it is too large, or a column is nested.
    """
    file = pyarrow.parquet.ParquetFile(inside.stream)
    if file.metadata.num_rows > ROW_LIMIT:
        raise InputError(f"{name}: holds more than {ROW_LIMIT:,} rows; give it in parts.")
    groups = (file.metadata.row_group(n) for n in range(file.metadata.num_row_groups))
    if sum(group.total_byte_size for group in groups) > SIZE_LIMIT:
        raise InputError(f"{name}: unpacks to more than {SIZE_LIMIT:,} bytes.")
    for own in wanted:
        if pa.types.is_nested(file.schema_arrow.field(own).type):
            raise InputError(f"{name}: column '{own}' holds no plain values.")
    for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
        yield {own: batch.column(own) for own in wanted}
