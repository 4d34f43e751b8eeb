"""From a file to the table of a kind: which column is which, and every cell converted.

Belongs here: CSV with and without a header, Parquet, JSON, reading in pieces, symbols. Does not belong
here: what the columns of a kind are, and what a row of it must be (the module of the kind).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from babingepet.errors import InputError
from babingepet.market.frames import Bools, Ints
from babingepet_resources.market_files.cells import FOREIGN, convert
from babingepet_resources.market_files.content import FileContent, Opened, opened
from babingepet_resources.market_files.json_rows import json_entries, json_header, json_piece
from babingepet_resources.market_files.pieces import (
    ROW_LIMIT,
    Header,
    Piece,
    parquet_pieces,
    text_pieces,
)
from babingepet_resources.market_files.refusals import Refusals
from babingepet_resources.market_files.table import SYMBOL, Column, Layout, Table

COLUMN_LIMIT = 1_000
SYMBOL_LIMIT = 10_000
"""Symbols of one file; an exchange lists some hundreds."""

_SYMBOL_TEXT = re.compile("[A-Z0-9_]{1,30}")


def read_header(content: FileContent, name: str) -> Header:
    """Look at a file's columns without reading its rows.

    Raises:
        InputError: It cannot be read.
    """
    with opened(content, name) as inside:
        return _header(inside, name, _entries(inside, name))


def read_table(
    content: FileContent, name: str, layout: Layout, *, symbol: str | None = None
) -> Table:
    """Read the columns of a kind; cells that are empty or foreign refuse their row.

    Args:
        content: The file.
        name: How errors name it.
        layout: Which columns.
        symbol: Take only rows of this one, where the rows name any.

    Raises:
        InputError: It cannot be used as a whole: damaged, hostile, foreign, without rows, or of
            other symbols.
    """
    with opened(content, name) as inside:
        entries = _entries(inside, name)
        found = _header(inside, name, entries)
        header = replace(found, names=found.names or layout.headerless.get(found.count, ()))
        labels = _labels(header, name, layout)
        collected = _Collected(name, layout, labels, symbol)
        pieces: Iterable[Piece]
        if inside.is_parquet:
            pieces = parquet_pieces(inside, name, list(labels.values()))
        elif entries is not None:
            pieces = [json_piece(entries, labels, collected.misshapen)]
        else:
            skipped = int(bool(found.names))
            pieces = text_pieces(inside, header, skipped, labels, collected.misshapen)
        for piece in pieces:
            collected.add(piece)
    shape = f"the row has more or fewer than {header.count} columns"
    return collected.table(shape if entries is None else "the row is no JSON object")


def _entries(inside: Opened, name: str) -> list[Any] | None:
    return json_entries(inside, name) if inside.is_json else None


def _header(inside: Opened, name: str, entries: Sequence[Any] | None) -> Header:
    if entries is not None:
        return json_header(entries)
    if inside.is_parquet:
        names = tuple(pyarrow.parquet.read_schema(inside.stream).names)
        inside.stream.seek(0)
        return Header(names, len(names))
    line = inside.first_line(name)
    cells = line.decode("utf-8", "replace").split(",")
    titled = not cells[0][:1].isdigit()
    names = tuple(cell.strip().strip('"').lower() for cell in cells) if titled else ()
    return Header(names, len(cells), line)


def _labels(header: Header, name: str, layout: Layout) -> dict[str, str]:
    """The documented name of each column that the file has, to the file's own."""
    required = [column for column in layout.columns if column.required]
    needs = f"{layout.what} need {', '.join(column.name for column in required)}"
    if header.count > COLUMN_LIMIT:
        raise InputError(f"{name}: has {header.count:,} columns; {needs}.")
    if not header.names:
        raise InputError(f"{name}: has {header.count} columns and no header; {needs}.")
    lower = [own.lower() for own in header.names]
    labels: dict[str, str] = {}
    for column in (*layout.columns, SYMBOL):
        known = next((one for one in (column.name, *column.others) if one in lower), None)
        if known is not None:
            labels[column.name] = header.names[lower.index(known)]
            if lower.count(known) > 1:
                raise InputError(f"{name}: has two columns '{known}'.")
    missing = [column.name for column in required if column.name not in labels]
    if len(missing) == len(required):
        raise InputError(f"{name}: is neither Parquet nor CSV of {layout.what}; {needs}.")
    if missing:
        raise InputError(f"{name}: column '{missing[0]}' is missing; {needs}.")
    return labels


class _Collected:
    """Converted pieces of a file, and the rows that fell out on the way."""

    def __init__(
        self, name: str, layout: Layout, labels: Mapping[str, str], symbol: str | None
    ) -> None:
        self._name = name
        self._labels = dict(labels)
        self._kinds = {one.name: one for one in layout.columns if one.name in labels}
        self._wanted = symbol
        self._symbols: set[str] = set()
        self._columns: dict[str, list[NDArray[Any]]] = {one: [] for one in self._kinds}
        self._kept: list[Ints] = []
        self._wrong: list[tuple[Ints, str, str, Sequence[object] | None]] = []
        self._seen = self._blank = self._of_others = 0
        self.misshapen: array[int] = array("q")

    def add(self, piece: Piece) -> None:
        """Take some rows."""
        length = len(next(iter(piece.values())))
        kept = np.flatnonzero(self._is_ours(piece, length))
        for name, column in self._kinds.items():
            cells = piece[self._labels[name]]
            self._convert(column, cells if len(kept) == length else cells.take(kept), kept)
        self._kept.append(self._seen + kept)
        self._seen += length
        if self._seen + len(self.misshapen) > ROW_LIMIT:
            raise InputError(f"{self._name}: holds more than {ROW_LIMIT:,} rows; give it in parts.")

    def _is_ours(self, piece: Piece, length: int) -> Bools:
        blank: Bools = np.ones(length, np.bool_)
        for cells in piece.values():
            is_text = pa.types.is_string(cells.type)
            blank &= np.asarray(pc.equal(cells, "").fill_null(False)) if is_text else False  # noqa: FBT003 (Arrow's signature)
            if not blank.any():
                break
        self._blank += int(blank.sum())
        if SYMBOL.name not in self._labels:
            return ~blank
        named = pc.utf8_upper(pc.cast(piece[self._labels[SYMBOL.name]], pa.string()))
        self._symbols.update(filter(None, pc.unique(named).to_pylist()))
        foreign = next((one for one in self._symbols if not _SYMBOL_TEXT.fullmatch(one)), None)
        if foreign is not None:
            raise InputError(f"{self._name}: {foreign[:40]!r} is not a symbol.")
        if len(self._symbols) > SYMBOL_LIMIT:
            raise InputError(f"{self._name}: holds more than {SYMBOL_LIMIT:,} symbols.")
        if self._wanted is None:
            return ~blank
        ours = np.asarray(pc.equal(named, self._wanted).fill_null(False))  # noqa: FBT003
        self._of_others += int((~ours & ~blank).sum())
        return ours & ~blank

    def _convert(self, column: Column, cells: pa.Array, kept: Ints) -> None:
        rows = self._seen + kept
        label = self._labels[column.name]
        converted = convert(cells, column.kind)
        self._columns[column.name].append(converted.values)
        if converted.foreign.any():
            at = np.flatnonzero(converted.foreign)
            values = [str(value) for value in cells.take(at).to_pylist()]
            self._wrong.append((rows[at], label, FOREIGN[column.kind], values))
        if column.required and converted.empty.any():
            self._wrong.append((rows[converted.empty], label, "is empty", None))
        if column.kind == "number":
            odd = ~np.isfinite(converted.values) & ~converted.empty & ~converted.foreign
            if not column.required:  # "NaN" is how many programs write what they do not have
                odd &= ~np.isnan(converted.values)
            if odd.any():
                numbers = converted.values[odd].tolist()
                self._wrong.append((rows[odd], label, "is not a finite number", numbers))

    def table(self, misshapen_as: str) -> Table:
        """All pieces as one table.

        Args:
            misshapen_as: What is said of rows of another shape than the file's.

        Raises:
            InputError: There is no row, or none of the symbol, or of which symbol is unknown.
        """
        misshapen = np.array(self.misshapen, np.int64)
        every = np.delete(np.arange(1, self._seen + len(misshapen) + 1), misshapen - 1)
        kept = np.concatenate([*self._kept, np.empty(0, np.int64)])
        self._require_rows(len(kept) + len(misshapen))
        refusals = Refusals()
        refusals.add(misshapen, "", misshapen_as)
        for rows, label, reason, values in self._wrong:
            refusals.add(every[rows], label, reason, values)
        empty = [np.empty(0)]
        return Table(
            name=self._name,
            rows=every[kept],
            columns={name: np.concatenate(parts or empty) for name, parts in self._columns.items()},
            labels=self._labels,
            refusals=refusals,
            rows_read=self._seen + len(misshapen) - self._blank,
            symbol=next(iter(self._symbols & {self._wanted} or self._symbols), None),
            notes=[f"{self._of_others:,} rows of other symbols were left out"]
            if self._of_others
            else [],
        )

    def _require_rows(self, rows: int) -> None:
        told = ", ".join(sorted(self._symbols)[:5])
        if not rows and self._of_others:
            raise InputError(f"{self._name}: has no rows of {self._wanted}; it holds {told}.")
        if not rows:
            raise InputError(f"{self._name}: has no rows.")
        if self._wanted is None and len(self._symbols) > 1:
            raise InputError(
                f"{self._name}: holds {len(self._symbols):,} symbols, such as {told}: name one."
            )
