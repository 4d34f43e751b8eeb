"""Which analysts a replay hears: none, the embedded ones, or what was answered live.

Nobody is asked anew: a model that is asked today about last year has read what came of it. A minute
without a stored verdict has no consensus, or none of the replay goes on, by choice.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Literal

import numpy as np

from babingepet.errors import InputError
from babingepet.market.context import Verdicts
from babingepet.market.intervals import iso
from babingepet.replay.analysts import EVERY, begin_of
from babingepet.replay.market import ReplayMarket
from babingepet.signals.registry import SWARM
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import swarm
from babingepet_services.btc.context import MARKET
from babingepet_services.replay.files import MarketRead
from babingepet_services.warehouse_lookup import CONFIGURED, named_places

ReplayAi = Literal["none", "rules", "stored", "complete"]

NOTES = {
    "none": "no analysts were heard",
    "rules": "the analysts are the embedded ones (provider: rules), asked every 20 minutes",
    "stored": "the analysts' verdicts are those stored live; where there is none, none is heard",
    "complete": "the analysts' verdicts are those stored live, one for each 20 minutes",
}


def with_analysts(
    read: MarketRead, ai: ReplayAi, settings: Settings, start: int | None, end: int | None
) -> MarketRead:
    """The market with the analysts that are asked for.

    Args:
        read: What is replayed.
        ai: ``complete`` is ``stored`` and an error where twenty minutes have no verdict.
        settings: Where verdicts are stored.
        start: First time that is decided, UTC ms; None for the first minute.
        end: Where the decisions end, UTC ms; None for after the last minute.

    Raises:
        InputError: There is no warehouse to read verdicts from, or one is missing that is needed.
        WarehouseUnavailable: The database does not answer.
    """
    market = read.market
    if ai != "none":
        market = replace(market, feeds=market.feeds | {SWARM})
    if ai in {"stored", "complete"}:
        first, stop = _period(market, start, end)
        verdicts = _stored(settings, first, stop)
        if ai == "complete":
            _require_all(verdicts, first, stop)
        market = replace(market, verdicts=verdicts)
    return replace(read, market=market, notes=(*read.notes, NOTES[ai]))


def _period(market: ReplayMarket, start: int | None, end: int | None) -> tuple[int, int]:
    times = market.minutes.open_time
    first, last = (int(times[0]), int(times[-1])) if len(times) else (0, 0)
    return first if start is None else start, last if end is None else end


def _stored(settings: Settings, start: int, end: int) -> Verdicts:
    place = named_places(settings, CONFIGURED)[0]
    with closing(place.open()) as database, database.reading() as connection:
        return swarm.series(connection, MARKET, begin_of(start), end)


def _require_all(verdicts: Verdicts, start: int, end: int) -> None:
    needed = np.arange(-(-start // EVERY), end // EVERY)
    missing = np.setdiff1d(needed, verdicts.as_of // EVERY)
    if len(missing):
        begins = iso(int(missing[0]) * EVERY)
        raise InputError(
            f"--replay-ai complete: no verdict is stored of the twenty minutes from {begins} on, "
            f"nor of {len(missing) - 1:,} others; --replay-ai stored leaves them out"
        )
