"""What a replay stands beside, measured by the same metrics and told as JSON values.

Belongs here: from the engine's baselines to a document. What they are is told in
``babingepet.replay.baselines``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from babingepet.market.frames import Floats
from babingepet.performance.equity import EquityCurve
from babingepet.performance.returns import return_metrics
from babingepet.replay.baselines import (
    RUNS,
    BuyAndHold,
    CoinFlips,
    buy_and_hold,
    coin_flips,
)
from babingepet.replay.result import Replay
from babingepet_services.performance.measure import PERIODS_PER_YEAR

STANDINGS = ("net_pnl", "profit_factor", "expectancy_r", "max_drawdown")
"""Numbers by which a strategy is set among coin flips."""


@dataclass(frozen=True, eq=False)
class Beside:
    """What the strategy stands beside.

    Attributes:
        held: Equity of the coin held all along.
        chance: Net P&L of each coin-flip account, quote currency.
        buy_and_hold: Numbers of the coin held all along, as JSON values.
        coin_flips: Where the strategy lies among the accounts, as JSON values.
    """

    held: EquityCurve
    chance: Floats
    buy_and_hold: Mapping[str, Any]
    coin_flips: Mapping[str, Any]


def beside(replay: Replay, *, runs: int = RUNS, seed: int = 0, threads: int = 1) -> Beside:
    """Compute both baselines of a replay.

    Args:
        replay: The account that was voted.
        runs: Coin-flip accounts.
        seed: Of their draws.
        threads: Accounts walked side by side; the result is the same.
    """
    held, flips = buy_and_hold(replay), coin_flips(replay, runs=runs, seed=seed, threads=threads)
    return Beside(held.curve, flips.accounts.net_pnl, _held(held), _flips(flips))


def _held(held: BuyAndHold) -> dict[str, Any]:
    final = float(held.curve.equity[-1])
    return {
        "final_equity": final,
        "net_pnl": final - float(held.curve.equity[0]),
        "quantity": held.quantity,
        "entry_price": held.entry_price,
        "fee_paid": held.fee_paid,
        "slippage_paid": held.slippage_paid,
        "metrics": asdict(return_metrics(held.curve, PERIODS_PER_YEAR)),
    }


def _flips(flips: CoinFlips) -> dict[str, Any]:
    return {
        "runs": len(flips.accounts.net_pnl),
        "seed": flips.seed,
        "entries": flips.entries,
        "dropped": asdict(flips.dropped),
        **{name: asdict(getattr(flips, name)) for name in STANDINGS},
    }
