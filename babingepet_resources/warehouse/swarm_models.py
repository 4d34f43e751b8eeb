"""Which models are left alone for a while, and who may try them again first.

What belongs here: one row a model and each change of it as one statement, so that processes need
not agree on anything else. What does not: how many failures are too many, for how long a model
rests (services). A model that was never in trouble has no row.

========  ============================  =======================================================
state     the row                       what can happen next
========  ============================  =======================================================
in use    ``open_until`` is NULL        a failure counts; too many in a row -> at rest;
                                        an answer -> no failures
at rest   ``open_until`` is to come     nobody asks it
on trial  ``open_until`` has passed     the first who claims it moves ``open_until`` on by the
                                        length of a trial, asks it, and tells: an answer -> in
                                        use, a failure -> at rest, neither -> on trial. If he
                                        dies, the trial passes and the next may claim it
========  ============================  =======================================================
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, or_, select, text, update

from babingepet_resources.warehouse import vetting
from babingepet_resources.warehouse.records import ModelRecord
from babingepet_resources.warehouse.statements import modify, select_records
from babingepet_resources.warehouse.tables import swarm_models as table

_FAIL = text(
    """
    INSERT INTO swarm_models (model, failures, open_until, reason, changed_at)
    VALUES (:model, 1, CASE WHEN :most <= 1 THEN CAST(:until AS BIGINT) END, :reason, :now)
    ON CONFLICT (model) DO UPDATE SET
        failures = swarm_models.failures + 1,
        open_until = CASE WHEN swarm_models.failures + 1 >= :most THEN CAST(:until AS BIGINT)
            ELSE swarm_models.open_until END,
        reason = excluded.reason,
        changed_at = excluded.changed_at
    """
)

_REST = text(
    """
    INSERT INTO swarm_models (model, failures, open_until, reason, changed_at)
    VALUES (:model, 1, :until, :reason, :now)
    ON CONFLICT (model) DO UPDATE SET
        failures = swarm_models.failures + 1,
        open_until = excluded.open_until,
        reason = excluded.reason,
        changed_at = excluded.changed_at
    """
)

_CLAIM = (
    "UPDATE swarm_models SET open_until = ?, changed_at = ? WHERE model = ? AND open_until <= ?"
)


def read(connection: Connection, models: Collection[str] | None = None) -> list[ModelRecord]:
    """The rows of these models, or of all, by name."""
    query = select(table).order_by(table.c.model)
    if models is not None:
        query = query.where(table.c.model.in_(models))
    return select_records(connection, query, ModelRecord)


def claim_trial(connection: Connection, model: str, *, now: int, until: int) -> bool:
    """Be the one who tries a model whose rest is over; False when another one is."""
    return modify(connection, _CLAIM, (until, now, model, now)) == 1


def give_back(connection: Connection, models: Collection[str], *, asked_at: int, now: int) -> None:
    """Leave a trial to the next: the call that claimed it at ``asked_at`` learned nothing."""
    connection.execute(
        update(table)
        .where(table.c.model.in_(models), table.c.changed_at == asked_at, table.c.open_until > now)
        .values(open_until=now)
    )


def fail(
    connection: Connection, model: str, reason: str, *, now: int, most: int, until: int
) -> None:
    """Count a failure; the ``most``-th in a row puts the model at rest until ``until``."""
    values = {"model": model, "reason": vetting.clean(reason), "now": now}
    connection.execute(_FAIL, {**values, "most": most, "until": until})


def rest(connection: Connection, model: str, reason: str, *, now: int, until: int) -> None:
    """Put a model at rest at once."""
    values = {"model": model, "reason": vetting.clean(reason), "now": now, "until": until}
    connection.execute(_REST, values)


def recover(connection: Connection, models: Collection[str], *, asked_at: int, now: int) -> int:
    """Forget the failures of models that answered; returns how many had any.

    A rest is ended only by a call that began after it: what was on its way before says nothing.
    """
    troubled = or_(table.c.failures > 0, table.c.open_until.is_not(None))
    in_time = or_(table.c.open_until.is_(None), table.c.changed_at <= asked_at)
    recovered = (
        update(table)
        .where(table.c.model.in_(models), troubled, in_time)
        .values(failures=0, open_until=None, reason="", changed_at=now)
    )
    return connection.execute(recovered).rowcount
