"""When the loop's run must leave, and how it is kept from being torn out of a cycle.

Belongs here: signals and Dagster's status of the run. Does not belong here: the lease, which the
loop itself watches.

Inside an op, Dagster turns SIGTERM and SIGINT into an exception at whatever line is running. Here a
signal only sets a flag while a cycle is in hand; the flag is asked for between two minutes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

import dagster as dg
from dagster._utils.interrupts import capture_interrupts, check_captured_interrupt

from babingepet_assets.btc.run_log import STORAGE_AWAY
from babingepet_resources.clients.clock import Clock

log = logging.getLogger(__name__)

STATUS_EVERY = 3.0
"""Seconds between two looks at the run's status: at 120x a cycle takes half a second, a look 2 ms."""

Item = TypeVar("Item")


class StopWatch:
    """Whether the run may go on.

    Args:
        status: Asks Dagster what it believes of this run; None when it knows no such run. It may
            raise one of ``STORAGE_AWAY``, which is no reason to leave: the lease guards the market.
        clock: This machine's clock.

    Attributes:
        reason: Why the loop leaves; None as long as it may go on.
    """

    def __init__(self, status: Callable[[], dg.DagsterRunStatus | None], clock: Clock) -> None:
        self._status = status
        self._clock = clock
        self._looked_at = clock.monotonic()
        self.reason: str | None = None

    def should_stop(self) -> bool:
        """Ask between two minutes."""
        self.notice_signal()
        if self.reason is None and self._clock.monotonic() - self._looked_at >= STATUS_EVERY:
            self._look()
            self._looked_at = self._clock.monotonic()  # a look at a storage that is away takes 6 s
        return self.reason is not None

    def _look(self) -> None:
        try:
            status = self._status()
        except STORAGE_AWAY as error:
            log.warning("Dagster does not say whether the run goes on: %s", error)
            return
        if status != dg.DagsterRunStatus.STARTED:
            self.leave(f"Dagster says the run is {status.value if status else 'unknown'}")

    def notice_signal(self) -> None:
        """Remember a signal that was caught; Dagster forgets it when the catching ends."""
        if check_captured_interrupt():
            self.leave("a signal asked it to end")

    def leave(self, reason: str) -> None:
        """Let the loop end after the cycle in hand; the first reason counts."""
        self.reason = self.reason or reason

    def is_wanted(self) -> bool:
        """Whether Dagster still counts this run as running: then it may report, and succeeds."""
        try:
            return self._status() == dg.DagsterRunStatus.STARTED
        except STORAGE_AWAY:
            return True  # nobody has ended it, as far as can be known


def uninterrupted(items: Iterator[Item], watch: StopWatch) -> Iterator[Item]:
    """Iterate so that a signal does not interrupt the making of an item, and is not lost."""
    while True:
        with capture_interrupts():
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                watch.notice_signal()
        yield item
