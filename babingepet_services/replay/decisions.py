"""The first minute that two stored replays decided differently.

Days whose documents have the same hash were decided alike and are not read. Only minutes that lie
in both periods are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from babingepet_resources.warehouse import replays
from babingepet_services.replay.book import StoredReplay
from babingepet_services.replay.rows import read_document

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One value that differs; None where a run does not have it."""

    name: str
    a: Any
    b: Any


@dataclass(frozen=True)
class MinuteDifference:
    """The first minute that differs.

    Attributes:
        as_of: Its end, UTC ms.
        only_in: ``a`` or ``b`` when the other one has no decision there; None when both have.
        columns: What differs, in the order of the decision table; None is an unavailable score.
    """

    as_of: int
    only_in: str | None
    columns: tuple[Difference, ...]


@dataclass(frozen=True)
class DecisionComparison:
    """Minutes of both runs side by side.

    Attributes:
        days: UTC days that both periods have a part in.
        equal_days: Of these, days whose documents are equal.
        first_difference: None when every minute of the common period was decided alike.
    """

    days: int
    equal_days: int
    first_difference: MinuteDifference | None


def compare_decisions(a: StoredReplay, b: StoredReplay) -> DecisionComparison:
    """Compare two runs day by day.

    Raises:
        IntegrityBroken: A stored day is not what was hashed.
        WarehouseUnavailable: A database.
    """
    with a.database.reading() as one, b.database.reading() as other:
        of_a = {day.day: day.sha256 for day in replays.days(one, a.run.run_id)}
        of_b = {day.day: day.sha256 for day in replays.days(other, b.run.run_id)}
        common = sorted(of_a.keys() & of_b.keys())
        differing = [day for day in common if of_a[day] != of_b[day]]
        start, end = max(a.run.start, b.run.start), min(a.run.end, b.run.end)
        found = (
            first_difference(_table(one, a, day, start, end), _table(other, b, day, start, end))
            for day in differing
        )
        first = next((difference for difference in found if difference), None)
    return DecisionComparison(len(common), len(common) - len(differing), first)


def first_difference(a: pa.Table, b: pa.Table) -> MinuteDifference | None:
    """The first minute in which two tables of decisions differ; None when they are equal."""
    if a.equals(b):
        return None
    of_a, of_b = _by_minute(a), _by_minute(b)
    for as_of in sorted(of_a.keys() | of_b.keys()):
        one, other = of_a.get(as_of), of_b.get(as_of)
        if one is None or other is None:
            return MinuteDifference(as_of, "a" if other is None else "b", ())
        if one != other:
            return MinuteDifference(as_of, None, differences(one, other))
    return None


def differences(a: Row, b: Row) -> tuple[Difference, ...]:
    """Values that differ between two mappings, in their order."""
    names = [*a, *(name for name in b if name not in a)]
    return tuple(
        Difference(name, a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name)
    )


def _by_minute(table: pa.Table) -> dict[int, Row]:
    return {row["as_of"]: row for row in table.to_pylist()}


def _table(
    connection: Connection, stored: StoredReplay, day: str, start: int, end: int
) -> pa.Table:
    table = read_document(replays.decisions(connection, stored.run.run_id, day))
    first, stop = table["as_of"].to_numpy().searchsorted((start, end))
    return table.slice(first, stop - first)
