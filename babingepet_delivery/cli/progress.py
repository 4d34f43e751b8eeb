"""A progress bar on standard error: what standard output says stays whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class Tell(Protocol):
    """Takes what is done now, how much of it is done, how much there is, and what came of it."""

    def __call__(self, stage: str, done: int, total: int, detail: str = "") -> None:
        """Show it; a total of 0 is one that nobody knows."""
        ...


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Tell]:
    """A bar while the block runs; none where standard error is not a terminal."""
    errors = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=errors, transient=True, disable=not (shown and errors.is_terminal)
    ) as bar:

        def tell(stage: str, done: int, total: int, detail: str = "") -> None:
            for task in bar.tasks:
                if task.description == stage:
                    bar.update(task.id, completed=done, detail=detail)
                    return
                bar.remove_task(task.id)
            bar.add_task(stage, total=total or None, completed=done, detail=detail)

        yield tell
