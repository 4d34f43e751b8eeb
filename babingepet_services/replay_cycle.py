"""A stored decision made again from its stored inputs, byte for byte.

1. the manifest names what was read: ranges and content hashes
2. each part is read back and its hash compared
3. the last minute's tape is reduced again from the raw trades and quotes
4. the engine decides, and the bytes are compared
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from babingepet.compiled import ENGINE_VERSION
from babingepet.cycles.btc import CycleInputs, WeightBook, run_cycle
from babingepet.cycles.btc_state import load_state
from babingepet.cycles.settings import BtcSettings, from_names
from babingepet.domain.decision import sha256
from babingepet.errors import InputError, IntegrityBroken
from babingepet.market.frames import Candles, Quotes, Trades
from babingepet.market.history import BarHistory
from babingepet.market.intervals import MINUTE
from babingepet.market.tape import TapeMinute, reduce_minute
from babingepet_resources.warehouse import blobs, candles, funding, history, tape
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import DecisionRecord
from babingepet_services.btc_context import Context, read_context, signal_inputs
from babingepet_services.btc_memory import WHALE_USD
from babingepet_services.capture import (
    DayDigests,
    row_bytes,
    summary_digest,
    tape_digest,
    tape_minute,
    tape_summary,
)

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class ReplayedCycle:
    """What came of making a decision again.

    Attributes:
        cycle_id: The decision.
        identical: Whether every byte is the same.
        engine_version: Of the sources that decided now.
        stored_engine_version: Of the sources that decided then.
        stored: The decision as it was written.
        replayed: The decision as it was made now.
        differences: Paths that differ, with both values; empty when identical.
    """

    cycle_id: str
    identical: bool
    engine_version: str
    stored_engine_version: str
    stored: bytes
    replayed: bytes
    differences: tuple[str, ...]


def replay_cycle(database: Database, book: str, cycle_id: str) -> ReplayedCycle:
    """Make a stored decision again.

    Raises:
        InputError: There is no such decision.
        IntegrityBroken: What it read is not in the warehouse any more, or not what was read.
    """
    with database.reading() as connection:
        record = history.decision(connection, book, cycle_id)
        stored_inputs = history.inputs(connection, book, cycle_id)
        if record is None or stored_inputs is None:
            raise InputError(f"there is no decision {cycle_id} in book {book}")
        manifest = stored_inputs.manifest
        inputs = _inputs(connection, manifest)
        state = load_state(_blob(connection, manifest["state_before"], "state"))
        rules = json.loads(_blob(connection, manifest["rules"], "rules"))
    weights = WeightBook(rules["weights"]["version"], tuple(rules["weights"]["weights"]))
    settings = from_names(BtcSettings(), rules["settings"])
    decision, _ = run_cycle(inputs, state, settings, weights)
    return _compare(record, decision.canonical())


def _compare(record: DecisionRecord, replayed: bytes) -> ReplayedCycle:
    stored = record.payload.encode()
    return ReplayedCycle(
        cycle_id=record.cycle_id,
        identical=stored == replayed,
        engine_version=ENGINE_VERSION,
        stored_engine_version=record.engine_version,
        stored=stored,
        replayed=replayed,
        differences=tuple(_differences("", json.loads(stored), json.loads(replayed))),
    )


def _differences(path: str, one: Any, other: Any) -> Iterator[str]:  # noqa: ANN401 (JSON)
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _differences(f"{path}.{key}".lstrip("."), one.get(key), other.get(key))
    elif one != other:
        yield f"{path}: stored {json.dumps(one)}, replayed {json.dumps(other)}"


def _inputs(connection: Connection, manifest: Manifest) -> CycleInputs:
    as_of, symbol, source = manifest["as_of"], manifest["symbol"], manifest["source"]
    minutes, hours = _candles(connection, manifest)
    rates = funding.read(
        connection, symbol, source, manifest["funding"]["start"], as_of + 1, known_until=as_of
    )
    _require("funding", sha256(row_bytes(rates)), manifest["funding"]["sha256"])
    bars = BarHistory(minutes, hours)
    context = _context(connection, manifest)
    signals = signal_inputs(bars, _tape(connection, manifest), rates, context, as_of)
    return CycleInputs(
        symbol=symbol,
        source=source,
        signals=signals,
        feeds=frozenset(manifest["feeds"]),
        clock=manifest["clock"],
        clock_skew=manifest["clock_skew"],
        failed_checks=tuple(manifest["failed_checks"]),
        paused=manifest["paused"],
    )


def _candles(connection: Connection, manifest: Manifest) -> tuple[Candles, Candles]:
    as_of, symbol, source = manifest["as_of"], manifest["symbol"], manifest["source"]
    named = manifest["minutes"]
    minutes = candles.read(
        connection, symbol, "1m", source, named["start"], as_of, known_until=as_of
    )
    _require("minutes", DayDigests(minutes).digest(named["start"]), named["sha256"])
    named = manifest["hours"]
    hours = candles.read(
        connection, symbol, "1h", source, named["start"], named["end"], known_until=as_of
    )
    _require("hours", sha256(row_bytes(hours)), named["sha256"])
    return minutes, hours


def _context(connection: Connection, manifest: Manifest) -> Context:
    if "context" not in manifest:  # written before there was any
        return Context()
    context = read_context(connection, frozenset(manifest["feeds"]), manifest["as_of"])
    read = context.manifest()
    for name, named in manifest["context"].items():
        if read[name] != named:
            raise IntegrityBroken(f"the {name} in the warehouse are not those that were read")
    return context


def _tape(connection: Connection, manifest: Manifest) -> tuple[TapeMinute, ...]:
    named = manifest["tape"]
    if not named["rows"]:
        return ()
    as_of, symbol, source = manifest["as_of"], manifest["symbol"], manifest["source"]
    rows = tape.order_flow(connection, symbol, source, named["start"], as_of)
    minutes = tuple(tape_minute(row.open_time, row.summary) for row in rows)
    _require("tape", tape_digest(map(_digest, minutes)), named["sha256"])
    if manifest["raw_tape"]:
        _reduce_again(connection, manifest["raw_tape"], minutes)
    return minutes


def _reduce_again(
    connection: Connection, raw: Mapping[str, str], minutes: tuple[TapeMinute, ...]
) -> None:
    last = minutes[-1]
    trades = Trades.from_bytes(_blob(connection, raw["trades"], "trades"))
    quotes = Quotes.from_bytes(_blob(connection, raw["quotes"], "quotes"))
    before = minutes[-2] if len(minutes) > 1 else None
    first = before is None or before.open_time != last.open_time - MINUTE
    again = reduce_minute(
        last.open_time,
        trades.between(0, last.open_time + MINUTE),
        quotes.between(0, last.open_time + MINUTE),
        previous=None if first else before,
        trades_from=last.trades_from,
        quotes_from=last.quotes_from,
        book=last.book,
        minimum_notional=WHALE_USD,
        bucket_volume=last.volume_clock.bucket_volume if last.volume_clock else math.nan,
    )
    found, named = tape_summary(again), tape_summary(last)
    known = {name: found.get(name) for name in named}  # an older version stored fewer
    _require("raw tape", summary_digest(known), summary_digest(named))


def _digest(minute: TapeMinute) -> str:
    return summary_digest(tape_summary(minute))


def _blob(connection: Connection, digest: str, what: str) -> bytes:
    content = blobs.get(connection, digest)
    if content is None:
        raise IntegrityBroken(f"the {what} that were read ({digest[:12]}) are not stored any more")
    return content


def _require(what: str, found: str, named: str) -> None:
    if found != named:
        raise IntegrityBroken(
            f"the {what} in the warehouse are not those that were read: "
            f"hash {found[:12]} instead of {named[:12]}"
        )
