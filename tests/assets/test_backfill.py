"""Materializing days decides them again, into the replay book: in order, in one run, and nothing else."""

import hashlib
import socketserver
import threading
from contextlib import closing, contextmanager
from dataclasses import replace

import dagster as dg
import pytest

from babingepet.cycles.settings import BtcSettings, override
from babingepet.domain.codes import Verdict
from babingepet.market.history import resample
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.replay.market import BAR_FEEDS, ReplayMarket, ReplayRules
from babingepet.replay.run import replay
from babingepet.signals.registry import SWARM
from babingepet_assets.btc import decided, market
from babingepet_assets.btc.replaying import REPLAYED
from babingepet_assets.btc.reporting import asset_key
from babingepet_assets.definitions import build_definitions
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import candles, funding
from babingepet_resources.warehouse.tables import metadata
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from babingepet_services.market.source import open_warehouse
from babingepet_services.replay.files import read_files
from scripts.bench.common.market import START, MadeUpFeed
from tests.assets.conftest import NOBODY
from tests.databases import tamper
from tests.fakes import FakeClock
from tests.services.conftest import EAGER

pytestmark = pytest.mark.slow

MINUTES_FILE = "crypto/btc_spot_1m/BTCUSDT-spot-1m-2023-06_2025-05.parquet"
FUNDING_FILE = "crypto/btc_perp_funding/BTCUSDT-funding-8h-2022-01_2025-05.parquet"
FIRST, LAST = "2025-04-20", "2025-04-22"
DAYS = ("2025-04-20", "2025-04-21", "2025-04-22")
BEGIN = START // DAY * DAY - 2 * DAY
"""00:00 of the first day; the paper book decided six hours of the last one."""
END = BEGIN + 3 * DAY
HISTORY = 40 * DAY
DECIDED = 6 * 60
CHANGED_BY_THE_RUN = {"replay_runs", "replay_days", "replay_trades", "data_checks"}
"""The replay book, and evaluations of the data checks, which run with their assets."""


@pytest.fixture(scope="session")
def recording(recorded_data):
    return read_files(
        [recorded_data / MINUTES_FILE], [recorded_data / FUNDING_FILE], "BTCUSDT"
    ).market


@pytest.fixture(scope="session")
def recorded_place(recording, lasting_databases, tmp_path_factory):
    """Recorded days in a warehouse, and six hours that a loop decided."""
    place = lasting_databases.place(tmp_path_factory.mktemp("recorded"))
    minutes = recording.minutes.between(BEGIN - HISTORY, END)
    hours = resample(recording.minutes.between(0, BEGIN - HISTORY), "1h", BEGIN - HISTORY)
    database = open_warehouse(settings_in(place), "recorded")
    with database.writing() as connection:
        for interval, bars in (("1m", minutes), ("1h", hours)):
            candles.insert(connection, "BTCUSDT", interval, "recorded", bars, known_at=END)
        rates = recording.funding.between(BEGIN - HISTORY, END)
        funding.insert(connection, "BTCUSDT", "recorded", rates, known_at=END)
    feed = MadeUpFeed(DECIDED, history_days=1)
    feed.info = replace(feed.info, source="recorded")
    feed.minutes, feed.funding = minutes, rates
    program = BtcProgram(settings=override(BtcSettings(), EAGER))
    options = LoopOptions("before", limits=database.limits)
    list(BtcLoop(feed, database, SystemClock(), program, options).run())
    database.close()
    return place


def settings_in(place):
    return load_settings(market="recorded", exchange_url=NOBODY, overrides=EAGER, **place)


@pytest.fixture
def settings(recorded_place, databases, tmp_path):
    return settings_in(databases.copy_of_place(recorded_place, tmp_path / "data"))


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def query(settings, statement):
    database = open_warehouse(settings, "recorded")
    with closing(database), database.reading() as connection:
        return [tuple(map(plain, row)) for row in connection.exec_driver_sql(statement)]


def plain(value):
    """psycopg2 gives bytes as a view of them, which is written as its address."""
    return bytes(value) if isinstance(value, memoryview) else value


def change(settings, statement, *values):
    with closing(open_warehouse(settings, "recorded")) as database:
        tamper(database, statement, *values)


def contents(settings):
    """A digest of every row of every table, by table."""
    return {name: digest(query(settings, f"SELECT * FROM {name}")) for name in metadata.tables}


def digest(rows):
    return hashlib.sha256("".join(sorted(map(repr, rows))).encode()).hexdigest()


def backfill(settings, instance, first=FIRST, last=LAST, names=tuple(REPLAYED), clock=None):
    """One run over a range of days, as the daemon launches it."""
    tags = {
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
    }
    resources = {"settings": settings, "clock": clock or SystemClock()}
    job = build_definitions(resources=resources).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=instance,
        tags=tags,
        asset_selection=[asset_key(name) for name in names],
        raise_on_error=False,
    )


def shown(instance, name):
    """Metadata of each materialized day, by day."""
    records = instance.fetch_materializations(asset_key(name), limit=100).records
    return {
        one.partition_key: {k: v.value for k, v in one.asset_materialization.metadata.items()}
        for one in reversed(records)
    }


def runs(settings):
    return query(settings, "SELECT run_id, origin, minutes, ledger_sha256 FROM replay_runs ORDER BY created_at")  # fmt: skip


def replayed_in_memory(recording, minutes=None):
    """The engine alone, on the same candles, with the embedded analysts."""
    kept = recording.minutes.between(BEGIN - HISTORY, END) if minutes is None else minutes
    hours = resample(recording.minutes.between(0, BEGIN - HISTORY), "1h", BEGIN - HISTORY)
    whole = ReplayMarket("BTCUSDT", "recorded", kept, hours, recording.funding, BAR_FEEDS | {SWARM})
    rules = ReplayRules(settings=override(BtcSettings(), EAGER))
    return replay(whole, rules, start=BEGIN + 1, end=END + 1)


def test_a_backfill_changes_no_row_outside_the_replay_book(settings, instance):
    before = contents(settings)
    assert query(settings, "SELECT count(*) FROM btc_decisions") == [(DECIDED,)]
    assert query(settings, "SELECT count(*) > 0 FROM crypto_sim_positions") == [(1,)]
    assert backfill(settings, instance).success
    after = contents(settings)
    assert {name for name in after if after[name] != before[name]} == CHANGED_BY_THE_RUN


def test_a_range_is_decided_in_order_as_the_engine_decides_it(settings, instance, recording):
    """One account over all days, however many assets ask for it."""
    result = backfill(settings, instance)
    assert result.success
    expected = replayed_in_memory(recording)
    assert len(expected.trades) > 0
    assert runs(settings) == [
        (f"backfill-{result.run_id}", "backfill", 3 * 1440, expected.ledger_sha256)
    ]
    equity = {day: of["equity"] for day, of in shown(instance, "btc/portfolio").items()}
    assert equity == {
        day: expected.minutes.equity[1440 * (n + 1) - 1] for n, day in enumerate(DAYS)
    }


def test_each_day_of_each_asset_says_what_it_holds(settings, instance):
    result = backfill(settings, instance)
    rows = {"btc/signals": 1440 * 13, "btc/decisions": 1440, "btc/portfolio": 1440}
    for name in REPLAYED:
        days = shown(instance, name)
        assert set(days) == set(DAYS), name
        for day, of in days.items():
            assert of["dagster/row_count"] == rows.get(name, of["dagster/row_count"])
            assert (of["book"], of["replay_run"]) == ("replay", f"backfill-{result.run_id}")
            assert of["source"] == "recorded, replayed"
            assert (of["minutes_missing"], of["gaps"]) == (0, "none")
            assert of["plot"].startswith("![plot](data:image/png;base64,"), (name, day)
    decisions = shown(instance, "btc/decisions")[LAST]
    for verdict in ("HOLD", "BUY"):
        assert verdict in decisions["table"]
    assert "needs single trades" in shown(instance, "btc/signals")[LAST]["table"]
    trades = query(settings, "SELECT exit_reason FROM replay_trades WHERE NOT shadow")
    told = "".join(of["table"] for of in shown(instance, "btc/positions").values())
    assert all(reason in told for (reason,) in trades)


def test_a_day_that_the_paper_book_knows_says_how_often_both_agree(settings, instance, recording):
    backfill(settings, instance, names=("btc/decisions", "btc/positions"))
    days = shown(instance, "btc/decisions")
    paper = dict(query(settings, "SELECT as_of, verdict FROM btc_decisions"))
    minutes = replayed_in_memory(recording).minutes
    codes = dict(zip(minutes.as_of.tolist(), minutes.verdict.tolist(), strict=True))
    same = sum(Verdict(codes[as_of]).name == verdict for as_of, verdict in paper.items())
    assert 0 < same < DECIDED  # the loop also had trades and quotes
    assert days[LAST]["paper_minutes"] == DECIDED
    assert days[LAST]["paper_minutes_same_verdict"] == same
    assert "no parity score" in days[LAST]["paper_book"]
    assert days[FIRST]["paper_book"] == "decided nothing in these minutes"


def test_a_second_run_is_kept_beside_the_first_and_comes_to_the_same(settings, instance):
    one = backfill(settings, instance, names=("btc/signals",))
    other = backfill(settings, instance, names=("btc/portfolio",))
    (first, _, _, ledger), (second, _, _, again) = runs(settings)
    assert [first, second] == [f"backfill-{run.run_id}" for run in (one, other)]
    assert ledger == again


def test_a_missing_minute_is_told_and_not_filled(settings, instance):
    hole = BEGIN + DAY + 3 * HOUR
    change(
        settings, "DELETE FROM crypto_candles WHERE interval = '1m' AND open_time >= ? AND open_time < ?",
        hole, hole + 5 * MINUTE,
    )  # fmt: skip
    assert backfill(settings, instance, names=("btc/signals",)).success
    days = shown(instance, "btc/signals")
    assert [days[day]["minutes_missing"] for day in DAYS] == [0, 5, 0]
    assert days[DAYS[1]]["gaps"] == "1: minutes missing 5 from 2025-04-21T03:00:00Z"
    assert days[DAYS[1]]["dagster/row_count"] == 13 * (1440 - 5)


def test_a_day_without_candles_within_a_range_is_empty(settings, instance):
    lost = (BEGIN + DAY, BEGIN + 2 * DAY)
    change(settings, "DELETE FROM crypto_candles WHERE interval = '1m' AND open_time >= ? AND open_time < ?", *lost)  # fmt: skip
    assert backfill(settings, instance).success
    for name in REPLAYED:
        of = shown(instance, name)[DAYS[1]]
        assert of["minutes_missing"] == 1440
        assert of["window"] == "empty" or name == "btc/positions"


def test_days_without_any_candle_fail_with_what_to_do_and_are_not_tried_again(settings, instance):
    result = backfill(settings, instance, "2025-05-01", "2025-05-02", names=("btc/signals",))
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert (
        "materialize btc/candles for these days first" in failure.event_specific_data.error.message
    )
    assert not failure.event_specific_data.user_failure_data.metadata
    assert runs(settings) == []
    with (
        dg.build_asset_context(partition_key="2025-05-01") as context,
        pytest.raises(dg.Failure) as refused,
    ):
        decided.signals(context, settings=settings, clock=FakeClock())
    assert refused.value.allow_retries is False


@contextmanager
def mute_exchange():
    """An exchange that hangs up on whoever asks; yields its address and the list of who did."""
    asked = []

    class HangUp(socketserver.BaseRequestHandler):
        def handle(self):
            asked.append(self.client_address)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), HangUp) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def test_what_is_captured_live_is_never_fetched_for_a_day_that_is_over(settings):
    with mute_exchange() as (url, asked):
        asking = settings.model_copy(update={"exchange_url": url})
        before = contents(settings)
        for asset in (market.order_flow, market.order_book, *decided.ASSETS):
            with dg.build_asset_context(partition_key=LAST) as context:
                asset(context, settings=asking, clock=FakeClock())
        assert asked == []
        after = contents(settings)
        assert {name for name in after if after[name] != before[name]} == CHANGED_BY_THE_RUN - {
            "data_checks"
        }
        with dg.build_asset_context(partition_key=LAST) as context:
            told = market.candles(context, settings=asking, clock=FakeClock()).metadata["fetched"]
        assert asked  # the way to the exchange is there: candles of the day are asked for
        assert told.value.startswith("nothing was fetched: ")
