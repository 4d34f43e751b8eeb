"""Files of market facts into the warehouse: read, checked row by row, stored once.

1. under which symbol and source a file's rows belong is read off options and names
2. the file is read whole; one that cannot be used as a whole is named, and nothing of it is written
3. its rows are stored in pieces of one transaction each: a killed import leaves whole pieces, and
   the same command goes on from there
4. the file is remembered by its content

Stored facts never change: rows that are there already are compared and counted. Every row becomes
known at the time of the import, so what was decided before it does not see it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet_resources.clients.clock import Clock
from babingepet_resources.market_files.rows import FileRows
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import market_files
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.limits import PATIENT
from babingepet_resources.warehouse.records import InsertOutcome, MarketFileRecord
from babingepet_services.imports.kinds import REVISED, Kind, Plan, Wanted, plan, read_file
from babingepet_services.imports.pieces import Piece, Stores
from babingepet_services.imports.report import ImportedFile, ImportReport, UnusableFile
from babingepet_services.imports.target import (
    check_options,
    chosen_source,
    kept_name,
    require_same_market,
    wanted_symbol,
)
from babingepet_services.market.gap_ledger import Market
from babingepet_services.market.source import open_warehouse

Progress = Callable[[str, int, int], None]
"""Takes what is done now, how much of it is done, and how much there is; 0 where nobody knows."""


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What is asked for.

    Attributes:
        kind: What the files hold.
        files: In the order in which they are read.
        settings: Where warehouses are, and the instrument when nothing else tells it.
        symbol: Whose rows; None to read it off each file's name or rows.
        source: Stamped on the rows; None for ``recorded``, or ``recorded-spot`` for spot files.
        interval: Of candles; None to read it off each file.
    """

    kind: Kind
    files: tuple[Path, ...]
    settings: Settings
    symbol: str | None = None
    source: str | None = None
    interval: str | None = None


def import_files(request: ImportRequest, clock: Clock, progress: Progress) -> ImportReport:
    """Read files and store their rows.

    Raises:
        InputError: An option is wrong; nothing was read. Files that cannot be used do not raise:
            the report names them.
        WarehouseUnavailable: The database; what was stored before stays, and the same import goes
            on from there.
    """
    check_options(request.kind, request.symbol, request.source, request.interval)
    begun = clock.monotonic()
    done: list[ImportedFile] = []
    unusable: list[UnusableFile] = []
    with ExitStack() as stack:
        importer = _Importer(request, clock, progress, stack)
        for path in request.files:
            try:
                done.append(importer.take(path))
            except InputError as error:
                unusable.append(UnusableFile(name=str(path), reason=str(error)))
    seconds = clock.monotonic() - begun
    return ImportReport(kind=request.kind, files=done, unusable=unusable, seconds=seconds)


class _Importer:
    """One import, with the warehouses that it has opened."""

    def __init__(
        self, request: ImportRequest, clock: Clock, progress: Progress, stack: ExitStack
    ) -> None:
        self._request = request
        self._clock = clock
        self._progress = progress
        self._stack = stack
        self._databases: dict[str, Database] = {}
        self._known_at = clock.now()

    def take(self, path: Path) -> ImportedFile:
        """Read one file and store its rows.

        Raises:
            InputError: Nothing of it can be used.
        """
        request = self._request
        symbol = wanted_symbol(request.kind, path, request.symbol)
        source, said = chosen_source(request.kind, path, request.source)
        self._progress(f"reading {path.name}", 0, 0)
        wanted = Wanted(symbol or None, request.interval, self._clock.now())
        rows = read_file(request.kind, path, wanted)
        _require_usable(path, rows)
        if symbol is None:
            symbol = rows.symbol or request.settings.symbol
        file = _file_record(path, request.kind, Market(symbol, source), rows)
        database = self._database(source)
        with database.reading() as connection:
            require_same_market(request.kind, path, source, market_files.read(connection))
            known = market_files.is_known(connection, file.sha256, file.kind, symbol, source)
        stores = Stores(database, request.settings.tape_address(), self._clock.now())
        planned = plan(stores, rows, Market(symbol, source), path.name)
        if known and request.kind in REVISED:
            outcome = InsertOutcome(already_there=planned.total)
        else:
            outcome = self._store(path, database, planned)
        self._remember(database, replace(file, rows_written=outcome.written))
        notes = (*said, *rows.notes, *planned.notes)
        return _imported(path, file, rows, outcome, notes)

    def _database(self, source: str) -> Database:
        if source not in self._databases:
            database = open_warehouse(self._request.settings, source).within(PATIENT)
            self._stack.callback(database.close)
            self._databases[source] = database
        return self._databases[source]

    def _store(self, path: Path, database: Database, planned: Plan) -> InsertOutcome:
        outcome, done = InsertOutcome(), 0
        for piece in planned.pieces:
            # Later in each transaction: a loop that loads its history meanwhile saw all rows up to
            # some time and none after it, so that its decisions can be made again.
            self._known_at = max(self._clock.now(), self._known_at + 1)
            outcome += database.transact(partial(_write, piece, self._known_at))
            done += piece.rows
            self._progress(f"storing {path.name}", done, planned.total)
        return outcome

    def _remember(self, database: Database, file: MarketFileRecord) -> None:
        with database.writing() as connection:
            market_files.note(connection, replace(file, read_at=self._clock.now()))


def _write(piece: Piece, known_at: int, connection: Connection) -> InsertOutcome:
    return piece.write(connection, known_at)


def _require_usable(path: Path, rows: FileRows[Any]) -> None:
    if len(rows.frame) or not rows.rejects:
        return
    first = rows.rejects[0]
    column = f", column '{first.column}'" if first.column else ""
    raise InputError(
        f"{path}: none of {rows.rows_read:,} rows can be used; row {first.row}{column}: "
        f"{first.reason}."
    )


def _file_record(path: Path, kind: Kind, market: Market, rows: FileRows[Any]) -> MarketFileRecord:
    times = rows.frame.time
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return MarketFileRecord(
        sha256=digest,
        kind=kind,
        symbol=market.symbol,
        source=market.source,
        name=kept_name(path),
        origin="file",
        rows_read=rows.rows_read,
        rows_written=0,
        rows_rejected=rows.rows_rejected,
        first_time=int(times[0]) if len(times) else None,
        last_time=int(times[-1]) if len(times) else None,
        read_at=0,
    )


def _imported(
    path: Path,
    file: MarketFileRecord,
    rows: FileRows[Any],
    outcome: InsertOutcome,
    notes: tuple[str, ...],
) -> ImportedFile:
    return ImportedFile(
        name=str(path),
        sha256=file.sha256,
        symbol=file.symbol,
        source=file.source,
        interval=getattr(rows, "interval", None),
        rows_read=rows.rows_read,
        rows_rejected=rows.rows_rejected,
        rejects=rows.rejects,
        outcome=outcome,
        first_time=file.first_time,
        last_time=file.last_time,
        notes=notes,
    )
