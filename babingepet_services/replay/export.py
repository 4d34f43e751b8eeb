"""Results of a replay as files: each is there whole or not at all.

Belongs here: writing beside the place and then putting it there. What is written comes from
``replay.tables`` and from whoever has a page.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow.parquet

from babingepet.errors import InputError
from babingepet.replay.result import Replay
from babingepet_services.replay.tables import decision_table, trade_table

DECISIONS, TRADES = "decisions.parquet", "trades.parquet"


def check_destinations(page: Path | None, folder: Path | None) -> None:
    """Refuse what could not be written before time is spent on what would be in it.

    Args:
        page: The HTML file; its folder must exist.
        folder: Of the exported tables; it is made in a folder that must exist.

    Raises:
        InputError: The message names the option and what is missing.
    """
    for option, path in (("--html", page), ("--export", folder)):
        if path is not None and not path.absolute().parent.is_dir():
            raise InputError(f"{option} {path}: there is no folder {path.absolute().parent}")
    if page is not None and page.is_dir():
        raise InputError(f"--html {page}: is a folder")
    if folder is not None and folder.exists() and not folder.is_dir():
        raise InputError(f"--export {folder}: is a file")


def export_tables(replay: Replay, folder: Path) -> None:
    """Write a row a decided minute and a row a closed trade as Parquet.

    Args:
        replay: What is exported.
        folder: Is made if it does not exist; files of earlier exports in it are replaced.

    Raises:
        InputError: It cannot be written.
    """
    tables = {DECISIONS: decision_table(replay.minutes), TRADES: trade_table(replay.trades)}
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"--export {folder}: cannot be made: {error.strerror}") from error
    for name, table in tables.items():
        write_whole(folder / name, partial(pyarrow.parquet.write_table, table, compression="zstd"))


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside the path, then put it in its place at once.

    Raises:
        InputError: It cannot be written; what was there before is unharmed.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(beside)
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
