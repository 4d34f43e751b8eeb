"""The memory as its users see it: one file, and what can be done with it.

What belongs here: transactions, and errors as ours. What is done inside of a transaction belongs to
the modules beside. Several processes may use the file: readers never wait, a writer waits for
another one at most ``PATIENCE`` seconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, exc

from babingepet.errors import MemoryUnavailable
from babingepet.memory.chronicles import Chronicle
from babingepet.memory.engrams import Engram, Memory, Outcome
from babingepet_resources import sqlite_files
from babingepet_resources.hippocampus import chronicles, health, schema, search, writing
from babingepet_resources.hippocampus.chronicles import ChronicleFilter
from babingepet_resources.hippocampus.records import Decayed, Health, KindCount, Stored
from babingepet_resources.hippocampus.search import MOST_SCORED, Wanted

PATIENCE = 5.0
"""Seconds to wait for another writer; the longest one, a decay of 100,000 engrams, takes 1 to 3 s."""


class Hippocampus:
    """An open memory. Every method is one transaction: it happens whole, or not at all.

    All of them raise MemoryUnavailable when the file is locked, full, read-only or cannot be
    opened, ConfigurationError when it is not ours, and IntegrityBroken when it is damaged.

    Args:
        path: The file; it and its folder are made when it is first used.
        patience: Seconds to wait for another writer.

    Raises:
        MemoryUnavailable: The folder cannot be made.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._where = f"The memory {path}"
        self._is_ready = False
        try:
            self._engine = sqlite_files.make_engine(
                URL.create("sqlite", database=str(path)), patience
            )
        except OSError as error:
            raise sqlite_files.from_os(error, self._where, MemoryUnavailable) from error

    def store_engram(self, engram: Engram, *, now: int) -> Stored:
        """Remember one thing; ``store_engrams`` says how."""
        return self.store_engrams([engram], now=now)[0]

    def store_engrams(self, engrams: Sequence[Engram], *, now: int) -> list[Stored]:
        """Remember several things, or none of them.

        Words that are there already become stronger; the same fact a second time changes nothing.

        Args:
            engrams: In the order in which they happened.
            now: UTC ms; when they are written.

        Raises:
            InputError: One cannot be kept; the message names the field.
        """
        with self._writing() as connection:
            return [writing.store(connection, engram, now) for engram in engrams]

    def find_facts(self, engrams: Sequence[Engram]) -> list[Stored | None]:
        """What is there already of facts, each known or conflicting; None for what is not.

        Raises:
            InputError: One could not be kept; the message names the field.
        """
        with self._reading() as connection:
            return [writing.held(connection, engram) for engram in engrams]

    def record_outcome(self, fact_id: str, outcome: Outcome, *, known_at: int, now: int) -> Stored:
        """Say what came of an engram that waits for it; the first word stands.

        Raises:
            InputError: No engram of this fact waits for an outcome.
        """
        with self._writing() as connection:
            return writing.record_outcome(connection, fact_id, outcome, known_at, now)

    def reinforce_engram(self, engram_id: int, *, now: int) -> float:
        """Strengthen an engram; returns its new strength.

        Raises:
            InputError: There is none of this number.
        """
        with self._writing() as connection:
            return writing.reinforce(connection, engram_id, now)

    def search_memory(
        self,
        query: str,
        k: int = 5,
        *,
        known_until: int,
        market: str | None = None,
        kind: str | None = None,
        outcomes_closed: bool = True,
        most_scored: int = MOST_SCORED,
    ) -> list[Memory]:
        """The k engrams that fit a query best, as they were known at a time; best first.

        Args:
            query: Words, any text; none for the newest engrams.
            k: At most so many.
            known_until: Time that is asked about, UTC ms.
            market: Only of this market; None for any.
            kind: Only of this kind; None for any.
            outcomes_closed: Leave out what still waited for its outcome; otherwise it comes without.
            most_scored: Engrams that may be scored; fewer are faster, and may miss what only
                common words lead to.

        Raises:
            InputError: The query is longer than a text may be.
        """
        wanted = Wanted(known_until, market, kind, outcomes_closed, most_scored)
        with self._reading() as connection:
            return search.search(connection, query, k, wanted)

    def closed_trades(self, market: str, *, since: int, known_until: int) -> list[Memory]:
        """All trades whose outcome became known in [since, known_until], newest first."""
        with self._reading() as connection:
            return search.closed_trades(connection, market, since, known_until)

    def facts(self, engrams: Collection[int]) -> dict[int, list[str]]:
        """Names of the stored facts that engrams were made of, by the engram's number."""
        with self._reading() as connection:
            return search.facts(connection, engrams)

    def store_chronicle(self, story: Chronicle) -> Stored:
        """Keep a story; one of the same period that is there already stays as it is."""
        with self._writing() as connection:
            return chronicles.store(connection, story)

    def get_chronicles(self, wanted: ChronicleFilter) -> list[Chronicle]:
        """Stories in ascending time."""
        with self._reading() as connection:
            return chronicles.read(connection, wanted)

    def trigger_decay(self, *, now: int) -> Decayed:
        """Let everything fade and forget what is too weak; a second time at once changes nothing."""
        with self._writing() as connection:
            return writing.decay(connection, now)

    def health_check(self) -> Health:
        """Count what is there and check the index of words."""
        with self._writing() as connection:  # FTS5's check is an INSERT
            return health.health(connection)

    def kinds(self) -> list[KindCount]:
        """What is remembered, by market and kind."""
        with self._reading() as connection:
            return health.kinds(connection)

    def close(self) -> None:
        """Close every connection; the object may be used again."""
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._prepare()
        with self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        self._prepare()
        with self._transaction(writes=True) as connection:
            yield connection

    def _prepare(self) -> None:
        """Make the tables of a new file; refuse one that is not ours."""
        if self._is_ready:
            return
        with self._transaction(writes=False) as connection:
            self._is_ready = schema.is_ready(connection, self._where)
        if not self._is_ready:
            with self._transaction(writes=True) as connection:
                # Another program may have made them while this one waited for the lock.
                if not schema.is_ready(connection, self._where):
                    schema.create(connection)
            self._is_ready = True

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect() as pooled:
                connection = pooled.execution_options(writes=writes)
                with connection.begin():
                    yield connection
        except (exc.DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, exc.DBAPIError) else error
            ours = isinstance(cause, sqlite3.Error) and sqlite_files.translate(
                cause, self._where, MemoryUnavailable
            )
            if not ours:
                raise
            raise ours from error
