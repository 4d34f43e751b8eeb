"""A year of minutes through the whole replay, beside vectorbt, backtesting.py and nautilus_trader.

Ours computes every signal that bars can feed, votes and keeps the account; each peer runs one plain
strategy (``peers/strategy.py``), so ours does more work a bar. All read the same made-up bars, each
in a process of its own, one after the other. Ours runs before and after the peers: the two differ
as much as the machine was busy.

Ours starts as after set-up, with whatever set-up compiled. A peer's first call also compiles what
its environment does not yet keep.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from scripts.bench.common.report import print_report, wants_json
from scripts.bench.peers import environments
from scripts.bench.peers.aims import growth, require_one_ledger, verdicts
from scripts.bench.peers.bars import YEAR, made_up_bars
from scripts.bench.peers.measured import Measured
from scripts.devtools.process import run_step
from scripts.devtools.project import VENV_PYTHON, VerbError

MONTHS = {3: 90 * 1_440, 6: 181 * 1_440, 12: YEAR, 24: 2 * YEAR}
"""Minutes of the first so many months of a series."""
THREADS = (1, 2)
WARM_CALLS = 7


class Peer(NamedTuple):
    """A program that measures a peer: its module, its environment, and what else it is told."""

    module: str
    environment: str
    arguments: tuple[str, ...] = ()


PEERS = {
    "vectorbt": Peer("with_vectorbt", "vectorbt", ("numba",)),
    "vectorbt_rust": Peer("with_vectorbt", "vectorbt", ("rust",)),
    "backtesting": Peer("with_backtesting", "backtesting"),
    "nautilus": Peer("with_nautilus", "nautilus"),
}


class Bench:
    """Programs started one after the other, and the folder for their bars and reports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started = 0

    def write_bars(self) -> None:
        """Make the bars: a file per length."""
        longest = made_up_bars(max(MONTHS.values()))
        for months, minutes in MONTHS.items():
            longest.first(minutes).save(self._bars(months))

    def ours(self, threads: int, months: int = 12) -> Measured:
        """A fresh process of ours."""
        _say(f"ours over {months} months, threads: {threads}")
        return self._measure(VENV_PYTHON, "ours", months, (str(threads), str(WARM_CALLS)))

    def peers(self, pythons: dict[str, Path]) -> tuple[dict[str, Measured], dict[str, str]]:
        """Every peer that has an environment: what it measured, or why it did not."""
        measured, failed = {}, {}
        for name, peer in PEERS.items():
            if peer.environment not in pythons:
                continue
            _say(name)
            try:
                python = pythons[peer.environment]
                measured[name] = self._measure(python, peer.module, 12, peer.arguments)
            except VerbError as reason:
                failed[name] = str(reason)
        return measured, failed

    def _bars(self, months: int) -> Path:
        return self._folder / f"bars_{months}.npz"

    def _measure(
        self, python: Path, module: str, months: int, arguments: Sequence[str]
    ) -> Measured:
        self._started += 1
        report = self._folder / f"report_{self._started}.json"
        program = [str(python), "-m", f"scripts.bench.peers.{module}"]
        run_step(
            [*program, str(self._bars(months)), str(report), *arguments], f"Measuring {module}"
        )
        return Measured.read(report)


def peer_pythons() -> tuple[dict[str, Path], dict[str, str]]:
    """The environments of the peers by name, and for those that cannot be made the reason."""
    pythons, failed = {}, {}
    for name in sorted({peer.environment for peer in PEERS.values()}):
        _say(f"environment of {name}")
        try:
            pythons[name] = environments.python_of(name)
        except VerbError as reason:
            failed[name] = str(reason)
    return pythons, failed


def figures(bench: Bench) -> dict[str, object]:
    """One whole run."""
    pythons, unmade = peer_pythons()
    bench.write_bars()
    run_step([str(VENV_PYTHON), "-m", "babingepet.warm"], "Compiling the rules")
    load = os.getloadavg()[0]
    before = {threads: bench.ours(threads) for threads in THREADS}
    measured, failed = bench.peers(pythons)
    after = {threads: bench.ours(threads) for threads in THREADS}
    by_months = {months: bench.ours(1, months) for months in MONTHS}
    reasons = {name: unmade.get(peer.environment) for name, peer in PEERS.items()} | failed
    return {
        "bars": YEAR,
        "cores": os.cpu_count(),
        "load_before": round(load, 2),
        "ledger_sha256": require_one_ledger([*before.values(), *after.values(), by_months[12]]),
        **{f"ours_threads_{t}_before": run.figures() for t, run in before.items()},
        **{f"ours_threads_{t}_after": run.figures() for t, run in after.items()},
        **{name: run.figures() for name, run in measured.items()},
        **{name: {"unavailable": reason} for name, reason in reasons.items() if reason},
        "growth": growth(by_months),
        **{
            f"aims_threads_{threads}": verdicts([before[threads], after[threads]], measured)
            for threads in THREADS
        },
    }


def _say(line: str) -> None:
    """Tell a person what is going on; programs read the other stream."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Run and print."""
    as_json = wants_json(__doc__ or "")
    with tempfile.TemporaryDirectory() as folder:
        print_report("replay", figures(Bench(Path(folder))), as_json=as_json)


if __name__ == "__main__":
    main()
