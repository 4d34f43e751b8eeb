"""A stored decision made again from its stored inputs, byte for byte.

1. the manifest names what was read: ranges and content hashes
2. each part is read back and its hash compared (``captured``)
3. the last minute's tape is reduced again from the raw trades and quotes
4. the engine decides, and the bytes of the decision and of the state after it are compared
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from babingepet.compiled import ENGINE_VERSION
from babingepet.cycles.btc import run_cycle
from babingepet.cycles.btc_state import dump_state
from babingepet.domain.decision import sha256
from babingepet.errors import InputError, IntegrityBroken
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.warehouse import blobs, history
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import DecisionRecord
from babingepet_services.capture.inputs import Captured


@dataclass(frozen=True)
class ReplayedCycle:
    """What came of making a decision again.

    Attributes:
        cycle_id: The decision.
        identical: Whether every byte of the decision and of the state after it is the same.
        engine_version: Of the sources that decided now.
        stored_engine_version: Of the sources that decided then.
        stored: The decision as it was written.
        replayed: The decision as it was made now, under the stamp of the version that decided then.
        differences: Paths that differ, with both values; empty when identical.
        gone: What could not be made again from the raw tape, because retention removed it.
    """

    cycle_id: str
    identical: bool
    engine_version: str
    stored_engine_version: str
    stored: bytes
    replayed: bytes
    differences: tuple[str, ...]
    gone: str | None


def replay_cycle(
    database: Database, book: str, cycle_id: str, event_tape: EventTape | None = None
) -> ReplayedCycle:
    """Make a stored decision again.

    Args:
        database: The warehouse.
        book: The ledger.
        cycle_id: The decision.
        event_tape: Where raw tapes are that left the warehouse; None to look there only.

    Raises:
        TapeUnavailable: The event tape does not answer.
        InputError: There is no such decision.
        IntegrityBroken: What it read is not in the warehouse any more, or not what was read.
    """
    with database.reading() as connection:
        record = history.decision(connection, book, cycle_id)
        if record is None:
            raise InputError(f"there is no decision {cycle_id} in book {book}")
        return decide_again(connection, record, Captured(connection, record.as_of, event_tape))


def decide_again(
    connection: Connection, record: DecisionRecord, captured: Captured
) -> ReplayedCycle:
    """Make a decision again from what was captured.

    Args:
        connection: Of one reading transaction.
        record: The decision.
        captured: Of the same transaction.

    Raises:
        IntegrityBroken: What it read is not in the warehouse any more, or not what was read.
        InputError: Its rules are those of a version with other settings.
    """
    stored_inputs = history.inputs(connection, record.book, record.cycle_id)
    if stored_inputs is None:
        raise IntegrityBroken("what was read is not in the warehouse any more")
    inputs = captured.inputs(stored_inputs)
    before = stored_inputs.manifest["state_before"]
    settings, weights = captured.rules(stored_inputs.manifest["rules"])
    decision, after = run_cycle(inputs, captured.state(before), settings, weights)
    stored = record.payload.encode()
    # Who decided is stamped on a decision; what was decided must not depend on it.
    replayed = replace(decision, engine_version=json.loads(stored)["engine_version"]).canonical()
    differences = (
        *_payload_differences(stored, replayed),
        *_differing("decision_hash", record.decision_hash, sha256(stored)),
        *_differing("inputs_hash", record.inputs_hash, stored_inputs.inputs_hash),
        *_differing("state_before_hash", record.state_before_hash, before),
        *_state_differences(connection, record.state_after_hash, dump_state(after)),
    )
    return ReplayedCycle(
        cycle_id=record.cycle_id,
        identical=not differences,
        engine_version=ENGINE_VERSION,
        stored_engine_version=record.engine_version,
        stored=stored,
        replayed=replayed,
        differences=differences,
        gone=captured.gone,
    )


def _payload_differences(stored: bytes, replayed: bytes) -> Iterator[str]:
    if stored == replayed:
        return
    lines = tuple(_differences("", json.loads(stored), json.loads(replayed)))
    yield from lines or ("payload: the same values in other bytes",)


def _state_differences(connection: Connection, digest: str, replayed: bytes) -> Iterator[str]:
    if sha256(replayed) == digest:
        return
    stored = blobs.get(connection, digest)
    if stored is None:
        yield f"state_after: stored {digest[:12]}, which is no state; replayed {sha256(replayed)[:12]}"
    else:
        yield from _differences("state_after", json.loads(stored), json.loads(replayed))


def _differing(path: str, stored: str, replayed: str) -> Iterator[str]:
    if stored != replayed:
        yield f"{path}: stored {stored[:12]}, of what is stored {replayed[:12]}"


def _differences(path: str, one: Any, other: Any) -> Iterator[str]:  # noqa: ANN401 (JSON)
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            yield from _differences(f"{path}.{key}".lstrip("."), one.get(key), other.get(key))
    elif one != other:
        yield f"{path}: stored {json.dumps(one)}, replayed {json.dumps(other)}"
