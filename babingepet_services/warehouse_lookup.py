"""In which warehouse a decision or a position is: the configured one first, then the others.

A PostgreSQL database holds several: the real market's tables, and a schema for each other source.
Embedded ones of the data folder are asked after them.

Belongs here: which databases there are and finding an identifier or an account in them, without
making or changing any. Does not belong here: what is read about it then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from babingepet.errors import BabingepetError, InputError
from babingepet_resources.settings import REAL, Address, Settings
from babingepet_resources.warehouse import accounts, history, schema
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.lookups import nearest_ids
from babingepet_services.btc.records import PAPER

SOURCES = ("binance", "recorded", "simulated")
CONFIGURED, DEMO = "configured", "demo"
NEAREST = 6
"""Identifiers offered when there is none of the given name."""

Kind = Literal["cycle", "any"]


@dataclass(frozen=True)
class Place:
    """A database that may hold decisions.

    Attributes:
        name: configured, binance, recorded, simulated or demo; an embedded one may have the name
            of one on the server.
        address: The database, and the schema in it.
        source: Whose facts it holds; None when they may be of several.
    """

    name: str
    address: Address
    source: str | None = None

    def open(self) -> Database:
        """Open it; an embedded file must exist."""
        return open_database(self.address.url, self.address.schema)


@dataclass(frozen=True)
class Found:
    """Where an identifier was found.

    Attributes:
        place: The first place that has it.
        database: Open for the length of the block.
        book: The ledger.
        cycle_id: The decision; of a position the one that ordered it.
        position_id: None when a decision was asked for.
        also_in: Names of other places that have the same identifier.
    """

    place: Place
    database: Database
    book: str
    cycle_id: str
    position_id: str | None
    also_in: tuple[str, ...]


def demo_file(settings: Settings) -> Path:
    """The warehouse of rehearsals."""
    return settings.data_dir.absolute() / "demo.sqlite"


def embedded_places(settings: Settings) -> list[Place]:
    """The embedded warehouses of a data folder, whether they exist or not."""
    embedded = settings.model_copy(update={"database_url": None, "database_schema": None})
    places = [Place(source, embedded.warehouse(source), source) for source in SOURCES]
    return [*places, Place(DEMO, Address(f"sqlite:///{demo_file(settings)}"))]


def all_places(settings: Settings) -> list[Place]:
    """Where decisions may be, in the order in which they are asked."""
    places = embedded_places(settings)
    places = [place for place in places if place.address.file and place.address.file.is_file()]
    places.sort(key=lambda place: place.name != settings.market)
    return [*_named_database(settings), *places]


def _named_database(settings: Settings) -> list[Place]:
    """What BABINGEPET_DATABASE_URL names; of a server's schemas those that were made."""
    if not settings.database_url:
        return []
    address = settings.warehouse(settings.source)
    if address.file is not None:
        return [Place(CONFIGURED, address)]
    configured = Place(CONFIGURED, address, settings.source)
    others = [Place(name, settings.warehouse(name), name) for name in SOURCES if name != settings.source]  # fmt: skip
    try:
        with closing(open_database(address.url)) as database:
            made = schema.made_schemas(database)
    except BabingepetError:
        return [configured]  # whoever opens it says what is wrong
    is_expected = settings.source == REAL or configured.address.schema in made
    return [
        *([configured] if is_expected else []),
        *(place for place in others if place.address.schema in made),
    ]


@contextmanager
def find(
    settings: Settings, identifier: str, warehouse: str | None = None, *, kind: Kind = "any"
) -> Iterator[Found]:
    """Find a cycle or a position.

    Args:
        settings: Where to look.
        identifier: A cycle id or a position id.
        warehouse: Name of the one place to look at; None for all.
        kind: ``cycle`` to leave positions out.

    Raises:
        InputError: No warehouse has it; the message names the nearest ones.
        Unavailable: The only places left do not answer.
    """
    places = named_places(settings, warehouse)
    with ExitStack() as stack:
        search = _Search(identifier, kind)
        for place in places:
            search.look_into(place, stack)
        if not search.hits:
            raise search.failure(places)
        place, database, cycle_id, position_id = search.hits[0]
        also_in = tuple(other.name for other, *_ in search.hits[1:])
        yield Found(place, database, PAPER, cycle_id, position_id, also_in)


class _Search:
    """What came of looking for one identifier in several places."""

    def __init__(self, identifier: str, kind: Kind) -> None:
        self._identifier = identifier
        self._kind = kind
        self._near: list[str] = []
        self._silent: list[BabingepetError] = []
        self.hits: list[tuple[Place, Database, str, str | None]] = []

    def look_into(self, place: Place, stack: ExitStack) -> None:
        """Look into one place; its database stays open for as long as the stack."""
        try:
            database = place.open()
            stack.callback(database.close)
            with database.reading() as connection:
                hit = self._hit(connection)
                if hit:
                    self.hits.append((place, database, *hit))
                else:
                    positions = self._kind == "any"
                    self._near += nearest_ids(
                        connection, PAPER, self._identifier, with_positions=positions
                    )
        except BabingepetError as error:  # the others may still have it
            self._silent.append(error)

    def _hit(self, connection: Connection) -> tuple[str, str | None] | None:
        if history.decision(connection, PAPER, self._identifier):
            return self._identifier, None
        if self._kind == "cycle":
            return None
        position = history.position(connection, PAPER, self._identifier)
        return (position.entry_cycle_id, self._identifier) if position else None

    def failure(self, places: list[Place]) -> BabingepetError:
        """Why nothing was found."""
        if len(self._silent) == len(places):
            return self._silent[0]
        searched = ", ".join(place.name for place in places)
        ranked = sorted(
            set(self._near), key=lambda other: (-_shared(self._identifier, other), other)
        )
        nearest = ", ".join(ranked[:NEAREST]) or "none, nothing was decided yet"
        said = "".join(f"; {error}" for error in self._silent)
        return InputError(
            f"{self._identifier}: no such decision or position in {searched}; "
            f"the nearest: {nearest}{said}"
        )


def named_places(settings: Settings, warehouse: str | None) -> list[Place]:
    """The warehouses of that name, or all of them.

    Raises:
        InputError: There is none.
    """
    places = all_places(settings)
    if warehouse == CONFIGURED and not settings.database_url:
        return named_places(settings, settings.source)
    chosen = [place for place in places if warehouse in {None, place.name, place.source}]
    if not chosen:
        what = "no warehouse" if warehouse is None else f"no warehouse named {warehouse}"
        raise InputError(f"there is {what} in {settings.data_dir.absolute()} yet")
    return chosen


def account_place(settings: Settings, book: str, warehouse: str | None = None) -> Place:
    """The first place that has an account of the settings' instrument.

    Args:
        settings: Where to look, and the instrument.
        book: The ledger.
        warehouse: Name of the one place to look at; None for all.

    Raises:
        InputError: No warehouse has it.
        WarehouseUnavailable: One that is asked before it is found does not answer.
    """
    places = named_places(settings, warehouse)
    # One that does not answer is never passed over: another account would be taken for its own.
    first = next((place for place in places if _has_account(place, book, settings.symbol)), None)
    if first is None:
        searched = ", ".join(place.name for place in places)
        raise InputError(f"book {book} has no decision about {settings.symbol} in {searched}")
    return first


def _has_account(place: Place, book: str, symbol: str) -> bool:
    database = place.open()
    try:
        with database.reading() as connection:
            return bool(accounts.accounts(connection, book, symbol))
    finally:
        database.close()


def _shared(one: str, other: str) -> int:
    """Length of the common beginning."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
