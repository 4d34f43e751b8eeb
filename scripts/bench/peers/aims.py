"""What the replay is held to: ratios of one run, each with its aim.

A ratio takes the slower of ours, before and after the peers. What could not be measured has no
value, and its aim is neither met nor missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.bench.peers.measured import Measured


@dataclass(frozen=True)
class Aim:
    """A limit of one figure: the largest value that is allowed, or the smallest."""

    limit: float
    largest: bool

    def verdict(self, value: float | None) -> dict[str, object]:
        """The value, the aim in words, and whether it is met."""
        words = f"at {'most' if self.largest else 'least'} {self.limit:g}"
        if value is None:
            return {"value": None, "aim": words, "met": None}
        met = value <= self.limit if self.largest else value >= self.limit
        return {"value": round(value, 4), "aim": words, "met": met}


AIMS = {
    "ours_over_vectorbt_warm": Aim(0.5, largest=True),
    "ours_over_vectorbt_rust_warm": Aim(0.5, largest=True),
    "backtesting_over_ours": Aim(100.0, largest=False),
    "nautilus_over_ours": Aim(500.0, largest=False),
    "first_call_extra_seconds": Aim(1.0, largest=True),
    "peak_mb": Aim(600.0, largest=True),
}


def values(ours: Sequence[Measured], peers: Mapping[str, Measured]) -> dict[str, float | None]:
    """The figures that have an aim, in the order of ``AIMS``.

    Args:
        ours: Runs of ours with the same number of threads.
        peers: Those that could be measured, by name.
    """
    slower = max(run.seconds for run in ours)
    seconds = {name: peer.seconds for name, peer in peers.items()}

    def ours_over(peer: str) -> float | None:
        return slower / seconds[peer] if peer in seconds else None

    def over_ours(peer: str) -> float | None:
        return seconds[peer] / slower if peer in seconds else None

    return {
        "ours_over_vectorbt_warm": ours_over("vectorbt"),
        "ours_over_vectorbt_rust_warm": ours_over("vectorbt_rust"),
        "backtesting_over_ours": over_ours("backtesting"),
        "nautilus_over_ours": over_ours("nautilus"),
        "first_call_extra_seconds": max(run.first_call_extra_seconds for run in ours),
        "peak_mb": max(run.peak_mb for run in ours),
    }


def verdicts(
    ours: Sequence[Measured], peers: Mapping[str, Measured]
) -> dict[str, dict[str, object]]:
    """Every aim beside its value."""
    return {name: AIMS[name].verdict(value) for name, value in values(ours, peers).items()}


def growth(by_months: Mapping[int, Measured]) -> dict[str, object]:
    """How time and memory grow with the length of the series.

    ``cost_of_a_bar_longest_over_shortest`` is 1 where twice the bars take twice the time.
    """
    cost = {months: run.seconds / run.bars for months, run in by_months.items()}
    rows: dict[str, object] = {
        f"months_{months}": {
            "bars": run.bars,
            "seconds": round(run.seconds, 4),
            "seconds_per_million_bars": round(cost[months] * 1e6, 4),
            "peak_mb": round(run.peak_mb, 1),
        }
        for months, run in by_months.items()
    }
    ratio = cost[max(cost)] / cost[min(cost)]
    return {**rows, "cost_of_a_bar_longest_over_shortest": round(ratio, 3)}


def require_one_ledger(runs: Sequence[Measured]) -> str:
    """The one digest of all money that every run over the same bars came to.

    Raises:
        SystemExit: They came to different ones, so the run ends.
    """
    found = sorted({run.ledger_sha256 for run in runs})
    if len(found) != 1:
        raise SystemExit(f"error: the same bars came to different ledgers: {', '.join(found)}")
    return found[0]
