"""Looking after the loop from outside: read, judge, tell once, and ask a stuck one to make room.

Belongs here: what a watcher does that is not the loop; a loop that is stuck cannot tell. Does not
belong here: the judgement (``btc.loop_health``), launching a loop (its sensor), delivering messages.

A silence of the loop is one fault, whatever becomes of it: it is named by the last decision before
it, told once, and its end is told once. Two watchers tell no more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from babingepet.market.intervals import MINUTE, iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.exchange.opening import parse_speed
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import gaps, lease, lookups, outbox
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import Lease, OutboxRecord
from babingepet_services.btc.loop import LoopOptions
from babingepet_services.btc.loop_health import Circumstances, LoopHealth, judge
from babingepet_services.btc.records import PAPER
from babingepet_services.market.exchange_state import ExchangeState, ask_exchange
from babingepet_services.market.gap_ledger import DECISION, NEVER
from babingepet_services.market.source import open_existing, resolve_market

TOPIC = "btc.loop_silent"
"""Of messages about a loop that does not decide: ``kind`` is fault or recovered."""
STUCK = 15 * MINUTE
"""A loop that is alive, decides nothing for so long, ms, and has an exchange that answers is asked
to hand over to a fresh process. Its successor has as long again, so that is once in that time."""
NAME = LoopOptions.lease_name

Ask = Callable[[Settings, Clock], ExchangeState]


@dataclass(frozen=True)
class Look:
    """What was read for one judgement.

    Attributes:
        held: The lease.
        known: What is known beside it.
        health: The judgement.
    """

    held: Lease | None
    known: Circumstances
    health: LoopHealth


def look_at(
    database: Database | None,
    settings: Settings,
    clock: Clock,
    *,
    watched_since: int | None = None,
    ask: Ask = ask_exchange,
) -> Look:
    """Read and judge; the exchange is asked only when something seems wrong.

    Args:
        database: The warehouse; None where none was made yet.
        settings: The market and its pace.
        clock: This machine's.
        watched_since: Since when something here keeps a loop alive; None when nothing does.
        ask: Asks the exchange.

    Raises:
        WarehouseUnavailable: It does not answer.
    """
    now = clock.now()
    known = Circumstances(minute=pace(settings), watched_since=watched_since)
    held = None
    if database is not None:
        with database.reading() as connection:
            known = _decided(connection, known)
        held = lease.read(database, NAME)
    health = judge(held, known, now)
    if health.is_fault:
        state = ask(settings, clock)
        known = replace(known, exchange=state.silence, market_over=state.over)
        health = judge(held, known, now)
    return Look(held, known, health)


def look_after(
    settings: Settings, clock: Clock, watched_since: int, ask: Ask = ask_exchange
) -> LoopHealth:
    """Judge, tell of a fault or of its end, and ask a stuck loop to hand over.

    Args:
        settings: The market and where its warehouse is.
        clock: This machine's.
        watched_since: Since when something here keeps a loop alive.
        ask: Asks the exchange.

    Raises:
        WarehouseUnavailable: It does not answer: nothing can be told through it either.
    """
    with existing_warehouse(settings, clock) as database:
        look = look_at(database, settings, clock, watched_since=watched_since, ask=ask)
        if database is not None:
            _tell(database, look, clock.now())
            _relieve(database, look, clock.now())
    return look.health


def pace(settings: Settings) -> float:
    """How long a minute of the market takes on this machine, ms; 0 for as fast as possible."""
    if settings.market == "binance":
        return MINUTE
    speed = parse_speed(settings.speed)
    return 0.0 if speed is None else MINUTE / speed


@contextmanager
def existing_warehouse(settings: Settings, clock: Clock) -> Iterator[Database | None]:
    """The warehouse of the settings' market for the length of a block; None where none was made."""
    database = open_existing(settings, resolve_market(settings, clock))
    try:
        yield database
    finally:
        if database is not None:
            database.close()


def _decided(connection: Connection, known: Circumstances) -> Circumstances:
    last = lookups.last_decision(connection, PAPER)
    if last is None:
        return known
    later = gaps.read(connection, last.symbol, last.as_of, NEVER, source=last.source, feed=DECISION)
    missed = later[-1].reason if later else None
    return replace(known, decided_at=last.decided_at, missed=missed)


def _tell(database: Database, look: Look, now: int) -> None:
    message = _fault(look, now) if look.health.is_fault else _recovery(database, look, now)
    if message is not None:
        with database.writing() as connection:
            outbox.add(connection, [message])


def _fault(look: Look, now: int) -> OutboxRecord:
    last, health = _last_decision(look), look.health
    payload = {
        "kind": "fault", "tier": 1, "state": health.state, "detail": health.detail,
        "last_decision": last, "told_at": iso(now),
    }  # fmt: skip
    return OutboxRecord(TOPIC, f"loop:{NAME}:{last}:fault", payload, now)


def _recovery(database: Database, look: Look, now: int) -> OutboxRecord | None:
    """The message that ends the newest fault, once a later decision was written."""
    with database.reading() as connection:
        newest = outbox.newest(connection, TOPIC)
    if newest is None or newest.payload["kind"] != "fault":
        return None
    before, last = newest.payload["last_decision"], _last_decision(look)
    if last <= before:
        return None
    payload = {
        "kind": "recovered", "tier": 1, "state": look.health.state, "detail": look.health.detail,
        "last_decision": before, "told_at": iso(now),
    }  # fmt: skip
    return OutboxRecord(TOPIC, f"loop:{NAME}:{before}:recovered", payload, now)


def _last_decision(look: Look) -> int:
    """When the newest decision was written, UTC ms of this machine; 0 before the first."""
    claimed = look.held.decided_at if look.held else None
    return claimed or look.known.decided_at or 0


def _relieve(database: Database, look: Look, now: int) -> None:
    held, health = look.held, look.health
    if held is None or health.state != "deciding_nothing" or look.known.exchange is not None:
        return
    if health.since is not None and now - health.since >= STUCK:
        lease.ask_handover(database, NAME, held.fence, health.detail)
