import math

import numpy as np
import pytest

from babingepet.domain.score import measured, unavailable
from babingepet.market.history import has_recent_hole
from babingepet.market.intervals import DAY, HOUR, INTERVALS, MINUTE
from babingepet.market.open_interest import OpenInterestHour
from babingepet.signals import ml_features
from babingepet.signals.ml_features import BAR_FEATURES, FEATURES, bar_features, features
from babingepet.signals.registry import compute_scores
from tests import factories as f

SPAN = INTERVALS["5m"]
COUNT = 400

TABLE = """
    ret_5m ret_15m ret_1h ret_4h ret_24h rv_1h rv_24h vol_ratio natr14 gk_vol rsi14 adx14 di_spread
    ema_gap macd_hist bb_pos er20 hurst vwap_z vol_z taker_imb vpin_cdf ofi_z depth_imb spread_bps
    funding_r8 oi_chg_1h whale_net hour_sin hour_cos
"""
FIRST_ROWS = {
    "ret_5m": 1, "ret_15m": 3, "ret_1h": 12, "ret_4h": 48, "ret_24h": 288, "rv_1h": 12,
    "rv_24h": 288, "vol_ratio": 288, "natr14": 14, "gk_vol": 47, "rsi14": 14, "adx14": 27,
    "di_spread": 27, "ema_gap": 149, "macd_hist": 77, "bb_pos": 19, "er20": 20, "hurst": 287,
    "vol_z": 287, "taker_imb": 11,
}  # fmt: skip


def walked(count=COUNT, seed=1, as_of=f.NOON):
    """Bars of a random walk that end at ``as_of``."""
    rng = np.random.default_rng(seed)
    close = 60_000.0 * np.exp(rng.normal(0, 1e-3, count).cumsum())
    before = np.append(close[0], close[:-1])
    volume = rng.exponential(20.0, count)
    return f.bars_until(
        as_of,
        "5m",
        close,
        open=before,
        high=np.maximum(close, before) * (1 + rng.exponential(5e-4, count)),
        low=np.minimum(close, before) * (1 - rng.exponential(5e-4, count)),
        base_volume=volume,
        taker_buy_base_volume=volume * rng.random(count),
    )


def named(values, names=FEATURES):
    return dict(zip(names, values.tolist(), strict=True))


def last(bars):
    return named(bar_features(bars)[-1], BAR_FEATURES)


def read(bars=None, scores=None, as_of=f.NOON, **given):
    quarters = {**f.signal_inputs().bars, "5m": walked() if bars is None else bars}
    return named(features(f.signal_inputs(as_of, bars=quarters, **given), scores or {}))


def test_there_are_thirty_features_in_a_fixed_order():
    assert tuple(TABLE.split()) == FEATURES
    assert set(FIRST_ROWS) == set(BAR_FEATURES)


def test_each_feature_begins_with_the_bar_that_completes_its_window():
    values = bar_features(walked())
    assert values.shape == (COUNT, 20)
    known = ~np.isnan(values)
    first = dict(zip(BAR_FEATURES, known.argmax(axis=0).tolist(), strict=True))
    assert first == FIRST_ROWS
    assert all(known[row:, k].all() for k, row in enumerate(first.values()))


def test_a_short_history_has_the_values_of_its_place_in_a_long_one():
    bars = walked()
    whole = bar_features(bars)
    for row in (0, 1, 14, 15, 27, 30, 149, 287, 288, 350, COUNT - 1):
        known = bars.rows(0, row + 1)
        assert bar_features(known)[row].tobytes() == whole[row].tobytes()
        assert bar_features(known, row)[0].tobytes() == whole[row].tobytes()
        assert bar_features(bars, row).tobytes() == whole[row:].tobytes()


def test_no_later_bar_changes_an_earlier_value():
    bars, other = walked(), walked(seed=2)
    whole = bar_features(bars)
    for row in (100, 200, 300, 399):
        replaced = bars.concat([bars.rows(0, row), other.rows(row, COUNT)])
        assert bar_features(replaced)[:row].tobytes() == whole[:row].tobytes()


def test_a_history_of_nothing_has_no_rows():
    assert bar_features(f.candles(0)).shape == (0, 20)


def test_a_price_that_never_moved_is_measured_where_that_says_something():
    values = last(f.candles(COUNT, interval="5m", high=100.0, low=100.0))
    nothing = [name for name, value in values.items() if math.isnan(value)]
    assert nothing == ["vol_ratio", "hurst"]  # no ratio of nothing to nothing, nothing spreads
    assert values["rsi14"] == 0.5
    assert all(v == 0.0 for k, v in values.items() if k not in (*nothing, "rsi14"))


def test_an_hour_without_trades_has_no_aggressor():
    volume = np.full(COUNT, 5.0)
    volume[-12:] = 0.0
    bars = f.candles(COUNT, interval="5m", base_volume=volume, taker_buy_base_volume=volume)
    assert bar_features(bars)[[-2, -1], BAR_FEATURES.index("taker_imb")].tolist() == [1.0, 0.0]


@pytest.mark.parametrize("volume", [0.0, 10.0])
def test_taker_volume_that_was_never_recorded_is_missing_not_even(volume):
    values = last(f.candles(COUNT, interval="5m", base_volume=volume, taker_buy_base_volume=np.nan))
    assert math.isnan(values["taker_imb"])
    assert values["vol_z"] == 0.0


def test_a_return_is_missing_where_the_very_bar_is():
    bars = walked()
    holed = f.without(bars, [COUNT - 1 - 12])
    values = last(holed)
    assert math.isnan(values["ret_1h"])
    for name, back in {"ret_5m": 1, "ret_15m": 3, "ret_4h": 48, "ret_24h": 288}.items():
        assert values[name] == pytest.approx(math.log(bars.close[-1] / bars.close[-1 - back]))


@pytest.mark.parametrize("seed", range(4))
def test_the_rows_after_a_hole_are_those_at_which_a_signal_would_be_silent(seed):
    rng = np.random.default_rng(seed)
    missing = {
        row
        for start in rng.integers(1, COUNT - 10, 4)
        for row in range(start, start + rng.integers(1, 9))
    }
    bars = f.without(walked(), sorted(missing))
    for row, silent in enumerate(ml_features.is_after_hole(bars.open_time, SPAN)):
        known = bars.open_time[: row + 1]
        assert silent == has_recent_hole(known, SPAN, int(known[-1]) + SPAN)


def test_after_a_hole_nothing_is_known_until_it_has_washed_out():
    bars = f.without(walked(), range(300, 304))
    known = ~np.isnan(bar_features(bars)).all(axis=1)
    assert known[299]
    assert not known[300:356].any()
    assert known[356:].all()
    assert not np.isnan(bar_features(f.without(walked(), range(300, 303)))[350:]).all(axis=1).any()


def test_bars_that_stopped_coming_are_not_read():
    bars = walked()
    late = f.NOON + 4 * SPAN
    assert not math.isnan(read(bars, as_of=late - SPAN)["natr14"])
    assert all(math.isnan(read(bars, as_of=late)[name]) for name in BAR_FEATURES)


def test_the_last_closed_bar_is_read_at_every_minute_until_the_next():
    bars = walked()
    for minute in range(5):
        values = read(bars, as_of=f.NOON + minute * MINUTE)
        assert {name: values[name] for name in BAR_FEATURES} == last(bars)


SCORES = {
    "vwap": {"z": 1.5},
    "vpin": {"rank": 0.7},
    "ofi_contrarian": {"z": -2.0},
    "funding_rate": {"funding_rate_8h": 3e-4},
    "whale_flow": {"bought_usdt": 5e6, "sold_usdt": 8e6},
}
READ_OFF = {
    "vwap_z": 1.5, "vpin_cdf": 0.7, "ofi_z": -2.0, "funding_r8": 3.0, "whale_net": -3.0,
}  # fmt: skip


def test_what_other_signals_measured_is_read_off_them():
    values = read(scores={name: measured(name, 0.0, 1, raw) for name, raw in SCORES.items()})
    assert {name: values[name] for name in READ_OFF} == pytest.approx(READ_OFF)


@pytest.mark.parametrize(
    "scores",
    [
        {},
        {name: unavailable(name, "stale", 1, raw) for name, raw in SCORES.items()},
        {name: measured(name, 0.0, 1, {}) for name in SCORES},
        {name: measured(name, 0.0, 1, dict.fromkeys(raw)) for name, raw in SCORES.items()},
        {name: measured(name, 0.0, 1, dict.fromkeys(raw, np.inf)) for name, raw in SCORES.items()},
    ],
    ids=["not computed", "unavailable", "without details", "none", "not finite"],
)
def test_what_they_did_not_measure_is_missing(scores):
    values = read(scores=scores)
    assert all(math.isnan(values[name]) for name in READ_OFF)


BOOK = f.book((99.9, 3.0, 100.1, 1.0), (99.0, 50.0, 101.0, 70.0))


def test_the_newest_quote_and_the_book_near_the_mid_are_read():
    minute = f.tape_minute(book=BOOK)
    values = read(tape=(minute,))
    assert values["spread_bps"] == pytest.approx(1.0 / 100.0 * 1e4)
    assert values["depth_imb"] == pytest.approx((299.7 - 100.1) / (299.7 + 100.1))


@pytest.mark.parametrize(
    ("tape", "missing"),
    [
        ((), {"spread_bps", "depth_imb"}),
        ((f.tape_minute(f.NOON - 2 * MINUTE, book=BOOK),), {"spread_bps", "depth_imb"}),
        ((f.tape_minute(book=BOOK, is_two_sided=False),), {"spread_bps"}),
        ((f.tape_minute(book=BOOK, last_quote=None),), {"spread_bps"}),
        (
            (f.tape_minute(book=BOOK, last_quote=f.quote(event_time=f.NOON - MINUTE - 1)),),
            {"spread_bps"},
        ),
        ((f.tape_minute(),), {"depth_imb"}),
        ((f.tape_minute(book=f.book()),), {"depth_imb"}),
        (
            (f.tape_minute(book=type(BOOK)(f.NOON - MINUTE - 1, BOOK.levels)),),
            {"depth_imb"},
        ),
    ],
    ids=["none", "older", "one side", "no quote", "old quote", "no book", "empty", "old book"],
)
def test_a_quote_or_a_book_that_is_not_fresh_is_missing(tape, missing):
    values = read(tape=tape)
    assert {n for n in ("spread_bps", "depth_imb") if math.isnan(values[n])} == missing


@pytest.mark.parametrize(
    ("hour", "sine", "cosine"),
    [(0, 0.0, 1.0), (6, 1.0, 0.0), (12, 0.0, -1.0), (21, -(0.5**0.5), 0.5**0.5)],
)
def test_the_hour_lies_on_a_circle(hour, sine, cosine):
    values = read(as_of=f.WEDNESDAY + hour * HOUR + 59 * MINUTE)
    assert (values["hour_sin"], values["hour_cos"]) == pytest.approx((sine, cosine), abs=1e-12)


@pytest.mark.parametrize(
    ("hour", "change"),
    [
        ((1, 81_000.0, 0, 80_000.0), math.log(81 / 80)),
        ((1, 79_000.0, 0, 80_000.0), math.log(79 / 80)),
        ((1, 0.0, 0, 80_000.0), math.nan),
        ((1, 80_000.0, 0, 0.0), math.nan),
    ],
    ids=["more", "less", "nothing now", "nothing then"],
)
def test_the_change_of_open_interest_is_the_logarithm_of_the_hour(hour, change):
    values = read(open_interest=OpenInterestHour(*hour))
    assert values["oi_chg_1h"] == pytest.approx(change, nan_ok=True)


def test_open_interest_that_is_not_known_is_missing():
    assert math.isnan(read()["oi_chg_1h"])


def test_every_feature_is_known_where_every_signal_measures():
    minutes = f.candles(24 * 1_440 + 720, first=f.NOON - 24 * DAY - 12 * HOUR)
    tape = f.tape(70, order_flow_imbalance=[float(i % 7) for i in range(70)], book=BOOK)
    inputs = f.signal_inputs(
        minutes=minutes,
        tape=tape,
        bars={**f.signal_inputs().bars, "5m": walked()},
        funding=f.funding((f.NOON - 4 * HOUR, 1e-4)),
        open_interest=OpenInterestHour(f.NOON, 80_001.0, f.NOON - HOUR, 80_000.0),
    )
    scores, _ = compute_scores(inputs, f.ALL_FEEDS)
    by_name = {score.signal: score for score in scores}
    values = named(features(inputs, by_name))
    assert [name for name, value in values.items() if math.isnan(value)] == []
    assert values["vwap_z"] == by_name["vwap"].raw["z"]
    assert values["vpin_cdf"] == by_name["vpin"].raw["rank"]
    assert values["ofi_z"] == by_name["ofi_contrarian"].raw["z"]
    assert values["funding_r8"] == pytest.approx(1.0)
    assert values["whale_net"] == 0.0
