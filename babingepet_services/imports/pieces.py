"""What an import writes at a time: one transaction each, so that a killed import leaves whole ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection

from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import InsertOutcome


@dataclass(frozen=True)
class Stores:
    """Where rows go.

    Attributes:
        database: The warehouse of the source.
        tape_url: Address of the event tape, where trades are laid down as they are. Never shown.
        now: The import's time, UTC ms.
    """

    database: Database
    tape_url: str = field(repr=False)
    now: int


class Piece(NamedTuple):
    """Rows that are stored together.

    Attributes:
        rows: How many.
        write: Stores them; takes the transaction and the time at which they become known, UTC ms.
    """

    rows: int
    write: Callable[[Connection, int], InsertOutcome]
