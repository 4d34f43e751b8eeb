"""``babingepet sweep``: many settings and weights on one market, and what the best of them is worth."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json, Workers
from babingepet_delivery.cli.replay_options import NO_REPLAY_OPTIONS, ReplayedMarket, ReplayOptions


def sweep(
    *,
    market: ReplayedMarket = "btc",
    options: ReplayOptions = NO_REPLAY_OPTIONS,
    grid: Annotated[
        tuple[str, ...],
        Parameter(
            name="--grid",
            help="Values of a setting to try: key=value,value; may be repeated, every combination "
            "is tried. Lists of hours are parted by |.",
        ),
    ] = (),
    weights: Annotated[
        int,
        Parameter(name="--weights", help="Weight vectors drawn around the base ones (default 0)."),
    ] = 0,
    splits: Annotated[
        int, Parameter(name="--splits", help="Splits of the walk forward (default 0: none).")
    ] = 0,
    window: Annotated[
        Literal["expanding", "rolling"],
        Parameter(
            name="--window",
            help="Train on all blocks before the test (expanding, the default) or on the one before.",
        ),
    ] = "expanding",
    seed: Annotated[
        int, Parameter(name="--seed", help="Seed of the drawn weights (default 0).")
    ] = 0,
    workers: Workers = None,
    json: Json = False,
) -> int:
    """Try many settings and weights on one market, and say what the best of them is worth.

    The best trial is deflated by the number of trials; with --splits it is chosen on the past and
    judged on what comes after. Nothing is kept.
    """
    from babingepet_delivery.cli.progress import progress_bar
    from babingepet_delivery.cli.sweep_view import print_sweep
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_services.replay.sweep import run_sweep
    from babingepet_services.replay.sweep_report import SweepRequest

    request = SweepRequest(
        base=options.request(market),
        grid=grid,
        weights=weights,
        splits=splits,
        rolling=window == "rolling",
        seed=seed,
        workers=(os.cpu_count() or 1) if workers is None else workers,
    )
    with progress_bar(shown=not json) as progress:
        document = run_sweep(request, SystemClock(), progress).document()
    return output.show(document, print_sweep, as_json=json)
