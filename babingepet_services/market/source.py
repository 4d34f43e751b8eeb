"""Which market a program reads, and the warehouse that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from babingepet.errors import ConfigurationError, ExchangeUnavailable
from babingepet_resources.clients.binance.feed import BinanceFeed
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import MarketFeed
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.exchange.opening import open_markets, parse_speed
from babingepet_resources.exchange.threaded import serve_in_thread
from babingepet_resources.settings import REAL, Settings, require_files
from babingepet_resources.warehouse import schema
from babingepet_resources.warehouse.database import Database, open_database
from babingepet_resources.warehouse.limits import CYCLE

SIMULATED_WARNING = (
    "The exchange cannot be reached: this is a SIMULATED market. Every price is made up; it has a "
    "database of its own and every row says so."
)


@dataclass(frozen=True)
class OpenMarket:
    """A market that can be started.

    Attributes:
        feed: Not started yet.
        source: Stamped on every fact: binance, recorded, simulated.
        warning: What the user must not miss, if anything.
    """

    feed: MarketFeed
    source: str
    warning: str | None = None


@dataclass(frozen=True)
class OpenExchange:
    """An exchange that can be connected to.

    Attributes:
        url: Of a loopback exchange; None for the real one.
        source: Stamped on every fact: binance, recorded, simulated.
        warning: What the user must not miss, if anything.
    """

    url: str | None
    source: str
    warning: str | None = None


def resolve_market(settings: Settings, clock: Clock) -> str:
    """The market that ``auto`` stands for: binance when it answers, else simulated."""
    if settings.market != "auto":
        return settings.market
    if settings.exchange_url:
        return "simulated"
    feed = BinanceFeed(settings.symbol, clock=clock)
    try:
        feed.start()
    except ExchangeUnavailable:
        return "simulated"
    finally:
        feed.stop()
    return "binance"


@contextmanager
def open_market(settings: Settings, clock: Clock) -> Iterator[OpenMarket]:
    """Open the market of the settings; see ``open_exchange``."""
    with open_exchange(settings, clock, [settings.symbol]) as exchange:
        feed = BinanceFeed(settings.symbol, base_url=exchange.url, clock=clock)
        yield OpenMarket(feed, exchange.source, exchange.warning)


@contextmanager
def open_exchange(
    settings: Settings, clock: Clock, symbols: Sequence[str]
) -> Iterator[OpenExchange]:
    """Find the exchange of the settings' market.

    A recorded or simulated market is served by the loopback exchange at ``exchange_url``, or by
    one in a thread of this process for as long as the block lasts.

    Args:
        settings: Which market, from where.
        clock: This machine's.
        symbols: Instruments that a loopback exchange has to serve.

    Raises:
        InputError: A file, symbol or time of a recording is wrong.
    """
    market = resolve_market(settings, clock)
    warning = SIMULATED_WARNING if market != settings.market else None
    if market == "binance":
        yield OpenExchange(None, market, warning)
    elif settings.exchange_url:
        yield OpenExchange(settings.exchange_url, market, warning)
    else:
        with _own_exchange(settings, market, symbols) as url:
            yield OpenExchange(url, market, warning)


@contextmanager
def _own_exchange(settings: Settings, market: str, symbols: Sequence[str]) -> Iterator[str]:
    require_files(settings.data)
    start = parse_moment(settings.start) if settings.start else None
    markets = open_markets(
        "recorded" if market == "recorded" else "simulated",
        data=settings.data,
        symbols=symbols,
        start=start,
        seed=settings.seed,
    )
    with serve_in_thread(markets, speed=parse_speed(settings.speed), start=start) as exchange:
        yield exchange.url


def open_warehouse(settings: Settings, source: str) -> Database:
    """Open the database of a source; what is embedded or made up is brought up to date.

    The tables of the real market on a server are only ever changed by `babingepet db upgrade`.

    Raises:
        ConfigurationError: Those are not at this version's schema, or tables of the same names are
            somebody else's.
        WarehouseUnavailable: It cannot be reached or written.
    """
    address = settings.warehouse(source)
    return _open_ready(address.url, address.schema, keeps_itself=source != REAL)


def open_embedded_or_current(url: str, database_schema: str | None) -> Database:
    """Open a database by address, as ``open_warehouse`` does that of the real market."""
    return _open_ready(url, database_schema, keeps_itself=False)


def open_existing(settings: Settings, source: str) -> Database | None:
    """Open the database of a source for a short look, without making or changing it.

    Returns:
        None when there is none yet. What looks must not wait: the limits are those of a cycle.

    Raises:
        WarehouseUnavailable: It cannot be reached.
    """
    address = settings.warehouse(source)
    if address.file is not None and not address.file.exists():
        return None
    database = open_database(address.url, address.schema, limits=CYCLE)
    if source == REAL or database.is_sqlite or _is_made(database):
        return database
    database.close()
    return None


def _is_made(database: Database) -> bool:
    return database.schema in schema.made_schemas(database)


def _open_ready(url: str, database_schema: str | None, *, keeps_itself: bool) -> Database:
    database = open_database(url, database_schema)
    with ExitStack() as on_error:
        on_error.callback(database.close)
        if keeps_itself or database.is_sqlite:
            schema.upgrade(database)
        elif not schema.is_current(database):
            raise ConfigurationError(
                f"the database at {database.where} is not at this version's schema: "
                "run `babingepet db upgrade`"
            )
        on_error.pop_all()
    return database
