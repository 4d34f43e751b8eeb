"""``babingepet lookahead``: does anything that a replay tells depend on what happens later?"""

from __future__ import annotations

import os
from typing import Annotated

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json, Workers
from babingepet_delivery.cli.replay_options import NO_REPLAY_OPTIONS, ReplayedMarket, ReplayOptions


def lookahead(
    *,
    market: ReplayedMarket = "btc",
    options: ReplayOptions = NO_REPLAY_OPTIONS,
    cuts: Annotated[
        int, Parameter(name="--cuts", help="Moments at which the future is changed (default 500).")
    ] = 500,
    seed: Annotated[
        int,
        Parameter(name="--seed", help="Seed of the moments and of the other futures (default 0)."),
    ] = 0,
    workers: Workers = None,
    json: Json = False,
) -> int:
    """Prove over recorded minutes that nothing a replay tells depends on what happens later.

    At every cut the future is removed, and replaced by another one; all that was told before has to
    be the same to the last bit. Ends with exit code 1 when something is not. Nothing is kept.
    """
    from babingepet_delivery.cli.lookahead_view import print_lookahead
    from babingepet_delivery.cli.progress import progress_bar
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_services.replay.lookahead import LookaheadRequest, run_lookahead

    request = LookaheadRequest(
        base=options.request(market),
        cuts=cuts,
        seed=seed,
        workers=(os.cpu_count() or 1) if workers is None else workers,
    )
    with progress_bar(shown=not json) as progress:
        document = run_lookahead(request, SystemClock(), progress).document()
    output.show(document, print_lookahead, as_json=json)
    return output.OK if document["clean"] else output.FAILED
