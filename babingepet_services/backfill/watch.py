"""Who is told how far a backfill is, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Tell(Protocol):
    """Takes what is done now, how much of it is done, how much there is, and rows so far."""

    def __call__(self, stage: str, done: int, total: int, detail: str = "") -> None:
        """Show it."""
        ...


@dataclass(frozen=True)
class Watcher:
    """Who is told of the progress.

    Attributes:
        tell: Of every file and stretch.
        say: The same in a sentence, for a log.
    """

    tell: Tell
    say: Callable[[str], None]


def nobody(stage: str, done: int, total: int, detail: str = "") -> None:
    """Listen to nothing."""


UNWATCHED = Watcher(nobody, lambda _: None)
