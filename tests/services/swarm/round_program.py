"""A program that holds a round as the graph does; it may be killed while it asks."""

import os
import sys
from contextlib import closing

from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse.database import open_database
from babingepet_services.swarm.rounds import hold_round
from tests.fakes import FakeClock
from tests.services.swarm.seats import DECIDED, SOURCE, SYMBOL

if __name__ == "__main__":
    database_url, api_url, folder = sys.argv[1:]
    settings = load_settings(
        data_dir=folder, openrouter_api_key="k", openrouter_url=api_url, swarm_concurrency=1
    )
    with closing(open_database(database_url)) as database:
        report = hold_round(settings, database, None, FakeClock(DECIDED + 5_000), SYMBOL, SOURCE)
    os.write(1, report.came.encode() + b"\n")
