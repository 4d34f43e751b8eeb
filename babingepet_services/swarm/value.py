"""What the analysts are worth: replays with all of them, with none, and without each.

1. the market is read once; answers are made by the embedded analysts or read from the store
2. it is decided once with all, once with none, once without each analyst and each group
3. what all came to is split (``babingepet.swarm.drop_one``), and set beside calibration and cost

No model is asked. Belongs here: the order of things. Does not belong here: whether analysts were
right (``calibrated``), what is told (``value_report``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count

import numpy as np

from babingepet.errors import InputError
from babingepet.market.frames import Floats
from babingepet.performance.equity import daily_equity
from babingepet.replay.ablation import Ablation, read_ablation
from babingepet.replay.measures import equity_curve
from babingepet.replay.result import Replay
from babingepet.replay.run import opened
from babingepet.swarm.agents import Group, names_of
from babingepet.swarm.drop_one import split
from babingepet.swarm.rosters import BTC
from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse import swarm_calls
from babingepet_resources.warehouse.records import SpendRecord
from babingepet_services.replay.inputs import ReplayInputs, ReplayRequest, read_inputs
from babingepet_services.swarm.calibrated import Judged, judge_all
from babingepet_services.swarm.said import Said, said_by_rules, said_live
from babingepet_services.warehouse_lookup import CONFIGURED, named_places

Progress = Callable[[str, int, int], None]
"""Takes what is done now, how much of it is done, and how much there is; 0 where nobody knows."""

SMALLEST = 100_000_000
"""Of the smallest unit of money, 1e-8 USDT, in one USDT: whole numbers of it add up exactly."""


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, eq=False)
class Account:
    """What one replay came to.

    Attributes:
        net_pnl: Equity at the last minute less the capital, in 1e-8 USDT.
        days: Net P&L of each day that is over, USDT.
        trades: Closed, without shadows.
        ledger_sha256: Content address of all its money.
    """

    net_pnl: int
    days: Floats
    trades: int
    ledger_sha256: str

    @classmethod
    def of(cls, replay: Replay) -> Account:
        """Reduce a replay."""
        gained = float(replay.minutes.equity[-1]) - replay.rules.capital
        days = np.diff(daily_equity(equity_curve(replay)).equity)
        trades = int((~replay.trades.shadow).sum())
        return cls(round(gained * SMALLEST), days, trades, replay.ledger_sha256)


@dataclass(frozen=True, eq=False)
class Worth:
    """What the analysts of a period were worth.

    Attributes:
        request: What was asked for.
        inputs: What was read.
        ablation: The market, and what was said about it.
        said: The same by analyst, with models and states.
        with_all: The replay that hears everybody.
        with_none: The replay that hears nobody.
        without: Replays by the name of the analyst or the group that was not heard.
        marginals: What each analyst adds to the others, by name, in 1e-8 USDT.
        interaction: What all came to less the sum of the marginals, in 1e-8 USDT.
        judged: Calibration by the name of an analyst, a group, or the consensus.
        spend: What the calls of the period cost.
        seconds: What all replays took.
    """

    request: ReplayRequest
    inputs: ReplayInputs
    ablation: Ablation
    said: Said
    with_all: Account
    with_none: Account
    without: Mapping[str, Account]
    marginals: Mapping[str, int]
    interaction: int
    judged: Mapping[str, Judged]
    spend: tuple[SpendRecord, ...]
    seconds: float


def run_value(
    request: ReplayRequest, clock: Clock, *, threads: int = 1, progress: Progress = silent
) -> Worth:
    """Replay a period with all analysts, with none, and without each; nothing is written.

    Args:
        request: What is replayed, and whose answers.
        clock: Times it.
        threads: Months that are read side by side; the result is the same.
        progress: Told what is done.

    Raises:
        ConfigurationError: Without analysts the source can never supply enough of the vote.
        InputError: What is asked for cannot be replayed, or no answer is stored.
        WarehouseUnavailable: A database that is needed does not answer.
    """
    if threads < 1:
        raise InputError(f"--workers {threads}: must be 1 or more")
    if request.replay_ai == "none":
        raise InputError("--replay-ai none: there is nobody whose worth could be told")
    progress("reading the market", 0, 0)
    inputs = read_inputs(request, clock)
    begun = clock.monotonic()
    market, start, end = opened(inputs.market, inputs.rules, inputs.start, inputs.end)
    stored, spend = _stored(request, start, end)
    ablation = read_ablation(
        market, inputs.rules, start, end,
        answers=None if stored is None else stored.answers, threads=threads,
        progress=lambda done, total: progress("reading the minutes", done, total),
    )  # fmt: skip
    said = stored or said_by_rules(ablation.answers)
    with_all, with_none, without = _replays(ablation, progress)
    marginals, interaction = _split(with_all, with_none, without)
    judged = judge_all(said, said.within(start, end))
    return Worth(
        request, inputs, ablation, said, with_all, with_none, without, marginals, interaction,
        judged, spend, clock.monotonic() - begun,
    )  # fmt: skip


def _stored(
    request: ReplayRequest, start: int, end: int
) -> tuple[Said | None, tuple[SpendRecord, ...]]:
    """Answers and costs as they are stored; the embedded analysts need neither."""
    if request.replay_ai == "rules":
        return None, ()
    place = named_places(request.settings, CONFIGURED)[0]
    with closing(place.open()) as database, database.reading() as connection:
        said = said_live(connection, request.settings.symbol, start, end)
        spend = swarm_calls.spend(connection, start, end)
    return said, tuple(one for one in spend if one.market == BTC.market)


def _replays(
    ablation: Ablation, progress: Progress
) -> tuple[Account, Account, Mapping[str, Account]]:
    left_out: dict[str, tuple[str, ...]] = {name: (name,) for name in BTC.names}
    left_out |= {group.value: names_of(BTC, group) for group in Group}
    total, done = len(left_out) + 2, count(1)

    def account(replay: Replay) -> Account:
        progress("replaying without each", next(done), total)
        return Account.of(replay)

    with_all, with_none = account(ablation.without()), account(ablation.without_any())
    return (
        with_all,
        with_none,
        {name: account(ablation.without(names)) for name, names in left_out.items()},
    )


def _split(
    with_all: Account, with_none: Account, without: Mapping[str, Account]
) -> tuple[dict[str, int], int]:
    """Marginals and interaction of whole numbers, which doubles hold exactly."""
    parts = split(
        with_all.net_pnl, with_none.net_pnl, {name: without[name].net_pnl for name in BTC.names}
    )
    marginals = {name: int(value) for name, value in parts.marginals.items()}
    return marginals, int(parts.interaction)
