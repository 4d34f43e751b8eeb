"""Which rows of a file are refused, and why: the first reason of each.

Belongs here: collecting refusals cheaply, since a foreign file may be wrong in every row. Does not
belong here: deciding what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from babingepet.market.frames import Bools, Ints
from babingepet_resources.market_files.rows import Reject

LISTED = 1_000
"""Refused rows that are told one by one; a person reads no more, and each costs 200 bytes."""

_SHOWN = 40
"""Characters of a value that is quoted."""


@dataclass(frozen=True, eq=False)
class _Part:
    rows: Ints
    column: str
    reason: str
    values: Sequence[object] | None


class Refusals:
    """Refused rows of one file, by their number in it."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []

    def add(
        self, rows: Ints, column: str, reason: str, values: Sequence[object] | None = None
    ) -> None:
        """Refuse rows.

        Args:
            rows: Their numbers in the file, from 1.
            column: The column that is wrong, as the file names it.
            reason: Completes "the value ...", such as "is not a number".
            values: What stands there, one a row, to be quoted before the reason.
        """
        if len(rows):
            self._parts.append(_Part(rows, column, reason, values))

    def rows(self) -> Ints:
        """Numbers of all refused rows, ascending."""
        parts = [part.rows for part in self._parts]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def listed(self) -> tuple[Reject, ...]:
        """The first ``LISTED`` refused rows in the order of the file, each with its first reason."""
        wanted = self.rows()[:LISTED]
        told: dict[int, Reject] = {}
        for part in self._parts:
            chosen: Bools = np.isin(part.rows, wanted)
            for position in np.flatnonzero(chosen).tolist():
                row = int(part.rows[position])
                told.setdefault(row, Reject(row, part.column, _sentence(part, position)))
        return tuple(told[row] for row in wanted.tolist())


def _sentence(part: _Part, position: int) -> str:
    if part.values is None:
        return part.reason
    value = part.values[position]
    shown = f"{value:.12g}" if isinstance(value, float) else repr(value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}..."
    return f"{shown} {part.reason}"
