"""The benchmark of the replay: what it computes from what the programs measured, and how it asks them."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from scripts.bench import replay
from scripts.bench.peers import aims, environments, measured
from scripts.bench.peers.bars import FUNDING, MINUTE, START, Bars, made_up_bars
from scripts.bench.peers.ours import market_of
from scripts.devtools.project import ROOT, VerbError

DAY = 1_440


def run(seconds=1.0, **changes):
    """What a program measured whose every warm call took as long."""
    boring = measured.Measured(
        version="1",
        bars=1_000,
        first_seconds=seconds,
        warm_seconds=[seconds] * 3,
        peak_mb=100.0,
        imports_mb=50.0,
        trades=1,
        final_over_start=1.0,
        ledger_sha256="a",
    )
    return replace(boring, **changes)


@pytest.mark.parametrize(
    ("largest", "value", "met"),
    [
        (True, 0.5, True),
        (True, 0.500001, False),
        (False, 0.5, True),
        (False, 0.499999, False),
        (True, None, None),
    ],
)
def test_an_aim_is_met_at_its_limit_and_open_where_nothing_was_measured(largest, value, met):
    assert aims.Aim(0.5, largest=largest).verdict(value)["met"] is met


def test_ratios_take_the_slower_of_ours():
    ours = [run(2.0, first_seconds=2.5, peak_mb=300.0), run(4.0, first_seconds=4.25, peak_mb=200.0)]
    peers = {
        "vectorbt": run(8.0),
        "vectorbt_rust": run(5.0),
        "backtesting": run(400.0),
        "nautilus": run(1_000.0),
    }
    assert aims.values(ours, peers) == {
        "ours_over_vectorbt_warm": 0.5,
        "ours_over_vectorbt_rust_warm": 0.8,
        "backtesting_over_ours": 100.0,
        "nautilus_over_ours": 250.0,
        "first_call_extra_seconds": 0.5,
        "peak_mb": 300.0,
    }
    met = {name: verdict["met"] for name, verdict in aims.verdicts(ours, peers).items()}
    assert [name for name in aims.AIMS if not met[name]] == [
        "ours_over_vectorbt_rust_warm",
        "nautilus_over_ours",
    ]


def test_a_peer_that_could_not_be_measured_leaves_its_ratio_without_a_value():
    verdicts = aims.verdicts([run()], {"nautilus": run(600.0)})
    assert [name for name, verdict in verdicts.items() if verdict["met"] is None] == [
        "ours_over_vectorbt_warm",
        "ours_over_vectorbt_rust_warm",
        "backtesting_over_ours",
    ]
    assert verdicts["nautilus_over_ours"] == {"value": 600.0, "aim": "at least 500", "met": True}


def test_every_peer_is_in_some_ratio():
    nobody = aims.values([run()], {})
    for name in replay.PEERS:
        assert aims.values([run()], {name: run()}) != nobody


def test_growth_is_one_where_time_grows_as_the_series_does():
    grown = aims.growth({3: run(1.0, bars=1_000), 24: run(8.0, bars=8_000)})
    assert grown["cost_of_a_bar_longest_over_shortest"] == 1.0
    assert grown["months_24"]["seconds_per_million_bars"] == 1_000.0
    steeper = aims.growth({3: run(1.0, bars=1_000), 24: run(16.0, bars=8_000)})
    assert steeper["cost_of_a_bar_longest_over_shortest"] == 2.0


def test_runs_over_the_same_bars_must_come_to_one_ledger():
    assert aims.require_one_ledger([run(), run()]) == "a"
    with pytest.raises(SystemExit, match="different ledgers: a, b"):
        aims.require_one_ledger([run(), run(ledger_sha256="b")])


def test_the_warm_time_is_the_median_and_the_first_call_is_told_as_a_difference():
    program = run(warm_seconds=[1.0, 9.0, 2.0], first_seconds=7.0)
    assert (program.seconds, program.first_call_extra_seconds) == (2.0, 5.0)
    assert program.figures()["bars_per_second"] == 500


def test_a_program_hands_over_all_that_it_measured(tmp_path):
    program = run(apart={"make_bars": 0.5})
    program.write(tmp_path / "report.json")
    assert measured.Measured.read(tmp_path / "report.json") == program
    assert program.figures()["make_bars_seconds"] == 0.5


def test_the_first_call_is_timed_apart_from_the_warm_ones():
    calls = []
    seconds, result = measured.timed(lambda: calls.append(0) or len(calls), 3)
    assert (len(seconds), result) == (4, 4)


def test_only_one_result_is_in_memory_at_a_time():
    alive, most = set(), []

    class Result:
        def __init__(self):
            alive.add(id(self))
            most.append(len(alive))

        def __del__(self):
            alive.discard(id(self))

    measured.timed(Result, 3)
    assert max(most) == 1


@pytest.mark.slow
def test_memory_is_that_of_the_process_and_not_of_the_one_that_started_it():
    large = np.ones(40_000_000)  # 320 MB
    asked = "from scripts.bench.peers.measured import peak_mb; print(peak_mb())"
    program = [sys.executable, "-S", "-c", asked]
    said = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert 1 < float(said) < 100 < measured.peak_mb()
    del large


def test_made_up_bars_are_a_market():
    bars = made_up_bars(3 * DAY)
    assert np.all(np.diff(bars.open_time) == MINUTE)
    assert np.all(bars.high >= np.maximum(bars.open, bars.close))
    assert np.all((bars.low <= np.minimum(bars.open, bars.close)) & (bars.low > 0))
    assert np.all(
        (bars.taker_buy_base_volume >= 0) & (bars.taker_buy_base_volume <= bars.base_volume)
    )
    share = bars.taker_buy_base_volume.sum() / bars.base_volume.sum()
    assert share == pytest.approx(0.5, abs=0.01)
    assert list(bars.funding_time) == [START + i * FUNDING for i in range(9)]


def test_the_beginning_of_a_series_holds_its_bars_and_the_settlements_in_it(tmp_path):
    whole = made_up_bars(3 * DAY)
    day = whole.first(DAY)
    assert (len(day.close), len(day.taker_buy_base_volume), len(day.funding_rate)) == (DAY, DAY, 3)
    day.save(tmp_path / "day.npz")
    read = Bars.load(tmp_path / "day.npz")
    assert all(np.array_equal(a, b) for a, b in zip(read, whole.first(DAY), strict=True))


def test_the_replay_reads_the_very_bars_that_its_peers_read():
    bars = made_up_bars(DAY)
    market = market_of(bars)
    for name in ("open_time", "open", "high", "low", "close", "base_volume"):
        assert np.array_equal(getattr(market.minutes, name), getattr(bars, name))
    assert np.array_equal(market.funding.funding_rate, bars.funding_rate)
    assert market.feeds == {"candles", "taker_volume", "funding"}


def test_an_environment_that_fits_its_lock_file_is_kept(tmp_path, monkeypatch):
    made = []

    def make(command, doing):
        made.append(doing)
        if doing.startswith("Creating"):
            python = tmp_path / "nautilus" / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()

    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path)
    monkeypatch.setattr(environments, "run_step", make)
    monkeypatch.setattr(environments.environment, "uv", lambda: "uv")
    python = environments.python_of("nautilus")
    assert environments.python_of("nautilus") == python
    assert made == ["Creating the environment of nautilus", "Installing nautilus"]
    (tmp_path / "nautilus" / ".complete").write_text("of other versions")
    environments.python_of("nautilus")
    assert len(made) == 4


def test_a_peer_that_cannot_be_installed_is_named_with_the_reason(monkeypatch):
    def refuse(name):
        if name == "nautilus":
            raise VerbError("The package registry does not answer")
        return ROOT / name

    monkeypatch.setattr(environments, "python_of", refuse)
    pythons, failed = replay.peer_pythons()
    assert sorted(pythons) == ["backtesting", "vectorbt"]
    assert failed == {"nautilus": "The package registry does not answer"}


def test_a_peer_that_fails_is_named_with_the_reason_and_the_others_go_on(tmp_path, monkeypatch):
    def step(command, doing):
        if doing.endswith("with_backtesting"):
            raise VerbError("Measuring with_backtesting failed")
        run().write(replay.Path(command[4]))

    monkeypatch.setattr(replay, "run_step", step)
    pythons = dict.fromkeys(("vectorbt", "backtesting"), ROOT)
    found, failed = replay.Bench(tmp_path).peers(pythons)
    assert sorted(found) == ["vectorbt", "vectorbt_rust"]
    assert failed == {"backtesting": "Measuring with_backtesting failed"}


@pytest.mark.parametrize(
    ("peer", "pinned"),
    [
        ("vectorbt", "vectorbt==1.2.0"),
        ("vectorbt", "vectorbt-rust==1.2.0"),
        ("backtesting", "backtesting==0.6.6"),
        ("nautilus", "nautilus-trader==1.221.0"),
    ],
)
def test_a_peers_version_is_pinned(peer, pinned):
    lock = ROOT / "scripts" / "bench" / "peers" / f"{peer}.lock"
    assert pinned in lock.read_text().splitlines()


def test_the_months_of_the_series_are_whole_ones():
    starts = {
        months: np.datetime64("2022-01") + np.timedelta64(months, "M") for months in replay.MONTHS
    }
    for months, minutes in replay.MONTHS.items():
        assert starts[months].astype("datetime64[ms]").astype(int) == START + minutes * MINUTE
