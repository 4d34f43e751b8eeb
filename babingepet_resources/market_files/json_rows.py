"""JSON as a form of table: a list of objects, one under ``data``, or an object a line.

Belongs here: rows as text, so that cells are checked as those of CSV are. Does not belong here: what
the columns are.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from babingepet.errors import InputError
from babingepet_resources.market_files.content import Opened
from babingepet_resources.market_files.pieces import Header, Piece

TEXT_LIMIT = 16 * 1024**2
"""Bytes of JSON, which is held whole, twenty times as large: 70,000 headlines."""

_NAMED_BY = 1_000
"""Rows whose keys are the columns; what only later rows have is not read."""


def json_entries(inside: Opened, name: str) -> list[Any]:
    """The rows of a JSON text; None in the place of a line that is not JSON.

    Raises:
        InputError: It is too large, is not JSON, or holds no rows.
    """
    text = inside.stream.read(TEXT_LIMIT + 1)
    if len(text) > TEXT_LIMIT:
        raise InputError(f"{name}: is larger than {TEXT_LIMIT:,} bytes.")
    whole = _parsed(text)
    if whole is None:
        entries = [_parsed(line) for line in text.splitlines() if line.strip()]
        if not entries or entries[0] is None:
            raise InputError(f"{name}: is not JSON that can be read.")
        return entries
    if isinstance(whole, Mapping) and "data" not in whole:
        return [whole]
    rows = whole["data"] if isinstance(whole, Mapping) else whole
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{name}: holds no list of rows, also not under 'data'.")
    return rows


def json_header(entries: Sequence[Any]) -> Header:
    """The columns that the first rows name."""
    keyed = (entry for entry in entries[:_NAMED_BY] if isinstance(entry, Mapping))
    names = tuple(dict.fromkeys(str(key) for entry in keyed for key in entry))
    return Header(names, len(names))


def json_piece(entries: Sequence[Any], labels: Mapping[str, str], misshapen: array[int]) -> Piece:
    """The wanted columns as text; the numbers of rows that are no objects go to ``misshapen``."""
    rows = []
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, Mapping):
            rows.append(entry)
        else:
            misshapen.append(number)
    return {
        own: pa.array([_cell(row.get(own)) for row in rows], pa.string()) for own in labels.values()
    }


def _parsed(text: bytes) -> Any:  # noqa: ANN401 (foreign JSON)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()  # halves of surrogate pairs are no UTF-8
