"""The processes of `babingepet run` without a market, and the pages' server asked as pages ask it.

Everything listens on this machine only, and is ended by its id when the block ends.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from babingepet_delivery.supervision import home as places
from babingepet_delivery.supervision.children import Child
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from scripts.devtools.project import VerbError

PATIENCE = 600.0
"""Seconds for any one wait: several times what a busy machine takes."""
LOOK_EVERY = 0.25
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
SUCCEEDED = "COMPLETED_SUCCESS"
CLOSED = {SUCCEEDED, "COMPLETED_FAILED", "COMPLETED", "FAILED", "CANCELED"}

_LOADED = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
_LAUNCH = """
mutation Launch($asked: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $asked) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
_STATUS = """
query Status($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status runs(limit: 100) { status } }
  }
}
"""


@dataclass(frozen=True)
class Pages:
    """The GraphQL side of the pages' server."""

    port: int
    clock: Clock

    def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one query.

        Raises:
            VerbError: It was refused.
        """
        connection = http.client.HTTPConnection(places.LOCAL, self.port, timeout=60)
        with closing(connection):
            body = json.dumps({"query": query, "variables": variables or {}})
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
            answer = json.load(connection.getresponse())
        if "errors" in answer:
            raise VerbError(f"the pages' server refused: {answer['errors'][0]['message']}")
        return dict(answer["data"])

    def wait_until_loaded(self) -> None:
        """Wait until the server answers and knows the graph."""
        for _ in _looks(self.clock, "the graph is not loaded"):
            try:
                if self.ask(_LOADED)["repositoriesOrError"].get("nodes"):
                    return
            except OSError:  # nobody listens yet
                continue

    def launch(self, names: Iterable[str], days: Sequence[str]) -> str:
        """Submit a backfill of assets over days; returns its id.

        Raises:
            VerbError: It was refused.
        """
        assets = [{"path": name.split("/")} for name in names]
        asked = {"assetSelection": assets, "partitionNames": list(days), "title": "bench"}
        answer = self.ask(_LAUNCH, {"asked": asked})["launchPartitionBackfill"]
        if "backfillId" not in answer:
            raise VerbError(f"the backfill was refused: {answer}")
        return str(answer["backfillId"])

    def wait_for_runs(self, backfill: str) -> None:
        """Wait until every run of the backfill has ended."""
        for _ in _looks(self.clock, f"the runs of backfill {backfill} do not end"):
            runs = [one["status"] for one in self._backfill(backfill)["runs"]]
            if runs and set(runs) <= ENDED:
                return

    def wait_until_closed(self, backfill: str) -> str:
        """Wait until the daemon has seen the end; returns the status of the backfill."""
        for _ in _looks(self.clock, f"backfill {backfill} does not end"):
            if self._backfill(backfill)["status"] in CLOSED:
                break
        return str(self._backfill(backfill)["status"])

    def _backfill(self, backfill: str) -> dict[str, Any]:
        return dict(self.ask(_STATUS, {"id": backfill})["partitionBackfillOrError"])


def _looks(clock: Clock, otherwise: str) -> Iterator[None]:
    """Yield four times a second, until patience ends."""
    deadline = clock.monotonic() + PATIENCE
    while clock.monotonic() < deadline:
        yield
        clock.sleep(LOOK_EVERY)
    raise VerbError(f"{otherwise} within {PATIENCE:.0f} s")


@contextmanager
def running(settings: Settings, home: places.Home, clock: Clock) -> Iterator[Pages]:
    """Code server, daemon and pages, for as long as the block lasts."""
    variables, port = places.environment(settings, home), places.free_port()
    commands = {
        "code-server": places.code_server(home),
        "daemon": places.daemon(home),
        "web-server": places.web_server(home, port),
    }
    children = [
        Child(name, partial(list, command), variables, home.log(name), clock)
        for name, command in commands.items()
    ]
    try:
        children[0].start()
        for _ in _looks(clock, "the code server does not start"):
            if places.is_served(home.code_port):
                break
        for child in children[1:]:
            child.start()
        yield Pages(port, clock)
    finally:
        for child in reversed(children):
            child.stop()
