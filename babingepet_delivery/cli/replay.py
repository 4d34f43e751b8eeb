"""``babingepet replay``: years of recorded minutes through the rules of the live loop."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json
from babingepet_delivery.cli.replay_options import NO_REPLAY_OPTIONS, ReplayedMarket, ReplayOptions
from babingepet_delivery.cli.replays import replay_compare


def replay_commands() -> App:
    """``babingepet replay`` itself, and what works on kept replays below it."""
    app = App(name="replay", sort_key=3)
    app.default(replay)
    app.command(replay_compare, name="compare")
    return app


def replay(
    *,
    market: ReplayedMarket = "btc",
    options: ReplayOptions = NO_REPLAY_OPTIONS,
    threads: Annotated[
        int | None,
        Parameter(
            name="--threads", help="Threads (default: one a core); the result is the same for all."
        ),
    ] = None,
    html: Annotated[
        Path | None, Parameter(name="--html", help="Write the report as one page to this file.")
    ] = None,
    export: Annotated[
        Path | None,
        Parameter(
            name="--export", help="Write decisions.parquet and trades.parquet to this folder."
        ),
    ] = None,
    no_save: Annotated[
        bool, Parameter(name="--no-save", help="Keep nothing of it in the warehouse.")
    ] = False,
    json: Json = False,
) -> int:
    """Replay recorded minutes through the rules of the live loop, with a report.

    The account begins anew with its capital. The run is kept in the warehouse (see replays) and
    touches nothing else there.
    """
    from babingepet_delivery.cli.progress import progress_bar
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_services.replay.command import keep, run_replay
    from babingepet_services.replay.export import check_destinations, export_tables, write_whole

    clock = SystemClock()
    request = options.request(market)
    check_destinations(html, export)
    with progress_bar(shown=not json) as progress:
        cores = os.cpu_count() or 1
        chosen = cores if threads is None else threads
        done = run_replay(request, clock, threads=chosen, progress=progress)
        if export is not None:
            progress("exporting tables", 0, 0)
            export_tables(done.replay, export)
        report = done.report
        if not no_save:
            progress("keeping the run", 0, 0)
            report = keep(done, clock)
        if html is not None:
            from babingepet_delivery.cli.replay_page import replay_page

            progress("drawing the page", 0, 0)
            page = replay_page(report)
            write_whole(html, lambda path: path.write_text(page, encoding="utf-8"))
    if json:
        output.print_json(report.document())
        return output.OK
    from babingepet_delivery.cli.replay_view import print_replay

    print_replay(output.console(), report)
    return output.OK
