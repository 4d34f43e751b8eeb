"""Each warehouse of this data folder: schema, size, the last decision, the lease, gaps, checks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from babingepet.errors import BabingepetError, ConfigurationError
from babingepet.market.intervals import HOUR, SECOND, iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import REAL, Settings
from babingepet_resources.warehouse import gaps, schema, stock
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.lookups import LastDecision, last_decision
from babingepet_services.btc.checks import failing_now
from babingepet_services.btc.loop_health import LoopHealth
from babingepet_services.btc.loop_watch import look_at
from babingepet_services.btc.records import PAPER
from babingepet_services.doctor.exchange import Probe
from babingepet_services.doctor.findings import Finding, fail, ok, warn
from babingepet_services.market.exchange_state import ExchangeState, ask_exchange
from babingepet_services.market.feed_watch import read_reports
from babingepet_services.warehouse_lookup import DEMO, Place, all_places

SECTION = "warehouses"
MIB = 1 << 20
COVERED = 0.95
"""Share of the last hour that each feed should cover: three minutes may be missing."""


@dataclass(frozen=True)
class _Watcher:
    """What it takes to judge a loop."""

    settings: Settings
    clock: Clock
    probe: Probe

    def look_at(self, place: Place, database: Database) -> LoopHealth:
        settings = self.settings
        if place.source is not None:
            settings = settings.model_copy(update={"market": place.source})
        return look_at(database, settings, self.clock, ask=self._ask).health

    def _ask(self, settings: Settings, clock: Clock) -> ExchangeState:
        return ask_exchange(settings, clock, self.probe)


def examine_warehouses(settings: Settings, clock: Clock, probe: Probe) -> list[Finding]:
    """Look at the configured database and at every embedded one that exists."""
    places, watcher = all_places(settings), _Watcher(settings, clock, probe)
    if not places:
        return [ok(SECTION, "warehouses", "none yet: the first run makes one")]
    return [finding for place in places for finding in _examine(place, watcher)]


def _examine(place: Place, watcher: _Watcher) -> list[Finding]:
    try:
        database = place.open()
    except BabingepetError as error:
        return [fail(SECTION, place.name, str(error), _mend(error))]
    try:
        at = schema.current(database)
        if at != schema.head():
            return [_outdated(place, database, at)]
        return _contents(place, database, watcher)
    except BabingepetError as error:
        return [fail(SECTION, place.name, str(error), _mend(error))]
    finally:
        database.close()


def _mend(error: BabingepetError) -> str:
    if isinstance(error, ConfigurationError):
        return "mend the setting that names it"
    return "see whether it is reachable and its disk is not full; else restore a backup"


def _outdated(place: Place, database: Database, at: str | None) -> Finding:
    advice = "babingepet db upgrade"
    text = f"{database.where} is at schema {at or 'none'}, not {schema.head()}"
    if not database.is_sqlite and place.source == REAL:
        return fail(SECTION, place.name, text, advice)
    return warn(SECTION, place.name, text, f"{advice}, or start it: this one upgrades itself")


def _contents(place: Place, database: Database, watcher: _Watcher) -> list[Finding]:
    with database.reading() as connection:
        rows = stock.row_counts(connection)
        bytes_used = stock.size_bytes(connection)
        last = last_decision(connection, PAPER)
        findings = [] if last is None else _of_last(place, connection, last)
    total, decided = sum(rows.values()), rows["btc_decisions"]
    text = (
        f"{database.where}: schema {schema.head()}, {total:,} rows, {decided:,} decisions, "
        f"{bytes_used / MIB:.1f} MiB"
    )
    head = ok(SECTION, place.name, text)
    if place.name == DEMO:  # rewritten by each rehearsal: whether it is running says nothing
        return [head, *findings]
    return [
        head,
        _decided(place, last, watcher.clock.now()),
        _loop(place, database, watcher),
        *findings,
    ]


def _decided(place: Place, last: LastDecision | None, now: int) -> Finding:
    name = f"{place.name}, last decision"
    if last is None:
        return ok(SECTION, name, "none yet")
    written = f"written {_seconds(now, last.decided_at):,} s ago"
    return ok(SECTION, name, f"{last.cycle_id} on {last.source} facts, {written}")


def _loop(place: Place, database: Database, watcher: _Watcher) -> Finding:
    """Whether a loop is alive, and whether it decides; see ``btc.loop_health``."""
    name, health = f"{place.name}, loop", watcher.look_at(place, database)
    text = f"{health.state.replace('_', ' ')}: {health.detail}"
    if health.state == "dead":
        advice = "it died without giving the lease back; the next loop takes over by itself"
        return warn(SECTION, name, text, advice)
    if health.is_fault:
        advice = "a heartbeat is no decision: see the log of its run, and end that run if need be"
        return warn(SECTION, name, text, advice)
    return ok(SECTION, name, text)


def _seconds(now: int, then: int) -> int:
    """Whole seconds since; what happened after the doctor looked at the clock was just now."""
    return max(0, now - then) // SECOND


def _of_last(place: Place, connection: Connection, last: LastDecision) -> list[Finding]:
    """Gaps never repaired, the feeds, and the checks that keep the newest decisions from entering."""
    found = gaps.read(connection, last.symbol, 0, last.as_of + 1, open_only=True)
    undecided = sum(gap.feed == "decision" for gap in found)
    text = f"{len(found)} not repaired, of which {undecided} are minutes not decided"
    findings = [ok(SECTION, f"{place.name}, gaps", text)]
    findings += _feeds(place, connection, last)
    for failing in failing_now(connection, last.source, last.as_of):
        advice = "no position is opened until it passes; see the asset's checks"
        findings.append(warn(SECTION, f"{place.name}, check", failing, advice))
    return findings


def _feeds(place: Place, connection: Connection, last: LastDecision) -> list[Finding]:
    """How the feeds were when the loop last said so, if that was in the hour before."""
    reports = read_reports(connection, PAPER, last.as_of - HOUR, last.as_of)
    if not reports:
        return []
    name, newest = f"{place.name}, feeds", reports[-1]
    text = f"{newest.text} ({iso(newest.as_of)})"
    if min(newest.detail["coverage"].values(), default=1.0) >= COVERED:
        return [ok(SECTION, name, text)]
    advice = "babingepet runs on, without the signals of that feed; see feed_health of btc/candles"
    return [warn(SECTION, name, text, advice)]
