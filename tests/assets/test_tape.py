"""A day's raw trades and quotes become files, and the asset says what became of it."""

import dagster as dg

from babingepet.market.intervals import DAY as DAY_MS
from babingepet_assets.btc.tape import tape
from babingepet_assets.definitions import build_definitions
from babingepet_resources.event_tape.frames import TapedQuotes, TapedTrades
from babingepet_resources.event_tape.tape import EventTape
from babingepet_resources.exchange.moments import parse_moment
from tests.assets.conftest import DAY
from tests.fakes import FakeClock

AFTERWARDS = parse_moment(DAY) + 2 * DAY_MS
TWO_HOURS_OF_TWO_KINDS = 4


def called(settings, day=DAY, now=AFTERWARDS):
    with dg.build_asset_context(partition_key=day) as context:
        return tape(context, settings=settings, clock=FakeClock(now)).metadata


def test_a_day_is_laid_down_and_reported(settings):
    shown = called(settings)
    assert shown["hours_written"].value == TWO_HOURS_OF_TWO_KINDS
    assert shown["hours_conflicting"].value == 0
    assert shown["window"].value == f"{DAY}T10:00:00Z to {DAY}T12:00:00Z"
    assert "| 10:00" in shown["table"].value
    assert shown["where"].value == str(settings.data_dir / "tape")
    event_tape = EventTape.open(settings.tape_address())
    rows = sum(
        len(event_tape.hour(kind, "BTCUSDT", "simulated", parse_moment(f"{DAY}T{hour}:00")))
        for kind in (TapedTrades, TapedQuotes)
        for hour in (10, 11)
    )
    assert shown["dagster/row_count"].value == rows > 1_000


def test_laying_it_down_again_writes_nothing_and_an_empty_day_is_said_to_be_empty(settings):
    called(settings)
    again = called(settings)
    assert (again["hours_written"].value, again["dagster/row_count"].value) == (0, 0)
    assert again["bytes"].value > 0
    empty = called(settings, day="2024-02-29")
    assert (empty["window"].value, empty["hours_uncaptured"].value) == ("empty", 48)


def test_the_job_of_the_night_runs_on_a_tape_anywhere(settings, tmp_path):
    elsewhere = settings.model_copy(update={"tape_url": (tmp_path / "elsewhere").as_uri()})
    clock = FakeClock(AFTERWARDS)
    definitions = build_definitions(resources={"settings": elsewhere, "clock": clock})
    job = definitions.resolve_job_def("btc_tape")
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance, partition_key=DAY).success
    assert len(list((tmp_path / "elsewhere").rglob("*.parquet"))) == TWO_HOURS_OF_TWO_KINDS
    assert not (settings.data_dir / "tape").exists()
