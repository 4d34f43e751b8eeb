"""Days of the market decided again, for the assets of one Dagster run.

1. the minutes, hours and funding of the warehouse are read, and what the signals need before them
2. every minute of the days is decided in order, from an account that has not traded
3. the run is written into the replay book under the name of the Dagster run

The first asset of a Dagster run does all of it, the others read what is there. The paper book is
neither read nor written, nothing is fetched, and a missing minute stays missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from babingepet.cycles.settings import BtcSettings, override
from babingepet.domain.codes import Grade, Side
from babingepet.errors import InputError
from babingepet.market.intervals import DAY, iso
from babingepet.paper.position import Position
from babingepet.replay.market import ReplayRules
from babingepet.replay.result import Minutes, Replay
from babingepet.replay.run import replay
from babingepet_resources.clients.clock import Clock
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import candles, replays
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import ReplayRunRecord, ReplayTradeRecord
from babingepet_services.replay.analysts import with_analysts
from babingepet_services.replay.book import save_replay
from babingepet_services.replay.report import Timing, report_of
from babingepet_services.replay.rows import read_document
from babingepet_services.replay.tables import minutes_of
from babingepet_services.replay.warehouse import read_warehouse


@dataclass(frozen=True)
class BackfillScope:
    """What is decided again, for whom.

    Attributes:
        settings: Names the instrument, the database and changed trading settings.
        source: The market whose facts are read: binance, recorded, simulated.
        first_day: First UTC day, ``2025-04-01``; the account begins here.
        last_day: Last UTC day, included.
        dagster_run: Id of the run that the assets are materialized in.
    """

    settings: Settings
    source: str
    first_day: str
    last_day: str
    dagster_run: str

    @property
    def run_id(self) -> str:
        """Name in the replay book; ``babingepet replays`` shows it."""
        return f"backfill-{self.dagster_run}"

    @property
    def start(self) -> int:
        """00:00 UTC of the first day.

        Raises:
            InputError: It is not a day.
        """
        return parse_moment(self.first_day)

    @property
    def end(self) -> int:
        """00:00 UTC after the last day.

        Raises:
            InputError: It is not a day.
        """
        return parse_moment(self.last_day) + DAY


@dataclass(frozen=True, eq=False)
class Backfill:
    """A run of the replay book with all of its minutes.

    Attributes:
        run: What was replayed, under which rules, and its report.
        minutes: Of all days, ascending.
        trades: Closed ones in the order of their exits, shadows among them.
    """

    run: ReplayRunRecord
    minutes: Minutes
    trades: tuple[ReplayTradeRecord, ...]


def ensure_backfill(database: Database, scope: BackfillScope, clock: Clock) -> Backfill:
    """Decide the days if this Dagster run has not yet, and read what came of it.

    Args:
        database: The warehouse of the source.
        scope: Which days of what.
        clock: This machine's clock.

    Raises:
        InputError: There is no candle in these days, or the run holds other days already.
        ConfigurationError: The source can never supply enough of the vote.
        WarehouseUnavailable: The database.
    """
    found = _load(database, scope)
    if found is not None:
        return found
    _require_candles(database, scope)
    _replay_and_save(database, scope, clock)
    made = _load(database, scope)
    if made is None:
        raise InputError(f"{scope.run_id} was dropped from the replay book in this moment")
    return made


def _load(database: Database, scope: BackfillScope) -> Backfill | None:
    with database.reading() as connection:
        run = replays.run(connection, scope.run_id)
        if run is None:
            return None
        _require_same_days(run, scope)
        days = [one.day for one in replays.days(connection, scope.run_id)]
        stored = [replays.decisions(connection, scope.run_id, day) for day in days]
        trades = replays.trades(connection, scope.run_id)
    table = pa.concat_tables([read_document(content) for content in stored])
    return Backfill(run, minutes_of(table), tuple(trades))


def _require_same_days(run: ReplayRunRecord, scope: BackfillScope) -> None:
    asked = {"first_day": scope.first_day, "last_day": scope.last_day}
    held = {name: run.document.get(name) for name in asked}
    if held != asked:
        raise InputError(
            f"{run.run_id} holds {held['first_day']} to {held['last_day']}, not "
            f"{scope.first_day} to {scope.last_day}: give a run of its own to other days"
        )


def _require_candles(database: Database, scope: BackfillScope) -> None:
    settings, start, end = scope.settings, scope.start, scope.end
    with database.reading() as connection:
        holes = candles.missing(connection, settings.symbol, "1m", scope.source, start, end)
    if holes == [(start, end)]:
        raise InputError(
            f"{database.where} holds no minute of {settings.symbol} from {scope.source} between "
            f"{iso(start)} and {iso(end)}: materialize btc/candles for these days first"
        )


def _replay_and_save(database: Database, scope: BackfillScope, clock: Clock) -> None:
    configured = scope.settings.model_copy(update={"market": scope.source})
    rules = ReplayRules(settings=override(BtcSettings(), configured.overrides))
    begun = clock.monotonic()
    read = read_warehouse(configured, scope.start, scope.end)
    read = with_analysts(read, "rules", configured, scope.start, scope.end)
    read_at = clock.monotonic()
    # A day's first decision is at the end of its first minute, its last one at midnight.
    replayed = replay(read.market, rules, start=scope.start + 1, end=scope.end + 1)
    timing = Timing(clock.monotonic() - read_at, read_at - begun)
    save_replay(
        database,
        replayed,
        run_id=scope.run_id,
        created_at=clock.now(),
        origin="backfill",
        inputs=read.origin,
        document=_document(replayed, timing, read.notes, scope),
    )


def _document(
    replayed: Replay, timing: Timing, notes: tuple[str, ...], scope: BackfillScope
) -> dict[str, Any]:
    """The report of the run, which days it was asked for, and what it left open."""
    report = report_of(replayed, timing, notes=notes).kept_as(scope.run_id)
    state = replayed.state
    sides = ((state.position, False), (state.shadow, True))
    return report.document() | {
        "first_day": scope.first_day,
        "last_day": scope.last_day,
        "dagster_run": scope.dagster_run,
        "open_positions": [_open(held, shadow) for held, shadow in sides if held.side],
    }


def _open(held: Position, shadow: bool) -> Mapping[str, Any]:  # noqa: FBT001 (one caller)
    return {
        "shadow": shadow,
        "side": Side(held.side).name,
        "grade": Grade(held.grade).name,
        "quantity": held.quantity,
        "entry_time": held.entry_time,
        "entry_price": held.entry_price,
        "stop_price": held.stop,
        "target_price": held.target,
    }
