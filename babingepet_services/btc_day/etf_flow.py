"""What one day knew of the funds' flows, and of fear and greed.

Both are told once a day and revised, mostly about the days before: a report counts what was told on
its day, and shows the newest figures that were known at its end.

Belongs here: asking for today, reading the day and summing it up. Does not belong here: asking
itself (``babingepet_services.context``) and drawing (``btc_day.context_plots``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from babingepet.market.context import EtfFlows
from babingepet.market.intervals import DAY, day_key
from babingepet_resources.clients.clock import Clock
from babingepet_resources.market_files.fear_greed import FearGreed
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import etf_flows, fear_greed
from babingepet_services.btc_day import context_plots
from babingepet_services.btc_day.context import MARKET, attempts, is_today, told
from babingepet_services.btc_day.day import AssetReport, Cell, DayScope, span, table
from babingepet_services.context.daily import refresh_etf_flows, refresh_fear_greed

DRAWN_DAYS = 42
"""Days before the end of the report's own that are drawn: six weeks."""
TABLE_DAYS = 10
WEEK = 5
"""Trading days of a week."""
INDEX = "fear_greed_"
"""Before the names of what concerns the index."""


class Known(NamedTuple):
    """Figures known at the end of a day, ascending."""

    flows: EtfFlows
    fear_greed: FearGreed


def describe_etf_flow(scope: DayScope, settings: Settings, clock: Clock) -> AssetReport:
    """Figures told on the day; for today both feeds are asked before.

    Raises:
        ConfigurationError: An address of the settings is none.
        WarehouseUnavailable: The database. A feed that is down does not raise.
    """
    numbers = _ask(scope, settings, clock)
    with scope.database.reading() as connection:
        told_at = etf_flows.filed(connection, MARKET, scope.start, scope.end)
        index_told_at = fear_greed.filed(connection, scope.start, scope.end)
        known = read_known(connection, scope.end)
        numbers |= attempts(connection, scope, "etf_flow")
        numbers |= attempts(connection, scope, "fear_greed", INDEX)
    numbers |= {"market": scope.source, f"{INDEX}rows": len(index_told_at), **_newest(known)}
    return AssetReport(
        len(told_at),
        span(np.array(sorted(told_at + index_told_at), np.int64), 1),
        "fund flows and fear and greed as told",
        _table(known),
        _plot(scope, known),
        numbers,
    )


def _ask(scope: DayScope, settings: Settings, clock: Clock) -> dict[str, Cell]:
    if not is_today(scope, clock):
        return told(None) | told(None, INDEX)
    flows = refresh_etf_flows(settings, scope.database, clock)
    index = refresh_fear_greed(settings, scope.database, clock)
    return told(flows) | told(index, INDEX)


def read_known(connection: Connection, end: int) -> Known:
    """What was known of flows and index before ``end``, UTC ms."""
    limit = {"until": end, "known_until": end - 1, "limit_days": DRAWN_DAYS}
    return Known(etf_flows.read(connection, MARKET, **limit), fear_greed.read(connection, **limit))


def _newest(known: Known) -> dict[str, Cell]:
    numbers: dict[str, Cell] = {}
    if len(known.flows):
        numbers |= {
            "flow_day": day_key(int(known.flows.day[-1])),
            "flow_usd": float(known.flows.flow_usd[-1]),
            "flow_5_days_usd": float(known.flows.flow_usd[-WEEK:].sum()),
        }
    if len(known.fear_greed):
        numbers |= {
            "fear_greed_day": day_key(int(known.fear_greed.day[-1])),
            "fear_greed": int(known.fear_greed.value[-1]),
        }
    return numbers


def _table(known: Known) -> str:
    flows = dict(zip(known.flows.day.tolist(), known.flows.flow_usd.tolist(), strict=True))
    index = dict(zip(known.fear_greed.day.tolist(), known.fear_greed.value.tolist(), strict=True))
    days = sorted(flows.keys() | index.keys(), reverse=True)[:TABLE_DAYS]
    rows = [
        (day_key(day), round(flows[day] / 1e6, 1) if day in flows else None, index.get(day))
        for day in days
    ]
    return table(("day", "net flow, million USD", "fear and greed"), rows)


def _plot(scope: DayScope, known: Known) -> bytes | None:
    begin = scope.end - DRAWN_DAYS * DAY
    flows, index = known.flows.between(begin, scope.end), known.fear_greed.between(begin, scope.end)
    if not len(flows) and not len(index):
        return None
    return scope.drawn(
        context_plots.etf_flow,
        (begin, scope.end),
        flows.day,
        flows.flow_usd,
        index.day,
        index.value,
    )
