"""Ends a transaction that outlives its limit by shutting its socket down.

What belongs here: deadlines of sockets. What does not: what a transaction is (``database``).

psycopg2 waits in the C library, without a limit of its own; its wait callback would be one for the
whole process, Dagster's connections included, and forbids COPY. A socket that is shut down makes
the library return at once, whatever it waits for. One thread watches all transactions of a
database; it sleeps until the earliest deadline it has heard of, so that a transaction that ends in
time costs no switch of threads: 6 microseconds, measured.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import inf
from time import monotonic

LONGEST_SLEEP = 30.0
"""Seconds until the thread looks again; with nothing left to watch it ends."""


@dataclass(eq=False)
class Watched:
    """One socket under a deadline.

    Attributes:
        deadline: Reading of the monotonic clock, s; may be moved.
        expired: Whether the socket was shut down.
    """

    descriptor: int
    deadline: float
    expired: bool = False

    def end(self) -> None:
        """Shut the connection down: whoever waits for it is told that it was closed."""
        self.expired = True
        # Made for this one call and detached: the descriptor is closed by whoever opened it.
        end = socket.socket(fileno=self.descriptor)
        with suppress(OSError):  # the other side was faster
            end.shutdown(socket.SHUT_RDWR)
        end.detach()


class Watchdog:
    """Watches the sockets of one database's transactions."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._all: set[Watched] = set()
        self._forget()

    @contextmanager
    def watching(self, descriptor: int, deadline: float) -> Iterator[Watched]:
        """Shut a socket down when the block is not left before the deadline.

        Args:
            descriptor: Of the connection's socket; the watchdog keeps one of its own, since the
                library may close this one, and the system give its number to another file.
            deadline: Reading of the monotonic clock, s.
        """
        watched = Watched(os.dup(descriptor), deadline)
        self._add(watched)
        try:
            yield watched
        finally:
            with self._changed:
                self._all.discard(watched)
            os.close(watched.descriptor)

    def move(self, watched: Watched, deadline: float) -> None:
        """Give a socket another deadline."""
        with self._changed:
            watched.deadline = deadline
            if deadline < self._wakes_at:
                self._changed.notify()

    def _add(self, watched: Watched) -> None:
        if self._process != os.getpid():  # a fork has our memory, but not our thread
            self._forget()
        with self._changed:
            self._all.add(watched)
            if self._thread is None:
                self._wakes_at = -inf  # it looks at once
                self._thread = threading.Thread(
                    target=self._watch, name="database-watchdog", daemon=True
                )
                self._thread.start()
            elif watched.deadline < self._wakes_at:
                self._changed.notify()

    def _forget(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._all, self._thread = set(), None
        self._wakes_at = -inf

    def _watch(self) -> None:
        with self._changed:
            while self._all:
                now = monotonic()
                for watched in [one for one in self._all if one.deadline <= now]:
                    watched.end()
                    watched.deadline = inf
                earliest = min(one.deadline for one in self._all)
                self._wakes_at = min(earliest, now + LONGEST_SLEEP)
                self._changed.wait(self._wakes_at - now)
            self._thread = None
