"""What the user is told while everything starts: the address, and the first decision.

Belongs here: finding out. Does not belong here: starting or restarting anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException

from babingepet_delivery.supervision.home import LOCAL
from babingepet_delivery.supervision.market import last_decision
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings

LOOK_EVERY = 1.0
"""Seconds between two looks, each a millisecond."""
HTTP_OK = 200


class StartWatch:
    """Tells once that the pages answer, and once that the first decision is made.

    Args:
        settings: With the market resolved.
        clock: This machine's clock.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._begun = clock.monotonic()
        self._looked_at = 0.0
        self._began_at = clock.now()
        self._pages_answer = False
        self._has_decided = False

    def news(self) -> Iterator[str]:
        """What has happened since the last call."""
        now = self._clock.monotonic()
        if now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        after = f"after {now - self._begun:.0f} s"
        if not self._pages_answer and _answers(self._settings.dagster_port):
            self._pages_answer = True
            yield f"Dagster: http://{LOCAL}:{self._settings.dagster_port} ({after})"
        if not self._has_decided:
            last = last_decision(self._settings)
            if last is not None and last.decided_at >= self._began_at:
                self._has_decided = True
                yield f"First decision: {last.cycle_id}, {last.verdict} ({after})"


def _answers(port: int) -> bool:
    connection = HTTPConnection(LOCAL, port, timeout=2)
    try:
        connection.request("GET", "/server_info")
        return connection.getresponse().status == HTTP_OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
