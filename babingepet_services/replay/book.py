"""The replay book: replays saved, listed, found by a part of their name, and dropped.

A run is written in one transaction into tables of its own; no other table is touched. Reading asks
the configured warehouse first, then the other embedded ones, and changes none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from babingepet.errors import BabingepetError, InputError
from babingepet.market.intervals import to_datetime
from babingepet.replay.result import Replay
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import replays
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import ReplayRunRecord
from babingepet_resources.warehouse.replay_records import Origin
from babingepet_services.replay.rows import day_records, run_record, trade_records
from babingepet_services.warehouse_lookup import Place, named_places

Row = TypeVar("Row")

NEWEST = 6
"""Identifiers offered when there is none of the given name."""

_HASH_DIGITS = 6

_TOLD = ("trades", "net_pnl", "final_equity", "max_drawdown")
"""Numbers of a report that the list shows."""


@dataclass(frozen=True)
class StoredReplay:
    """A run and where it is.

    Attributes:
        warehouse: Name of the place.
        database: Open for the length of the block.
        run: Its row.
    """

    warehouse: str
    database: Database
    run: ReplayRunRecord


def run_id_of(created_at: int, ledger_sha256: str) -> str:
    """The name of a run: when it ended, to the second, and how its ledger begins.

    Example:
        >>> run_id_of(1795385405000, "3f2a9c" + "0" * 58)
        'replay-20261122T221005Z-3f2a9c'
    """
    return f"replay-{to_datetime(created_at):%Y%m%dT%H%M%SZ}-{ledger_sha256[:_HASH_DIGITS]}"


def save_replay(
    database: Database,
    replay: Replay,
    *,
    run_id: str,
    created_at: int,
    origin: Origin,
    inputs: Mapping[str, Any],
    document: Mapping[str, Any],
) -> None:
    """Write a replay into the book, whole or not at all.

    Args:
        database: At this version's schema.
        replay: What came out of the engine.
        run_id: See ``run_id_of``.
        created_at: UTC ms.
        origin: ``command`` or ``backfill``.
        inputs: Files, or ranges of a warehouse, each with its sha256.
        document: The report as JSON values.

    Raises:
        InputError: There is a run of this identifier; nothing was written.
        WarehouseUnavailable: The database; nothing was written.
    """
    run = run_record(
        replay,
        run_id=run_id,
        created_at=created_at,
        origin=origin,
        inputs=inputs,
        document=document,
    )
    # Seconds of packing: before the transaction, which keeps every other writer waiting.
    trades, days = trade_records(run_id, replay.trades), day_records(run_id, replay)
    with database.writing() as connection:
        replays.insert(connection, run, trades, days)


def list_replays(settings: Settings, warehouse: str | None = None) -> dict[str, Any]:
    """Every run of the warehouses, newest first.

    Args:
        settings: Where warehouses are.
        warehouse: Name of the one warehouse to look at; None for all.

    Returns:
        ``replays[]`` and ``unread[]``: warehouses that did not answer, with what they said.

    Raises:
        InputError: There is no such warehouse.
        Unavailable: The only places there are do not answer.
    """
    places = named_places(settings, warehouse)
    listed: list[dict[str, Any]] = []
    silent: list[tuple[Place, BabingepetError]] = []
    for place in places:
        try:
            listed += [_listed(place, run) for run in _read(place, replays.runs)]
        except BabingepetError as error:  # the others can still be told
            silent.append((place, error))
    if len(silent) == len(places):
        raise silent[0][1]
    listed.sort(key=lambda row: (row["created_at"], row["run_id"]), reverse=True)
    unread = [{"warehouse": place.name, "error": str(error)} for place, error in silent]
    return {"replays": listed, "unread": unread}


@contextmanager
def find_replay(
    settings: Settings, identifier: str, warehouse: str | None = None
) -> Iterator[StoredReplay]:
    """Find a run by its identifier or by a beginning that no other run has.

    Args:
        settings: Where to look.
        identifier: Whole or abbreviated; ``replay-`` may be left out.
        warehouse: Name of the one place to look at; None for all.

    Raises:
        InputError: No run, or more than one, has it.
        Unavailable: The only places there are do not answer.
    """
    places = named_places(settings, warehouse)
    found = _Names(identifier)
    for place in places:
        found.look_into(place)
    place, run_id = found.only_one(places)
    with closing(place.open()) as database:
        with database.reading() as connection:
            run = replays.run(connection, run_id)
        if run is None:
            raise InputError(f"{run_id} was dropped from {place.name} in this moment")
        yield StoredReplay(place.name, database, run)


def drop_replay(
    settings: Settings, identifier: str, warehouse: str | None = None
) -> dict[str, Any]:
    """Delete a run with all of its rows; see ``find_replay``.

    Returns:
        ``dropped`` (the whole identifier) and ``warehouse``.
    """
    with find_replay(settings, identifier, warehouse) as found:
        with found.database.writing() as connection:
            replays.remove(connection, found.run.run_id)
        return {"dropped": found.run.run_id, "warehouse": found.warehouse}


class _Names:
    """What came of looking for one identifier in several places."""

    def __init__(self, identifier: str) -> None:
        self._identifier = identifier
        self._hits: list[tuple[Place, str]] = []
        self._known: list[str] = []
        self._silent: list[BabingepetError] = []

    def look_into(self, place: Place) -> None:
        """Look into one place."""
        try:
            known = _read(place, replays.run_ids)
        except BabingepetError as error:  # the others may still have it
            self._silent.append(error)
            return
        self._known += known
        self._hits += [(place, run_id) for run_id in known if self._fits(run_id)]

    def _fits(self, run_id: str) -> bool:
        beginnings = (self._identifier, f"replay-{self._identifier}")
        return bool(self._identifier) and run_id.startswith(beginnings)

    def only_one(self, places: Sequence[Place]) -> tuple[Place, str]:
        """The run that is meant, in the first place that has it."""
        names = sorted({run_id for _, run_id in self._hits})
        if self._identifier in names:
            names = [self._identifier]
        if len(names) == 1:
            return next((place, run_id) for place, run_id in self._hits if run_id == names[0])
        if names:
            offered = ", ".join(names[-NEWEST:])
            more = f" and {len(names) - NEWEST} more" if len(names) > NEWEST else ""
            raise InputError(f"{self._identifier} can be {offered}{more}: give more of it")
        if len(self._silent) == len(places):
            raise self._silent[0]
        raise InputError(self._nothing(places))

    def _nothing(self, places: Sequence[Place]) -> str:
        searched = ", ".join(place.name for place in places)
        known = sorted(set(self._known), reverse=True)
        newest = f", the newest: {', '.join(known[:NEWEST])}" if known else ""
        said = "".join(f"; {error}" for error in self._silent)
        return (
            f"{self._identifier}: no such replay in {searched}; there are {len(known)}"
            f"{newest}{said}"
        )


def _read(place: Place, read: Callable[[Connection], list[Row]]) -> list[Row]:
    """Read from the book of a place; a warehouse of an older version has an empty one."""
    with closing(place.open()) as database, database.reading() as connection:
        return read(connection) if replays.present(connection) else []


def _listed(place: Place, run: ReplayRunRecord) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "warehouse": place.name,
        "created_at": run.created_at,
        "origin": run.origin,
        "market": run.market,
        "symbol": run.symbol,
        "source": run.source,
        "start": run.start,
        "end": run.end,
        "minutes": run.minutes,
        **{name: run.document.get(name) for name in _TOLD},
        "settings_hash": run.settings_hash,
        "weights_version": run.weights_version,
        "engine_version": run.engine_version,
        "code_version": run.code_version,
        "ledger_sha256": run.ledger_sha256,
    }
