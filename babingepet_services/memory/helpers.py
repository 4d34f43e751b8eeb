"""What cycles and prompts call: one thing remembered, or what like trades came to.

Belongs here: one call a market and event. What an engram says belongs to the engine, and which
stored decisions are worth remembering to ``remember``.
"""

from __future__ import annotations

import json
from typing import Any

from babingepet.memory.conditions import Conditions
from babingepet.memory.engrams import Outcome
from babingepet.memory.events import pick_engram, trade_engram
from babingepet.memory.patterns import WINDOW, PatternTold, pattern_told
from babingepet_resources.hippocampus.records import Stored
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.warehouse.records import DecisionRecord
from babingepet_services.memory.remember import engram_of_decision


def store_btc_decision(store: Hippocampus, decision: DecisionRecord, *, now: int) -> Stored:
    """Remember a stored decision, whatever it is; ``remember_day`` chooses which are worth it."""
    return store.store_engram(engram_of_decision(decision, json.loads(decision.payload)), now=now)


def store_altcoin_trade(store: Hippocampus, *, now: int, **trade: Any) -> Stored:  # noqa: ANN401 see trade_engram
    """Remember a closed altcoin trade; ``trade`` are the arguments of ``trade_engram``."""
    return store.store_engram(trade_engram(market="altcoin", **trade), now=now)


def store_ihsg_pick(store: Hippocampus, *, now: int, **pick: Any) -> Stored:  # noqa: ANN401 see pick_engram
    """Remember a pick, whose outcome comes later; ``pick`` are the arguments of ``pick_engram``."""
    return store.store_engram(pick_engram(**pick), now=now)


def close_ihsg_pick(
    store: Hippocampus, fact_id: str, outcome: Outcome, *, known_at: int, now: int
) -> Stored:
    """Say what came of a pick.

    Raises:
        InputError: No pick of this name is remembered.
    """
    return store.record_outcome(fact_id, outcome, known_at=known_at, now=now)


def context_for(
    store: Hippocampus, conditions: Conditions, as_of: int, *, market: str = "btc", k: int = 5
) -> str:
    """The words of ``told_for``."""
    return told_for(store, conditions, as_of, market=market, k=k).text


def told_for(
    store: Hippocampus, conditions: Conditions, as_of: int, *, market: str = "btc", k: int = 5
) -> PatternTold:
    """What like trades came to, as it was known at ``as_of``; at most 1,200 characters.

    Args:
        store: The memory of the source that is decided on.
        conditions: Those of now; None in one is "not measured", and resembles nothing.
        as_of: The decision's cut-off, UTC ms: later outcomes are not counted.
        market: Whose trades.
        k: Single trades to tell.

    Raises:
        MemoryUnavailable: The file; the caller goes on without, and says so.
    """
    trades = store.closed_trades(market, since=as_of - WINDOW, known_until=as_of)
    return pattern_told(trades, conditions, k)


def get_btc_pattern_context(
    store: Hippocampus, conditions: Conditions, as_of: int, k: int = 5
) -> str:
    """``context_for`` of BTC."""
    return context_for(store, conditions, as_of, market="btc", k=k)
