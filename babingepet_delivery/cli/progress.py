"""A progress bar on standard error: what standard output says stays whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Tell = Callable[[str, int, int], None]
"""Takes what is done now, how much of it is done, and how much there is; 0 where nobody knows."""


@contextmanager
def progress_bar(*, shown: bool) -> Iterator[Tell]:
    """A bar while the block runs; none where standard error is not a terminal."""
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=errors, transient=True, disable=not (shown and errors.is_terminal)
    ) as bar:

        def tell(stage: str, done: int, total: int) -> None:
            for task in bar.tasks:
                if task.description == stage:
                    bar.update(task.id, completed=done)
                    return
                bar.remove_task(task.id)
            bar.add_task(stage, total=total or None, completed=done)

        yield tell
