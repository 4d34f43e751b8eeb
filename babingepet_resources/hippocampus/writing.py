"""Storing, strengthening, closing and fading engrams, each inside of a transaction of the caller.

What belongs here: statements that change engrams. What does not: transactions (``store``), finding
(``search``), and how strength is reckoned (the engine).
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update

from babingepet.errors import InputError
from babingepet.memory.engrams import Engram, Outcome
from babingepet.memory.strength import PRUNE_BELOW, effective, reinforced
from babingepet_resources.hippocampus.records import Decayed, Stored
from babingepet_resources.hippocampus.rows import as_row
from babingepet_resources.hippocampus.schema import engram as table
from babingepet_resources.hippocampus.schema import engram_fact

_FADES = select(table.c.id, table.c.strength, table.c.last_access)
_BY_ID = _FADES.where(table.c.id == bindparam("of"))
_BY_WORDS = _FADES.where(table.c.fingerprint == bindparam("words"))
_FACT = select(engram_fact).where(engram_fact.c.fact_id == bindparam("fact"))
_ADD, _ADD_FACT = insert(table), insert(engram_fact)
# Built once: building them anew took half of the time of a store.
_FADED = (
    update(table)
    .where(table.c.id == bindparam("of"))
    .values(strength=bindparam("left"), last_access=bindparam("now"), written_at=bindparam("now"))
)


def store(connection: Connection, engram: Engram, now: int) -> Stored:
    """Keep an engram, or strengthen the one of the same words.

    Raises:
        InputError: It cannot be kept; the message names the field.
    """
    row = as_row(engram, now)
    known = _known(connection, engram.fact_id, row["fingerprint"])
    if known is not None:
        return known
    words = {"words": row["fingerprint"]}
    same = connection.execute(_BY_WORDS, words).mappings().one_or_none()
    if same is None:
        key = connection.execute(_ADD, row).inserted_primary_key
        stored = Stored(int(key[0]) if key else 0, "stored")
    else:
        _strengthen(connection, same, engram.known_at, now)
        stored = Stored(same["id"], "reinforced")
    if engram.fact_id is not None:
        fact = {"fact_id": engram.fact_id, "engram_id": stored.id}
        connection.execute(_ADD_FACT, {**fact, "fingerprint": row["fingerprint"]})
    return stored


def held(connection: Connection, engram: Engram) -> Stored | None:
    """The engram that holds this very fact; None when it is not there. Nothing changes.

    Raises:
        InputError: It could not be kept; the message names the field.
    """
    return _known(connection, engram.fact_id, as_row(engram, 0)["fingerprint"])


def _known(connection: Connection, fact_id: str | None, fingerprint: str) -> Stored | None:
    if fact_id is None:
        return None
    found = connection.execute(_FACT, {"fact": fact_id}).one_or_none()
    if found is None:
        return None
    return Stored(found.engram_id, "known" if found.fingerprint == fingerprint else "conflicting")


def reinforce(connection: Connection, engram_id: int, now: int) -> float:
    """Strengthen an engram; returns its new strength.

    Raises:
        InputError: There is none of this number.
    """
    row = connection.execute(_BY_ID, {"of": engram_id}).mappings().one_or_none()
    if row is None:
        raise InputError(f"there is no engram {engram_id}")
    return _strengthen(connection, row, now, now)


def _strengthen(connection: Connection, row: RowMapping, time: int, now: int) -> float:
    """Of a fact that came late, fading is not undone: the later access stays."""
    strength = reinforced(effective(row["strength"], time - row["last_access"]))
    values = {
        "strength": strength,
        "last_access": max(time, row["last_access"]),
        "access_count": table.c.access_count + 1,
        "written_at": now,
    }
    connection.execute(update(table).where(table.c.id == row["id"]).values(values))
    return strength


def record_outcome(
    connection: Connection, fact_id: str, outcome: Outcome, known_at: int, now: int
) -> Stored:
    """Say what came of an engram that waits for it; the first word stands.

    Raises:
        InputError: No engram of this fact waits for an outcome, or it was known before the fact.
    """
    query = select(table).join(engram_fact).where(engram_fact.c.fact_id == fact_id)
    row = connection.execute(query).one_or_none()
    if row is None or not row.expects_outcome:
        raise InputError(f"{fact_id}: no engram of this fact waits for an outcome")
    if known_at < row.known_at:
        raise InputError(f"{fact_id}: its outcome cannot be known before itself")
    wanted = asdict(outcome)
    if row.outcome is not None:
        return Stored(row.id, "known" if row.outcome == wanted else "conflicting")
    values = {"outcome": wanted, "outcome_known_at": known_at, "written_at": now}
    connection.execute(update(table).where(table.c.id == row.id).values(values))
    return Stored(row.id, "stored")


def decay(connection: Connection, now: int) -> Decayed:
    """Write down what is left of every strength, and forget what is too weak.

    An engram that was strengthened after ``now`` (its market's clock runs ahead) is left alone.
    """
    rows = connection.execute(_FADES.where(table.c.last_access < now)).all()
    left = [
        {"of": row.id, "left": effective(row.strength, now - row.last_access), "now": now}
        for row in rows
    ]
    if left:
        connection.execute(_FADED, left)
    too_weak = delete(table).where(table.c.strength < PRUNE_BELOW, table.c.pinned.is_(False))
    forgotten = connection.execute(too_weak).rowcount
    kept = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return Decayed(kept=int(kept), forgotten=forgotten)
