"""A rehearsal as a service: what it leaves out, what it leaves behind, how fast it was."""

from pathlib import Path

import pyarrow.parquet
import pytest

from babingepet.errors import ConfigurationError, InputError
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.settings import load_settings
from babingepet_services.demo.report import Timing, demo_document
from babingepet_services.demo.run import DEFAULT_CYCLES, Demo
from tests.delivery.markets import (
    EAGER,
    PLAY,
    PLAY_FROM,
    SHADOW,
    UNPROFITABLE,
    write_trending_market,
)

PLAY_PATH = Path("somewhere.sqlite")


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    return write_trending_market(tmp_path_factory.mktemp("market"))


@pytest.fixture
def demo(market, tmp_path):
    def make(path=market, overrides=EAGER, cycles=3, **given):
        values = {
            "data_dir": tmp_path / "data", "market": "recorded", "data": (path,), "speed": "max",
            "start": PLAY_FROM, "overrides": tuple(overrides),
        }  # fmt: skip
        return Demo(load_settings(**(values | given)), SystemClock(), max_cycles=cycles)

    return make


def played(demo):
    for _ in demo.run():
        pass
    return demo.report()


@pytest.mark.slow
def test_a_minute_that_was_never_recorded_is_missed_with_its_reason(demo, market, tmp_path):
    table = pyarrow.parquet.read_table(market)
    hole = (table["open_time"].to_numpy() >= PLAY + MINUTE) & (
        table["open_time"].to_numpy() < PLAY + 3 * MINUTE
    )
    path = tmp_path / "BTCUSDT-hole.parquet"
    pyarrow.parquet.write_table(table.filter(~hole), path)
    report = played(demo(path, cycles=4))
    assert [one["as_of"] for one in report["missed"]] == [PLAY + 2 * MINUTE, PLAY + 3 * MINUTE]
    assert {one["reason"] for one in report["missed"]} == {"the exchange has no closed candle"}
    assert report["minutes_missed"] == 2
    assert len(report["cycles"]) == 4


def test_minutes_nobody_told_of_are_missed_too():
    timing = Timing(begun=0.0, first=(PLAY, 1.0), last=(PLAY + 2 * MINUTE, 3.0), ended=3.0)
    told = demo_document(None, [], [(PLAY, "too late")], None, timing, "stopped", PLAY_PATH)
    assert [one["reason"] for one in told["missed"]] == [
        "too late",
        "the loop did not get the minute",
        "the loop did not get the minute",
    ]
    assert (told["equity"], told["ledger"], told["source"]) == (1000.0, None, None)


def test_speed_is_market_time_over_time():
    timing = Timing(first=(PLAY, 10.0), last=(PLAY + 10 * MINUTE, 15.0))
    assert timing.speed == 120.0
    assert Timing(first=(PLAY, 10.0), last=(PLAY, 10.0)).speed is None


@pytest.mark.slow
def test_a_vetoed_entry_runs_as_a_shadow_and_is_told_apart(demo):
    report = played(demo(overrides=(*EAGER, *UNPROFITABLE), cycles=15))
    assert len(report["trades"]) == 2
    told = [(trade["position_id"], trade["exit_reason"]) for trade in report["shadow_trades"]]
    assert told[0] == (SHADOW, "TARGET")
    net = sum(trade["net_pnl"] for trade in report["trades"])
    assert report["equity"] == pytest.approx(1000 + net, abs=1e-7)


def test_a_market_that_supplies_too_little_leaves_no_database(demo, tmp_path):
    rehearsal = demo(overrides=("min_capability=0.9",))
    with pytest.raises(ConfigurationError):
        played(rehearsal)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.slow
def test_an_interrupted_rehearsal_reports_what_it_did(demo):
    rehearsal = demo(cycles=30)
    minutes = rehearsal.run()
    for _ in range(2):
        next(minutes)
    minutes.close()
    report = rehearsal.report()
    assert (len(report["cycles"]), report["ended"]) == (2, "stopped")


def test_the_default_is_five_hours_and_less_than_one_is_refused(demo):
    assert demo(cycles=None).max_cycles == DEFAULT_CYCLES == 300
    with pytest.raises(InputError, match="--cycles 0"):
        demo(cycles=0)


def test_a_database_that_cannot_be_replaced_is_named(demo, tmp_path):
    (tmp_path / "data" / "demo.sqlite").mkdir(parents=True)
    with pytest.raises(InputError, match=r"demo\.sqlite: cannot be replaced"):
        played(demo())
