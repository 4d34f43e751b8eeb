"""``babingepet swarm value``: what each analyst is worth, by replays without it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json, Workers
from babingepet_delivery.cli.replay_options import NO_REPLAY_OPTIONS, ReplayedMarket, ReplayOptions


def value(
    *,
    market: ReplayedMarket = "btc",
    options: ReplayOptions = NO_REPLAY_OPTIONS,
    workers: Workers = None,
    html: Annotated[
        Path | None, Parameter(name="--html", help="Write all of it as one page to this file.")
    ] = None,
    json: Json = False,
) -> int:
    """Tell what each analyst is worth: calibration, hits, marginal net P&L, cost.

    The period is replayed with all analysts, with none, and without each; the market is read once,
    no model is asked, and nothing is kept. --replay-ai stored takes the answers given live.
    """
    from babingepet_delivery.cli.progress import progress_bar
    from babingepet_delivery.cli.swarm_value_view import print_value
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_services.replay.export import check_destinations, write_whole
    from babingepet_services.swarm.value import run_value
    from babingepet_services.swarm.value_report import document

    check_destinations(html, None)
    threads = (os.cpu_count() or 1) if workers is None else workers
    with progress_bar(shown=not json) as progress:
        found = run_value(
            options.request(market), SystemClock(), threads=threads, progress=progress
        )
        told = document(found)
        if html is not None:
            from babingepet_delivery.cli.swarm_value_page import value_page
            from babingepet_services.swarm.value_plots import reliability_picture

            progress("drawing the page", 0, 0)
            page = value_page(told, reliability_picture(found.judged))
            write_whole(html, lambda path: path.write_text(page, encoding="utf-8"))
    return output.show(told, print_value, as_json=json)
