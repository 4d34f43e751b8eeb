"""What a sweep came to, as one document: the best trial beside chance first.

Belongs here: from the engine's sweep to JSON values and words. Does not belong here: trying
(``replay.sweep``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from babingepet.cycles.btc import WeightBook
from babingepet.market.intervals import HOUR
from babingepet.performance.returns import return_metrics
from babingepet.performance.trades import trade_metrics
from babingepet.replay.deflation import Deflation
from babingepet.replay.result import Replay
from babingepet.replay.sweep import SplitResult, Sweep
from babingepet.replay.trials import Trial
from babingepet.signals.registry import NAMES
from babingepet_services.performance.measure import PERIODS_PER_YEAR
from babingepet_services.replay.inputs import ReplayRequest

MARKET = "btc"


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    """What is asked for.

    Attributes:
        base: The market, the period, and the rules that the grid changes.
        grid: ``key=value,value``, a setting each.
        weights: Weight vectors that are drawn beside the base ones.
        splits: Of the walk forward; 0 for none.
        rolling: Whether train windows have one length instead of growing.
        seed: Of the drawn weights.
        workers: Trials that decide side by side; the result is the same for every number.
    """

    base: ReplayRequest
    grid: tuple[str, ...] = ()
    weights: int = 0
    splits: int = 0
    rolling: bool = False
    seed: int = 0
    workers: int = 1


@dataclass(frozen=True, slots=True)
class SweepTiming:
    """Seconds of a clock that never jumps.

    Attributes:
        read_seconds: Reading files or the warehouse.
        replay_seconds: Computing the signals, and the replay under the base rules.
        seconds: All trials.
    """

    read_seconds: float
    replay_seconds: float
    seconds: float


@dataclass(frozen=True, eq=False)
class SweepReport:
    """What a sweep came to.

    Attributes:
        request: What was asked for.
        base: The replay under the base rules.
        sweep: What came out of the engine.
        timing: How long it took.
        notes: What is known about the market that was read.
    """

    request: SweepRequest
    base: Replay
    sweep: Sweep
    timing: SweepTiming
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As JSON values under stable names; times are UTC ms, ratios annualised."""
        swept, base = self.sweep, self.base
        return {
            "market": MARKET,
            "symbol": base.market.symbol,
            "source": base.market.source,
            "start": swept.whole.start,
            "end": swept.whole.end,
            "bars": len(base.minutes),
            **asdict(self.timing),
            "workers": self.request.workers,
            "periods_per_year": PERIODS_PER_YEAR,
            "capital": base.rules.capital,
            "grid": list(self.request.grid),
            "weights": self.request.weights,
            "seed": self.request.seed,
            "trials": [_trial(swept, number) for number in range(len(swept.trials))],
            "best": _best(swept),
            "statement": statement(swept.deflation),
            "walk_forward": _walk_forward(swept, self.request) if swept.splits else None,
            "weight_books": _books(swept.trials),
            "settings": base.rules.settings.by_name,
            "notes": list(self.notes + _notes(swept)),
        }


def statement(found: Deflation) -> str:
    """What the best trial is worth, in words."""
    if found.best is None:
        return "no trial has a Sharpe ratio: none of them closed a day with another equity"
    reached, deflated = found.sharpe_ratio.value, found.deflated.value
    if reached is None or deflated is None or found.expected_maximum.value is None:
        return f"the best of {found.trials} trials cannot be judged: {found.sharpe_ratio.reason}"
    if found.trials == 1:
        return (
            f"nothing was chosen: the only trial with a Sharpe ratio reached {reached:.2f}; that its "
            f"true ratio is above 0 has probability {deflated:.1%}"
        )
    return (
        f"the best of {found.trials} trials would reach a Sharpe ratio of "
        f"{found.expected_maximum.value:.2f} by chance alone; this one reached {reached:.2f}: that it "
        f"is better than chance has probability {deflated:.1%}"
    )


def _name(trials: Sequence[Trial], number: int) -> dict[str, Any]:
    trial = trials[number]
    settings = trial.rules.settings.by_name
    keys = (pair.partition("=")[0] for pair in trial.overrides)
    return {
        "trial": number,
        "overrides": {key: settings[key] for key in keys},
        "weights_version": trial.rules.book.version,
    }


def _trial(swept: Sweep, number: int) -> dict[str, Any]:
    account = swept.accounts[number]
    metrics = trade_metrics(account.trips)
    return {
        **_name(swept.trials, number),
        **asdict(swept.results[number]),
        "profit_factor": asdict(metrics.profit_factor),
        "expectancy_r": asdict(metrics.expectancy_r),
        "max_drawdown": account.max_drawdown,
    }


def _best(swept: Sweep) -> dict[str, Any]:
    found = swept.deflation
    chosen = {} if found.best is None else _name(swept.trials, found.best)
    return {
        **chosen,
        "chosen_from": found.trials,
        "sharpe_ratio": asdict(found.sharpe_ratio),
        "expected_maximum_sharpe": asdict(found.expected_maximum),
        "probabilistic_sharpe_ratio": asdict(found.probabilistic),
        "deflated_sharpe_ratio": asdict(found.deflated),
    }


def _walk_forward(swept: Sweep, request: SweepRequest) -> dict[str, Any]:
    stitched = swept.stitched
    returns = None if stitched is None else return_metrics(stitched, PERIODS_PER_YEAR)
    return {
        "window": "rolling" if request.rolling else "expanding",
        "embargo_hours": swept.embargo / HOUR,
        "splits": [_split(swept, one) for one in swept.splits],
        "stitched": returns
        and {
            "sharpe_ratio": asdict(returns.sharpe_ratio),
            "total_return": asdict(returns.total_return),
            "max_drawdown": asdict(returns.max_drawdown),
        },
        "equity": stitched
        and [
            list(day) for day in zip(stitched.as_of.tolist(), stitched.equity.tolist(), strict=True)
        ],
    }


def _split(swept: Sweep, one: SplitResult) -> dict[str, Any]:
    return {
        "train_start": one.split.train.start,
        "train_end": one.split.train.end,
        "test_start": one.split.test.start,
        "test_end": one.split.test.end,
        "best": None if one.best is None else _name(swept.trials, one.best),
        "in_sample": one.in_sample and asdict(one.in_sample),
        "out_of_sample": one.out_of_sample and asdict(one.out_of_sample),
    }


def _books(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    books: dict[str, WeightBook] = {trial.rules.book.version: trial.rules.book for trial in trials}
    return {version: dict(zip(NAMES, book.weights, strict=True)) for version, book in books.items()}


def _notes(swept: Sweep) -> tuple[str, ...]:
    idle = sum(result.trades == 0 for result in swept.results)
    said = {
        f"{idle} of {len(swept.trials)} trials closed no trade": idle > 0,
        "trials that trade alike count as fewer than they are: the deflated ratio is on the safe "
        "side": swept.deflation.trials > 1,
        "the drawdown of the joined test windows reads each 00:00 UTC, not every minute": bool(
            swept.splits
        ),
    }
    return tuple(text for text, applies in said.items() if applies)
