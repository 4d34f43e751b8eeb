"""What a run of the loop tells Dagster's own storage and asks it, so that its absence ends nothing.

Belongs here: writing the run's events and lines, reading its status. Does not belong here: what is
told (``loop_events``), when the loop leaves (``loop_stop``), the warehouse.

The storage may be away: PostgreSQL restarts, a SQLite file is locked. A yielded event that cannot
be written fails the step, somewhere in Dagster; ``log_event`` writes at once and fails here.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable

import dagster as dg
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import SQLAlchemyError

from babingepet.errors import WarehouseUnavailable

STORAGE_AWAY = (SQLAlchemyError, DagsterPostgresException, sqlite3.Error)
"""How a storage that does not answer shows itself, after Dagster's own retries of 6 s."""

Event = dg.AssetMaterialization | dg.AssetCheckEvaluation

log = logging.getLogger(__name__)


class RunLog:
    """The event log of one run, and what Dagster believes of it.

    Attributes:
        failures: How often the storage was told something and did not answer.
    """

    def __init__(self, context: dg.OpExecutionContext) -> None:
        self._context = context
        self.failures = 0

    def status(self) -> dg.DagsterRunStatus | None:
        """What Dagster believes of the run; None when it knows no such run.

        Raises:
            One of ``STORAGE_AWAY``.
        """
        run = self._context.instance.get_run_by_id(self._context.run_id)
        return run.status if run else None

    def write(self, events: Iterable[Event]) -> None:
        """Write events as they are made, up to the first that cannot be made or written."""
        try:
            for event in events:
                self._context.log_event(event)  # type: ignore[arg-type] # checks, too
        except (*STORAGE_AWAY, WarehouseUnavailable) as error:
            self._note(error)
        finally:
            for _written in self._context.consume_events():  # else kept until the step ends
                pass

    def say(self, message: str, level: int = logging.INFO) -> None:
        """Write a line for people."""
        try:
            self._context.log.log(level, message)
        except STORAGE_AWAY as error:
            self._note(error)

    def _note(self, error: Exception) -> None:
        self.failures += 1
        log.warning("Dagster was not told: %s: %s", type(error).__name__, error)
