"""The account of minutes as it is told: of one warehouse, as JSON values.

Belongs here: which period is meant when none is given. Does not belong here: the account
(``btc.minutes``).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Any

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.clients.clock import Clock
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import accounts
from babingepet_services.btc.minutes import MinuteAccount, account_minutes, newest_known
from babingepet_services.btc.records import PAPER
from babingepet_services.market.gap_ledger import Market
from babingepet_services.warehouse_lookup import account_place

LONGEST = 366 * DAY
"""A year of minutes is read at once; a longer period is asked for in parts."""


def minute_report(
    settings: Settings,
    clock: Clock,
    first: str | None = None,
    last: str | None = None,
    warehouse: str | None = None,
) -> dict[str, Any]:
    """What became of each minute of a period of the paper book.

    Args:
        settings: Where warehouses are, and the instrument.
        clock: This machine's.
        first: First minute; None for the last day, or since the book began when that is shorter.
        last: End of the last minute; None for now, in a played market for the newest known minute.
        warehouse: Name of the one warehouse to look at; None for the first with an account.

    Returns:
        warehouse, symbol, source, from, to, minutes, decided, missed, unknown, both, reasons{},
        fences{}, stretches[] (start, end, minutes, state, reason). Times are UTC milliseconds.

    Raises:
        InputError: A time is none, the period is empty or too long, or nothing was decided yet.
        WarehouseUnavailable: The warehouse does not answer.
    """
    place = account_place(settings, PAPER, warehouse)
    with closing(place.open()) as database, database.reading() as connection:
        span = accounts.accounts(connection, PAPER, settings.symbol)[0]
        market = Market(settings.symbol, span.source)
        known = newest_known(connection, market, clock.now()) // MINUTE * MINUTE
        end = parse_moment(last, "--to") if last else known
        start = parse_moment(first) if first else max(end - DAY, span.first - MINUTE)
        if not MINUTE <= end - start <= LONGEST:
            raise InputError("--from must be at least a minute and at most a year before --to")
        account = account_minutes(connection, market, start, end)
    return {"warehouse": place.name, **asdict(market), **as_document(account)}


def as_document(account: MinuteAccount) -> dict[str, Any]:
    """The account as JSON values."""
    return {
        "from": account.start,
        "to": account.end,
        "minutes": account.minutes,
        "decided": account.decided,
        "missed": account.missed,
        "unknown": account.unknown,
        "both": account.both,
        "reasons": account.reasons,
        "fences": {str(fence): count for fence, count in sorted(account.fences.items())},
        "stretches": [
            {
                "start": stretch.start,
                "end": stretch.end,
                "minutes": stretch.minutes,
                "state": "unknown" if stretch.reason is None else "missed",
                "reason": stretch.reason,
            }
            for stretch in account.not_decided
        ],
    }
