"""In which warehouse a day of an account is, and which day is meant."""

from __future__ import annotations

from babingepet.market.intervals import MINUTE, day_key
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import accounts
from babingepet_services.btc.records import PAPER
from babingepet_services.performance.account import choose_account
from babingepet_services.replay.live_parity import DayParity, replay_day
from babingepet_services.warehouse_lookup import account_place


def find_parity(
    settings: Settings,
    book: str = PAPER,
    day: str | None = None,
    *,
    warehouse: str | None = None,
    source: str | None = None,
) -> tuple[str, DayParity]:
    """Make a day of the settings' instrument again, in the first warehouse that has the account.

    Args:
        settings: Where warehouses are, and the instrument.
        book: The ledger.
        day: The UTC day; None for the day of the account's last minute.
        warehouse: Name of the one warehouse to look at; None for all.
        source: Binance, recorded or simulated; None for the one that was decided on last.

    Returns:
        The warehouse's name, and what the day came to.

    Raises:
        InputError: No warehouse has such an account, or it is not a day.
        TapeUnavailable: The event tape does not answer.
        WarehouseUnavailable: One that is asked before it is found does not answer.
    """
    place = account_place(settings, book, warehouse)
    database = place.open()
    try:
        with database.reading() as connection:
            found = accounts.accounts(connection, book, settings.symbol)
        account = choose_account(found, book, settings.symbol, source)
        chosen = day_key(account.last - MINUTE) if day is None else day
        return place.name, replay_day(
            database,
            book,
            settings.symbol,
            account.source,
            chosen,
            EventTape.open(settings.tape_address()),
        )
    finally:
        database.close()
