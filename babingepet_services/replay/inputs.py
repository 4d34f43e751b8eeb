"""What a user asks to replay, checked and read: the market, the rules, the period.

Belongs here: one way from options to the engine's arguments for every command that replays. Does
not belong here: replaying.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babingepet.cycles.btc import CAPITAL
from babingepet.cycles.settings import BtcSettings, override
from babingepet.errors import InputError
from babingepet.market.intervals import iso
from babingepet.replay.market import ReplayMarket, ReplayRules
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.replay.analysts import ReplayAi, with_analysts
from babingepet_services.replay.files import read_files
from babingepet_services.replay.warehouse import read_warehouse


@dataclass(frozen=True, kw_only=True)
class ReplayRequest:
    """What is asked for; times are UTC milliseconds.

    Attributes:
        market: btc is the one that is replayed.
        settings: The instrument, changed trading settings, and where the warehouse is.
        candles: Files of minute candles; none to read the configured warehouse.
        funding: Files of funding rates that belong to them.
        start: First time that is decided; None for the first minute.
        end: Where the decisions end; None for after the last minute.
        capital: USDT to begin with.
        replay_ai: Which analysts are heard.
    """

    settings: Settings
    market: str = "btc"
    candles: tuple[Path, ...] = ()
    funding: tuple[Path, ...] = ()
    start: int | None = None
    end: int | None = None
    capital: float = CAPITAL
    replay_ai: ReplayAi = "rules"


@dataclass(frozen=True, eq=False)
class ReplayInputs:
    """What ``replay`` takes, in memory.

    Attributes:
        market: What is replayed.
        rules: What decides.
        start: As asked.
        end: As asked.
        origin: Where the market comes from, as JSON values.
        notes: What a reader of the results must know about it.
        read_seconds: What reading took.
    """

    market: ReplayMarket
    rules: ReplayRules
    start: int | None
    end: int | None
    origin: Mapping[str, Any]
    notes: tuple[str, ...]
    read_seconds: float


def read_inputs(request: ReplayRequest, clock: Clock) -> ReplayInputs:
    """Check what is asked for and read the market.

    Raises:
        InputError: Something given is wrong; the message names the option, file or row.
        WarehouseUnavailable: There are no files, and the database does not answer.
    """
    rules = check_request(request)
    begun = clock.monotonic()
    if request.candles:
        read = read_files(request.candles, request.funding, request.settings.symbol)
    else:
        read = read_warehouse(request.settings, request.start, request.end)
    read = with_analysts(read, request.replay_ai, request.settings, request.start, request.end)
    return ReplayInputs(
        market=read.market,
        rules=rules,
        start=request.start,
        end=request.end,
        origin=read.origin,
        notes=read.notes,
        read_seconds=clock.monotonic() - begun,
    )


def check_request(request: ReplayRequest) -> ReplayRules:
    """Refuse what can be refused before anything is read; returns the rules that decide.

    Raises:
        InputError: The message names the option.
    """
    if request.market != "btc":
        raise InputError(f"--market {request.market}: this version replays btc only")
    if request.funding and not request.candles:
        raise InputError("--funding belongs to --candles: a warehouse has its own rates")
    start, end = request.start, request.end
    if start is not None and end is not None and end <= start:
        raise InputError(f"--to {iso(end)} is not after --from {iso(start)}")
    if not 0.0 < request.capital < math.inf:
        raise InputError(f"--capital {request.capital:g}: must be above 0")
    return ReplayRules(
        settings=override(BtcSettings(), request.settings.overrides), capital=request.capital
    )
