"""What holds for the features of a model, whatever the market."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from babingepet.domain.score import measured
from babingepet.market.frames import Candles
from babingepet.signals.ml_features import BAR_FEATURES, FEATURES, bar_features, features
from tests import factories as f
from tests.properties import markets as m

COUNT = 300
"""Bars: just over a day."""
BOUNDED = {"rsi14": (0, 1), "adx14": (0, 1), "di_spread": (-1, 1), "er20": (0, 1),
           "taker_imb": (-1, 1), "hour_sin": (-1, 1), "hour_cos": (-1, 1)}  # fmt: skip

numbers = st.floats(allow_nan=False, allow_infinity=False)
columns = st.lists(numbers, min_size=1, max_size=6)
powers = st.integers(-8, 8).map(lambda k: 2.0**k)


def is_finite_or_missing(values):
    return not np.isinf(values).any()


@given(*[columns] * 6)
def test_no_finite_candle_makes_an_infinite_feature(open_, high, low, close, volume, bought):
    given_columns = (open_, high, low, close, volume, volume, volume, bought)
    bars = Candles(
        np.arange(COUNT) * 300_000, *(m.tiled(column, COUNT) for column in given_columns)
    )
    values = bar_features(bars)
    assert values.shape == (COUNT, len(BAR_FEATURES))
    assert is_finite_or_missing(values)


@given(m.candles(COUNT, interval="5m"))
def test_features_of_a_market_are_known_and_in_their_range(bars):
    values = dict(zip(BAR_FEATURES, bar_features(bars)[-1], strict=True))
    nothing_to_compare = {"vol_ratio", "hurst"}
    assert {name for name, value in values.items() if np.isnan(value)} <= nothing_to_compare
    for name, (low, high) in BOUNDED.items():
        if name in values:
            assert low - 1e-9 <= values[name] <= high + 1e-9
    assert min(values[n] for n in ("rv_1h", "rv_24h", "natr14", "gk_vol")) >= 0.0


@given(m.candles(COUNT, interval="5m"), powers)
def test_no_bar_feature_depends_on_the_unit_of_price(bars, factor):
    plain, other = (bar_features(b, COUNT - 2) for b in (bars, m.scaled(bars, factor)))
    np.testing.assert_array_equal(other, plain)


@given(m.candles(COUNT, interval="5m"), powers)
def test_the_unit_of_volume_changes_only_the_size_of_the_volume(bars, factor):
    other = Candles(
        **bars.columns()
        | {
            name: getattr(bars, name) * factor
            for name in ("base_volume", "quote_volume", "taker_buy_base_volume")
        }
    )
    kept = [k for k, name in enumerate(BAR_FEATURES) if name != "vol_z"]
    np.testing.assert_array_equal(
        bar_features(other, COUNT - 2)[:, kept], bar_features(bars, COUNT - 2)[:, kept]
    )


@given(m.candles(COUNT, interval="5m"), st.integers(0, COUNT - 1), m.prices)
def test_no_feature_reads_a_later_bar(bars, row, price):
    after = f.candles(COUNT - row - 1, interval="5m", closes=np.full(COUNT - row - 1, price))
    later = Candles(**after.columns() | {"open_time": bars.open_time[row + 1 :]})
    altered = Candles.concat([bars.rows(0, row + 1), later])
    known = bar_features(bars)[: row + 1].tobytes()
    assert bar_features(altered)[: row + 1].tobytes() == known
    assert bar_features(bars.rows(0, row + 1)).tobytes() == known


raws = st.fixed_dictionaries(
    {
        "vwap": st.fixed_dictionaries({"z": numbers}),
        "vpin": st.fixed_dictionaries({"rank": numbers}),
        "ofi_contrarian": st.fixed_dictionaries({"z": numbers}),
        "funding_rate": st.fixed_dictionaries({"funding_rate_8h": numbers}),
        "whale_flow": st.fixed_dictionaries({"bought_usdt": numbers, "sold_usdt": numbers}),
    }
)
sizes = st.floats(1e-8, 1e8)


@given(m.candles(COUNT, interval="5m", first=f.NOON - COUNT * 300_000), raws, m.prices, sizes)
def test_all_thirty_are_finite_or_missing(bars, raw, price, size):
    scores = {name: measured(name, 0.0, 1, numbers) for name, numbers in raw.items()}
    levels = (price, size, price * 1.001, 1.0)
    quote = f.quote(bid_price=price, ask_price=price * 1.001)
    inputs = f.signal_inputs(
        bars={"5m": bars}, tape=(f.tape_minute(book=f.book(levels), last_quote=quote),)
    )
    values = features(inputs, scores)
    assert values.shape == (len(FEATURES),)
    assert is_finite_or_missing(values)
    named = dict(zip(FEATURES, values, strict=True))
    assert np.isnan(named["oi_chg_1h"])
    assert -1.0 <= named["depth_imb"] <= 1.0
    assert named["spread_bps"] > 0.0
