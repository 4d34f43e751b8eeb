"""A program that upgrades databases and is killed on the way, each time before a given step.

A step is a statement or a commit. It forks, so that a death costs a tenth of a second, and holds no
connection itself when it does. Nothing can be cleaned up: each child sends itself SIGKILL.
"""

import json
import os
import signal
import sys

from sqlalchemy import event

from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import Database, open_database


def on_each_step(database: Database, step) -> None:
    """Call ``step`` before each statement and before each commit, with the statement or COMMIT."""

    @event.listens_for(database.engine, "before_cursor_execute")
    def statement(_connection, _cursor, text, *_):
        step(text)

    @event.listens_for(database.engine, "commit")
    def commit(_connection):
        step("COMMIT")


def upgrade_until(url: str, last: int) -> None:
    database = open_database(url)
    steps = 0

    def count(_text: str) -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    on_each_step(database, count)
    schema.upgrade(database)


def run_killed(url: str, last: int) -> int | None:
    """Upgrade in a child; returns the signal that ended it, or None."""
    child = os.fork()
    if child == 0:
        upgrade_until(url, last)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else None


def main(deaths: list[tuple[str, int]]) -> None:
    """Upgrade each database up to its step; print how each ended."""
    schema.head()  # reads the revisions' files, so that no child has to
    sys.stdout.write(json.dumps([run_killed(url, last) for url, last in deaths]))


if __name__ == "__main__":
    main(json.loads(sys.stdin.read()))
