"""Accounts that trade through hours of a random market, under random rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from babingepet.cycles.btc_values import AccountMinute, BtcState, Vote
from babingepet.cycles.settings import BtcSettings
from babingepet.domain.codes import Gate
from babingepet.market.intervals import DAY, HOUR, MINUTE
from tests import factories as f
from tests.engine.cycles.account import Account

MINUTES = 180
CAPITAL = 1_000.0
STARTS = (f.WEDNESDAY + 10 * HOUR, f.WEDNESDAY + 22 * HOUR, f.MONDAY + 7 * DAY - 2 * HOUR)
"""Opens of the first minute: inside a day, before midnight, before a Monday."""


class Minute(NamedTuple):
    """One minute of a walk and what it came to."""

    as_of: int
    close: float
    funding: float
    """Rate times mark of the settlements due, per base unit."""
    before: BtcState
    after: BtcState
    account: AccountMinute
    vote: Vote

    def is_blocked_by(self, gate: Gate) -> bool:
        """Whether the gate failed."""
        return bool(self.vote.blocked >> gate & 1)


def rules(random: np.random.Generator) -> tuple[str, ...]:
    """Rules under which an account soon meets all its limits."""
    return (
        f"edge_policy={random.choice(['floor', 'floor', 'veto'])}",
        f"leverage={random.choice([1, 1, 3])}",
        f"kelly_fraction={random.choice([0.3, 1.0])}",
        f"quantity_step={random.choice(['0.00001', '0.001', '5'])}",
        f"first_cooldown={random.choice([0, 5, 30]) * MINUTE}",
        f"second_cooldown={random.choice([0, 10, 60]) * MINUTE}",
        f"later_cooldown={random.choice([0, 20, 120]) * MINUTE}",
        f"daily_drawdown={random.choice([0.002, 0.01, 0.05])}",
        f"weekly_drawdown={random.choice([0.004, 0.15])}",
        f"entry_spacing={random.choice([1, 5]) * MINUTE}",
        f"max_hold={random.choice([15, 1_440]) * MINUTE}",
        f"target={random.choice([0.004, 0.025])}",
        f"target_is_maker={random.choice(['true', 'false'])}",
        f"price_tick={random.choice([0, 0, 0.01])}",
        f"min_quantity={random.choice([0, 0.1])}",
        f"flatten_on_drawdown={random.choice(['true', 'false'])}",
        "blocked_hours=",
    )


def walk(seed: int) -> tuple[BtcSettings, list[Minute]]:
    """Three hours, their rules and minutes drawn from a seed; some minutes are missed."""
    random = np.random.default_rng(seed)
    record = random.normal(random.normal(0.0, 0.01), 0.01, random.integers(0, 100))
    account = Account(
        *rules(random), time=int(random.choice(STARTS)), capital=CAPITAL, returns=record
    )
    return account.settings, list(_minutes(account, random))


def _minutes(account: Account, random: np.random.Generator) -> Iterator[Minute]:
    missed = np.where(random.random(MINUTES) < 0.02, random.integers(1, 20, MINUTES), 0)
    funding = np.where(random.random(MINUTES) < 0.1, random.normal(0.0, 0.05, MINUTES), 0.0)
    regimes = random.choice([2, 3, 3, 4], MINUTES)
    hang = np.abs(random.normal(0.0, 0.01, MINUTES))
    moods = _moods(random)
    scores = np.clip(moods[:, None] + random.normal(0.0, 0.2, (MINUTES, 13)), -1.0, 1.0)
    for i, (open_, high, low, close) in enumerate(_prices(random, moods).tolist()):
        before = account.miss(int(missed[i])).state
        account.minute(
            open_, high, low, close, scores=scores[i], funding=float(funding[i]),
            market=f.market(regime=int(regimes[i])),
            chandelier_long=close * (1.0 - float(hang[i])),
            chandelier_short=close * (1.0 + float(hang[i])),
        )  # fmt: skip
        yield Minute(
            account.time, close, float(funding[i]), before, account.state, account.account,
            account.vote,
        )  # fmt: skip


def _moods(random: np.random.Generator) -> npt.NDArray[np.float64]:
    """What all scores lean to; it persists and turns."""
    steps, mood = random.normal(0.0, 0.3, MINUTES), 0.0
    return np.array([mood := min(1.0, max(-1.0, 0.8 * mood + step)) for step in steps])


def _prices(random: np.random.Generator, moods: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Open, high, low and close of minutes that follow the mood a little; shape (MINUTES, 4)."""
    gap = random.normal(0.0, 5e-4, MINUTES)
    body = random.normal(1e-3 * moods, 2e-3)
    close = 100.0 * np.exp((gap + body).cumsum())
    open_ = close * np.exp(-body)
    up, down = np.exp(np.abs(random.normal(0.0, 1e-3, (2, MINUTES))))
    return np.stack(
        [open_, np.maximum(open_, close) * up, np.minimum(open_, close) / down, close], axis=1
    )
