"""A likeness: statistics of made-up recordings whose answers are known, bands, refusals."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from scipy import stats
from statsmodels.tsa.stattools import acf

from babingepet.errors import InputError
from babingepet_resources.exchange.candles import Candles
from babingepet_resources.exchange.simulated import DEFAULT_START_MS, SimulatedMarket
from babingepet_services.likeness.compare import LikenessOptions, compare
from babingepet_services.likeness.measures import (
    CANDLE_STATISTICS,
    TAPE_STATISTICS,
    Statistic,
    autocorrelation,
    hill_index,
    measure_candles,
    measure_tapes,
)
from babingepet_services.likeness.samples import Tape, read_tape

MINUTE = 60_000
START = 1_700_000_000_000 // MINUTE * MINUTE


def candles(returns):
    close = 30_000 * np.exp(np.cumsum(returns))
    opened = np.concatenate(([30_000.0], close[:-1]))
    values = np.zeros((len(close), 9))
    values[:, 0], values[:, 3] = opened, close
    values[:, 1], values[:, 2] = np.maximum(opened, close), np.minimum(opened, close)
    values[:, 4:] = 1.0
    return Candles(START + MINUTE * np.arange(len(close)), values)


def tape(time, usdt, is_buy, best=((100.0, 2.0, 100.1, 1.0),), minutes=2):
    return Tape(
        minutes * MINUTE,
        np.array(time, np.int64),
        np.array(usdt, np.float64),
        np.array(is_buy, np.bool_),
        np.array(best, np.float64),
        np.ones((3, 2, 20)) * np.array((3.0, 1.0))[:, None],
    )


def test_a_random_walk_has_neither_tails_nor_memory():
    returns = np.random.default_rng(1).normal(0, 0.001, 40_000)
    found = measure_candles(candles(returns))
    assert found["daily_volatility"] == pytest.approx(0.001 * np.sqrt(1_440), rel=0.02)
    assert abs(found["excess_kurtosis"]) < 0.1
    assert found["variance_ratio_60m"] == pytest.approx(1, abs=0.12)
    for name in ("absolute_acf_1m", "absolute_acf_60m", "absolute_acf_1d", "return_acf_1m"):
        assert abs(found[name]) < 0.02
    assert found["hill_index"] > 6


def test_statistics_of_minutes_are_those_of_scipy_statsmodels_and_pandas():
    random = np.random.default_rng(2)
    scale = np.repeat(np.exp(random.normal(0, 0.5, 200)), 100)
    returns = scale * random.standard_t(3, 20_000) * 1e-4
    found, mine = measure_candles(candles(returns)), pd.Series(returns[1:])
    assert found["excess_kurtosis"] == pytest.approx(mine.kurt(), rel=0.01)
    sizes = acf(mine.abs(), nlags=1_440, fft=True)
    for name, lag in (("1m", 1), ("10m", 10), ("60m", 60), ("1d", 1_440)):
        assert found[f"absolute_acf_{name}"] == pytest.approx(sizes[lag], abs=0.02)
    tail = np.sort(mine.abs())[-len(mine) // 100 :]
    fitted = stats.pareto.fit(tail, floc=0, fscale=tail[0])[0]
    assert found["hill_index"] == pytest.approx(fitted, rel=0.02)


@pytest.mark.parametrize("index", [1.5, 3.0, 5.0])
def test_the_tail_index_of_a_pareto_is_its_exponent(index):
    values = np.random.default_rng(3).pareto(index, 400_000) + 1
    assert hill_index(values) == pytest.approx(index, rel=0.06)


def test_memories_never_reach_from_one_stretch_into_the_next():
    stretches = [np.array([1.0, 1.0, 1.0]), np.array([-1.0, -1.0, -1.0])]
    assert autocorrelation(stretches, 1) == 1.0
    assert np.isnan(autocorrelation(stretches, 3))


def test_statistics_of_trades_are_what_was_put_in():
    second = START + MINUTE
    made = tape(
        [START, START, START + 30_000, second, second + 10_000],
        [300_000, 250_000, 1_000, 450_000, 3_000],
        [True, True, False, True, False],
        best=[(100.0, 2.0, 100.1, 1.0), (100.0, 1.0, 100.3, 3.0)],
    )
    found = measure_tapes([made], 0.1)
    assert found["trades_1m_q50"] == 2.5
    assert found["large_print_minutes"] == 0.5  # two prints of one millisecond are one order
    assert found["volume_of_largest"] == pytest.approx(450_000 / 1_004_000)
    assert found["trade_usdt_q50"] == 250_000
    assert (found["spread_ticks"], found["spread_one_tick"]) == (2.0, 0.5)
    assert found["quotes_per_second"] == pytest.approx(2 / 120)
    assert found["best_imbalance"] == pytest.approx(np.std([1 / 3, -0.5]))
    assert found["depth_5_usdt"] == pytest.approx(10.0)
    assert found["depth_20_usdt"] == pytest.approx(40.0)
    assert found["depth_imbalance"] == 0.0
    gaps = np.array([0, 30_000, 30_000, 10_000])
    assert found["arrival_cv"] == pytest.approx(gaps.std() / gaps.mean())


def test_a_tape_holds_what_the_market_sent():
    market = SimulatedMarket(seed=2)
    start, end = DEFAULT_START_MS, DEFAULT_START_MS + 2 * MINUTE
    found, whole = read_tape(market, start, end), market.minutes(start, end)
    assert len(found.time) == whole.values[:, 6].sum()
    assert found.usdt.sum() == pytest.approx(whole.values[:, 5].sum(), rel=0.005)
    assert found.usdt[found.is_buy].sum() == pytest.approx(whole.values[:, 8].sum(), rel=0.005)
    assert found.depth.shape == (1_200, 2, 20)
    assert np.all(found.best[:, 2] > found.best[:, 0])


def test_a_band_is_the_recordings_and_the_tolerance():
    assert Statistic("x", "", 2.0, "factor").band([3.0, 5.0]) == (1.5, 10.0)
    assert Statistic("x", "", 0.5, "plus").band([3.0, 5.0]) == (2.5, 5.5)


def test_every_statistic_has_a_name_of_its_own_and_is_measured():
    names = [one.name for one in (*CANDLE_STATISTICS, *TAPE_STATISTICS)]
    assert len(set(names)) == len(names)
    walk = candles(np.random.default_rng(1).normal(0, 0.001, 5_000))
    times = np.arange(200)
    busy = tape(START + 50 * times, times + 1.0, times % 3 == 0)
    assert measure_candles(walk).keys() | measure_tapes([busy], 0.1).keys() == set(names)


@pytest.fixture
def random_walk(tmp_path):
    """A recording of four days without tails or memory."""
    table = candles(np.random.default_rng(5).normal(0, 0.0006, 4 * 1_440))
    path = tmp_path / "BTCUSDT-perp-1m.parquet"
    names = ("open", "high", "low", "close", "volume")
    columns = {name: table.values[:, k] for k, name in enumerate(names)}
    pyarrow.parquet.write_table(pa.table({"open_time": table.open_time} | columns), path)
    return path


def test_a_recording_without_tails_is_not_what_is_simulated(random_walk):
    document = compare(LikenessOptions([random_walk], "BTCUSDT", seed=1, days=4))
    rows = {row["name"]: row for row in document["statistics"]}
    assert set(rows) == {one.name for one in CANDLE_STATISTICS}
    assert "excess_kurtosis" in document["outside"]
    assert "absolute_acf_60m" in document["outside"]
    assert document["alike"] == len(rows) - len(document["outside"])
    for name, row in rows.items():
        low, high = row["band"]
        assert (
            row["is_alike"]
            == (low <= row["simulated"] <= high)
            == (name not in document["outside"])
        )
        assert len(row["recorded"]) == len(document["recordings"]) == 1
    other = compare(LikenessOptions([random_walk], "BTCUSDT", seed=2, days=4))
    assert other["statistics"] != document["statistics"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": ()}, "--data is missing"),
        ({"days": 1}, "--days 1: at least two"),
        ({"symbol": "ETHUSDT"}, "ETHUSDT"),
    ],
)
def test_what_cannot_be_compared_is_refused(random_walk, change, message):
    given = {"data": [random_walk], "symbol": "BTCUSDT", "seed": 0, "days": 2} | change
    with pytest.raises(InputError, match=message):
        compare(LikenessOptions(**given))


@pytest.mark.nightly
def test_nearly_all_is_alike_to_the_recordings(recorded_data):
    folders = ("perp_l2_ws", "btc_perp_1m", "btc_spot_1m")
    data = [recorded_data / "crypto" / name for name in folders]
    document = compare(LikenessOptions(data, "BTCUSDT", seed=0))
    assert len(document["recordings"]) == 4
    assert set(document["outside"]) <= {"quotes_per_second", "absolute_acf_1d", "excess_kurtosis"}
