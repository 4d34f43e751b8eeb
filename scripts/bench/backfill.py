"""Thirty recorded days of four assets, as a user backfills them: submitted to the pages' server.

A temporary home with everything that `babingepet run` starts, but the market: code server, daemon
and web server, on this machine only and ended by their ids. The warehouse holds the days' minutes
and more than 90 days before them, the hours before those, and funding. The backfill goes in through
GraphQL, as from the button of the pages; the daemon makes its run.

seconds is from the submission to the run's success, seconds_with_start from the start of the
processes. Dagster's daemon looks at backfills every 30 s: on average 15 s of both are waiting, and
the backfill itself reads as completed at the next look (seconds_until_closed).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import dagster as dg

from babingepet.market.history import resample
from babingepet.market.intervals import DAY, HOUR, day_key, minutes_needed_from
from babingepet_assets.btc.replaying import REPLAYED
from babingepet_assets.reporting import asset_key
from babingepet_delivery.supervision import home as places
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.settings import Settings, load_settings
from babingepet_resources.warehouse import candles, funding, replays
from babingepet_services.market.source import open_warehouse
from babingepet_services.replay.files import read_files
from scripts.bench.common.report import print_report
from scripts.bench.platform.pages import SUCCEEDED, running
from scripts.devtools.project import ROOT

MINUTES = "crypto/btc_spot_1m/BTCUSDT-spot-1m-2023-06_2025-05.parquet"
FUNDING = "crypto/btc_perp_funding/BTCUSDT-funding-8h-2022-01_2025-05.parquet"
FIRST_DAY = "2025-04-01"
DAYS = 30
HISTORY = 92 * DAY
"""Least history before the first day; the anchors of its month may want more."""
AIM = 60.0
"""Seconds for thirty days, start of the processes included, on two idle cores."""

SHOWN = {"book", "replay_run", "dagster/row_count", "window", "source", "gaps", "table", "plot"}
"""What every partition must tell."""


def fill_warehouse(settings: Settings, data: Path, start: int, end: int) -> int:
    """Store what a loop that ran since then would have stored; returns the number of minutes."""
    market = read_files([data / MINUTES], [data / FUNDING], settings.symbol).market
    begin = min(minutes_needed_from(start), start - HISTORY) // HOUR * HOUR
    minutes = market.minutes.between(begin, end)
    hours = resample(market.minutes.between(0, begin), "1h", begin)
    key = (settings.symbol, "recorded")
    with closing(open_warehouse(settings, "recorded")) as database, database.writing() as to:
        candles.insert(to, key[0], "1m", key[1], minutes, known_at=end)
        candles.insert(to, key[0], "1h", key[1], hours, known_at=end, derived=True)
        funding.insert(to, *key, market.funding.between(begin, end), known_at=end)
    return len(minutes)


def outcome(
    settings: Settings, home: places.Home, backfill: str, days: Sequence[str]
) -> dict[str, object]:
    """What the backfill left behind: runs, partitions, metadata, the replay book."""
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill}))
        done, shown = 0, 0
        for name in REPLAYED:
            key = asset_key(name)
            done += len(instance.get_materialized_partitions(key) & set(days))
            found = instance.fetch_materializations(key, limit=2 * len(days)).records
            told = [one.asset_materialization for one in found if one.asset_materialization]
            shown += sum(not (SHOWN - event.metadata.keys()) for event in told)
        stats = [instance.get_run_stats(run.run_id) for run in runs]
    with closing(open_warehouse(settings, "recorded")) as database, database.reading() as book:
        stored = replays.runs(book)
    return {
        "runs": len(runs),
        "partitions": done,
        "with_metadata": shown,
        "run_seconds": [round((one.end_time or 0) - (one.start_time or 0), 2) for one in stats],
        "queued_seconds": [
            round((one.start_time or 0) - (one.enqueued_time or 0), 2) for one in stats
        ],
        "replays": [run.run_id for run in stored],
        "minutes": [run.minutes for run in stored],
        "replay_seconds": [round(run.document["seconds"], 3) for run in stored],
        "ledger_sha256": [run.ledger_sha256 for run in stored],
    }


def measure(data: Path) -> dict[str, object]:
    """One whole run."""
    clock = SystemClock()
    load = os.getloadavg()[0]
    start = parse_moment(FIRST_DAY)
    days = [day_key(start + n * DAY) for n in range(DAYS)]
    with tempfile.TemporaryDirectory(prefix="bench-backfill-") as folder:
        settings = load_settings(data_dir=Path(folder), market="recorded")
        stored = fill_warehouse(settings, data, start, start + DAYS * DAY)
        home = places.prepare_home(settings, ("code-server", "daemon", "web-server"))
        begun = clock.monotonic()
        with running(settings, home, clock) as pages:
            pages.wait_until_loaded()
            submitted = clock.monotonic()
            backfill = pages.launch(REPLAYED, days)
            pages.wait_for_runs(backfill)
            done = clock.monotonic()
            status = pages.wait_until_closed(backfill)
            closed = clock.monotonic()
        left = outcome(settings, home, backfill, days)
    return {
        "days": len(days),
        "stored_minutes": stored,
        "status": status,
        "seconds": round(done - submitted, 2),
        "seconds_with_start": round(done - begun, 2),
        "seconds_until_closed": round(closed - submitted, 2),
        "aim_seconds": AIM,
        "met": status == SUCCEEDED and done - begun <= AIM,
        "load_before": round(load, 2),
        **left,
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("BABINGEPET_TEST_DATA", ROOT.parent / "shared" / "data")),
        help="folder of the recorded data; BABINGEPET_TEST_DATA names it too",
    )
    options = parser.parse_args()
    if not (options.data / MINUTES).is_file():
        sys.exit(f"error: {options.data / MINUTES} is not there: name the folder in --data")
    print_report("backfill", measure(options.data), as_json=options.json)


if __name__ == "__main__":
    main()
