"""What a decision must know beside its market: context of other sources, and checks that fail.

Belongs here: asking, and evaluating the checks now and then. Does not belong here: what a check says
(``checks``), what context is (``context``).
"""

from __future__ import annotations

from babingepet.errors import WarehouseUnavailable
from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse import checks
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc import checks as btc_checks
from babingepet_services.btc.context import Context, read_context
from babingepet_services.btc.memory import BtcMemory
from babingepet_services.market import gap_ledger

SETTLED = DAY
"""Age up to which gaps are looked at again for the decisions that they concern."""


def known_beside(
    database: Database, memory: BtcMemory, as_of: int
) -> tuple[Context, tuple[str, ...]]:
    """Context, and blocking checks that fail; what cannot be asked forbids entries."""
    try:
        with database.reading() as connection:
            failing = btc_checks.failing_now(connection, memory.info.source, as_of)
            return read_context(connection, memory.context_feeds, as_of), failing
    except WarehouseUnavailable as error:
        return Context(), (f"the data checks could not be asked: {error}",)


def evaluate_checks(
    database: Database, memory: BtcMemory, book: str, as_of: int, clock: Clock
) -> None:
    """Evaluate the data checks of the day so far, and bring the gap ledger up to date.

    Raises:
        WarehouseUnavailable: The database; nothing was written.
    """
    info = memory.info
    with database.reading() as connection:
        day = btc_checks.load_day(connection, info.symbol, info.source, book, as_of - MINUTE)
    with database.writing() as connection:
        checks.put(connection, btc_checks.evaluate(day, info.source, clock.now()))
        market = gap_ledger.Market(info.symbol, info.source)
        gap_ledger.close_candles(connection, market, as_of - SETTLED, as_of)
        gap_ledger.settle(connection, market, as_of - SETTLED, as_of)
