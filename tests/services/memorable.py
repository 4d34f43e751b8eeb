"""Stored minutes of which some are worth remembering, on 2025-05-10 and after it.

Does not belong here: what becomes of them.
"""

import json

from babingepet.market.intervals import MINUTE
from babingepet.memory.conditions import Conditions
from babingepet_resources.warehouse import cycles
from tests.resources.warehouse import builders as b

CONDITIONS = Conditions("HIGH", "BUY", "B", "ASIA", "TRENDING_UP")
"""Of every minute that is decided here before 08:00."""


def payload(minute, order):
    return json.dumps(
        {
            "as_of": b.START + minute * MINUTE,
            "grade": "B",
            "regime": "TRENDING_UP",
            "raw": {"vpin": {"level": "HIGH"}, "ofi_contrarian": {"pressure": "BUY"}},
            "order": order,
        }
    )


def decide(database, minute, verdict="HOLD", gates=("HOLD",), *, ordered=False, **more):
    """One decided minute."""
    order = {"side": "LONG"} if ordered else None
    decision = b.decision(
        minute, verdict=verdict, blocked_by=list(gates), payload=payload(minute, order)
    )
    empty = {"signals": [], "inputs": None, "gaps": [], "positions": [], "outbox": []}
    cycles.commit(database, None, b.cycle(minute, **(empty | {"decision": decision} | more)), now=1)


def decide_a_day(database):
    """A verdict that was refused for two minutes, one that became a trade, and HOLDs between."""
    decide(database, 1)
    decide(database, 2, "BUY", ["HOUR_BLOCK"])
    decide(database, 3, "BUY", ["HOUR_BLOCK"])
    decide(database, 4, "BUY", ["HOUR_BLOCK", "GRADE"])
    decide(database, 5)
    decide(database, 6, "BUY", ["HOUR_BLOCK"])
    decide(database, 7, "STRONG_BUY", [], ordered=True)
    decide(database, 8, "STRONG_BUY", ["POSITION_OPEN"], positions=[b.position(minute=7)])
    shadow = b.position(2, minute=7, shadow=True)
    ends = [b.closed(b.position(minute=7), 9), b.closed(shadow, 9)]
    decide(database, 9, positions=ends)
