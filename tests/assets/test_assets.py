"""Every asset reports a day, changes nothing in the ledger, and shows what it found."""

from contextlib import closing

import dagster as dg
import pytest

from babingepet_assets.btc import decided, market
from babingepet_assets.btc.replaying import REPLAYED
from babingepet_assets.btc.reports import REPORTS
from babingepet_assets.definitions import build_definitions
from babingepet_assets.learning.seasonality import hour_seasonality
from babingepet_assets.reporting import metadata
from babingepet_services.btc_day.day import AssetReport
from babingepet_services.market.source import open_warehouse
from babingepet_services.version import code_version
from tests.assets.conftest import DAY, MINUTES
from tests.fakes import FakeClock
from tests.services.conftest import EAGER

ASSETS = {k.to_user_string(): a for a in (*market.ASSETS, *decided.ASSETS) for k in a.keys}
LEDGER = (
    "btc_decisions",
    "crypto_signals",
    "crypto_sim_positions",
    "sim_portfolio",
    "cycle_inputs",
)
MONTHLY_KEYS = {hour_seasonality.key}
"""Of assets that are cut otherwise, and so in no run of a day."""
DAY_SO_FAR = MINUTES + 10 * 60
"""Minutes that are stored of the day: the history that the loop loaded begins before it."""
ROWS = {
    "btc/candles": DAY_SO_FAR,
    "btc/order_flow": MINUTES + 14,  # the first minute brings the trades of a quarter of an hour
    "btc/order_book": MINUTES,
    "btc/signals": DAY_SO_FAR * 13,
    "btc/decisions": DAY_SO_FAR,
    "btc/portfolio": DAY_SO_FAR,
}


SOURCES = dict.fromkeys(REPLAYED, "simulated, replayed")


def called(name, settings, day=DAY):
    """What an asset that is called as a function says of a day, by name."""
    with dg.build_asset_context(partition_key=day) as context:
        results = ASSETS[name](context, settings=settings, clock=FakeClock())
    several = (results,) if isinstance(results, dg.MaterializeResult) else results
    return next(r.metadata for r in several if r.asset_key.to_user_string() == name)


def rows(settings, tables):
    database = open_warehouse(settings, "simulated")
    with closing(database), database.reading() as connection:
        return {
            t: connection.exec_driver_sql(f"SELECT * FROM {t} ORDER BY 1, 2, 3").fetchall()
            for t in tables
        }


def run_of_all(settings, instance, **how):
    definitions = build_definitions(resources={"settings": settings, "clock": FakeClock()})
    job = definitions.resolve_implicit_global_asset_job_def()
    of_days = [k for k in job.asset_layer.selected_asset_keys if k not in MONTHLY_KEYS]
    return job.execute_in_process(
        instance=instance, raise_on_error=False, asset_selection=of_days, **how
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ASSETS))
def test_an_asset_called_as_a_function_reports_its_day(name, settings):
    shown = called(name, settings.model_copy(update={"overrides": EAGER}))
    assert shown["dagster/row_count"].value == ROWS.get(name, shown["dagster/row_count"].value)
    assert shown["dagster/row_count"].value > 0
    assert shown["source"].value == SOURCES.get(name, "simulated, perpetual")
    assert shown["warning"].value == "SIMULATED market: every price is made up."
    assert shown["window"].value.startswith(DAY)
    assert shown["code_version"].value == code_version()
    assert "|" in shown["table"].value
    assert shown["plot"].value.startswith("![plot](data:image/png;base64,")


@pytest.mark.parametrize(
    ("source", "is_warned"),
    [
        ("simulated", True),
        ("simulated, perpetual", True),
        ("recorded, spot", False),
        ("binance", False),
    ],
)
def test_only_a_page_of_a_simulated_market_says_that_prices_are_made_up(source, is_warned):
    assert ("warning" in metadata(AssetReport(0, None, source, ""))) is is_warned


@pytest.mark.slow
def test_materializing_a_day_changes_no_row_of_the_ledger(settings):
    before = rows(settings, LEDGER)
    assert all(before.values())
    with dg.DagsterInstance.ephemeral() as instance:
        assert run_of_all(settings, instance, partition_key=DAY).success
        assert len(instance.get_materialized_partitions(dg.AssetKey(["btc", "portfolio"]))) == 1
    assert rows(settings, LEDGER) == before


def test_a_market_that_cannot_be_asked_leaves_the_day_as_it_is(settings):
    with dg.build_asset_context(partition_key=DAY) as context:
        shown = market.candles(context, settings=settings, clock=FakeClock()).metadata
    assert shown["fetched"].value.startswith("nothing was fetched: ")


@pytest.mark.parametrize("asset", market.ASSETS)
def test_an_empty_day_of_the_market_is_reported_as_empty(asset, settings):
    with dg.build_asset_context(partition_key="2024-02-29") as context:
        shown = asset(context, settings=settings, clock=FakeClock()).metadata
    assert shown["dagster/row_count"].value == 0
    assert shown["window"].value == "empty"


@pytest.mark.slow
def test_a_backfill_is_one_run_in_which_each_day_keeps_its_own_report(settings):
    range_of_days = {
        "dagster/asset_partition_range_start": "2025-04-20",
        "dagster/asset_partition_range_end": DAY,
    }
    with dg.DagsterInstance.ephemeral() as instance:
        definitions = build_definitions(resources={"settings": settings, "clock": FakeClock()})
        job = definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=instance, tags=range_of_days, asset_selection=[market.candles.key]
        )
        key = dg.AssetKey(["btc", "candles"])
        found = {
            record.partition_key: record.asset_materialization.metadata["dagster/row_count"].value
            for record in instance.fetch_materializations(key, limit=10).records
        }
    assert result.success
    assert found == {"2025-04-20": 1440, "2025-04-21": 1440, DAY: ROWS["btc/candles"]}


def test_the_reports_are_those_of_the_graph():
    assert set(REPORTS) == set(ASSETS)
    assert set(REPLAYED) == {k.to_user_string() for a in decided.ASSETS for k in a.keys}
