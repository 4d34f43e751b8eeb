"""What holds for every score, whatever the market."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.domain.codes import Regime
from babingepet.domain.decision import canonical_json
from babingepet.market.intervals import HOUR, INTERVALS, MINUTE
from babingepet.market.order_flow import is_tradable
from babingepet.market.tape import reduce_minute
from babingepet.signals import vpin as v
from babingepet.signals.as_fair_value import as_fair_value
from babingepet.signals.funding_rate import funding_rate
from babingepet.signals.mtf_alignment import mtf_alignment
from babingepet.signals.ofi_contrarian import ofi_contrarian
from babingepet.signals.regime import read_regime
from babingepet.signals.vwap import vwap
from babingepet.signals.whale_flow import whale_flow
from tests import factories as f
from tests.properties import markets as m

rates = st.floats(-1e300, 1e300)
sizes = st.floats(1e-8, 1e8)


def is_sound(score):
    """Within [-1, 1], or unavailable for a reason; and nothing in it that JSON cannot hold."""
    canonical_json(dict(score.raw))
    if score.value is None:
        return bool(score.reason)
    return -1.0 <= score.value <= 1.0 and score.reason is None


def bars(draw_bars):
    """All four intervals made of one run of bars."""
    return {
        name: f.candles(
            first=f.NOON // span * span - len(draw_bars) * span, interval=name,
            closes=draw_bars.close, open=draw_bars.open, high=draw_bars.high, low=draw_bars.low,
        )
        for name, span in INTERVALS.items() if name in ("5m", "15m", "1h", "4h")
    }  # fmt: skip


@given(m.candles(160))
def test_trend_and_regime_are_sound(candles):
    inputs = f.signal_inputs(bars=bars(candles))
    score = mtf_alignment(inputs)
    assert is_sound(score)
    assert score.value is not None
    reading = read_regime(inputs)
    assert is_sound(reading.score)
    assert reading.state is not Regime.UNKNOWN


@given(m.candles(90, first=f.WEDNESDAY), st.sampled_from(Regime))
def test_vwap_is_sound(candles, regime):
    as_of = f.WEDNESDAY + 90 * MINUTE
    assert is_sound(vwap(f.signal_inputs(as_of, minutes=candles), regime))


@given(m.volumes, m.shares)
def test_vpin_is_sound(volumes, shares):
    volume = m.tiled(volumes, 24 * 1_440)
    candles = f.candles(
        len(volume), first=f.WEDNESDAY - 24 * 1_440 * MINUTE, base_volume=volume,
        taker_buy_base_volume=volume * m.tiled(shares, len(volume)),
    )  # fmt: skip
    assert is_sound(v.vpin(f.signal_inputs(f.WEDNESDAY, minutes=candles)))


@given(rates, st.sampled_from([1.0, 4.0, 8.0]), st.integers(0, 10 * HOUR))
def test_funding_is_sound(rate, hours, age):
    inputs = f.signal_inputs(funding=f.funding((f.NOON - age, rate), hours=hours))
    assert is_sound(funding_rate(inputs))


@given(st.lists(st.floats(-1e12, 1e12), min_size=61, max_size=80))
def test_order_flow_is_sound(imbalances):
    tape = f.tape(len(imbalances), order_flow_imbalance=imbalances)
    score = ofi_contrarian(f.signal_inputs(tape=tape))
    assert is_sound(score)
    assert score.value is not None


@given(m.prices, st.lists(st.floats(-1e-3, 1e-3), min_size=1, max_size=9), sizes, sizes)
def test_fair_value_is_sound(price, steps, bid_size, ask_size):
    mids = np.split(m.walked(price, steps, 240), 4)
    quote = f.quote(bid_price=price, ask_price=price * 1.001, bid_size=bid_size, ask_size=ask_size)
    tape = (*f.tape(4, mids=mids)[:3], f.tape_minute(mids=mids[3], last_quote=quote))
    score = as_fair_value(f.signal_inputs(tape=tape))
    assert is_sound(score)
    assert score.value is not None


prints = st.lists(
    st.tuples(st.integers(f.NOON - MINUTE, f.NOON - 1), m.prices, sizes, st.booleans()), max_size=9
).map(sorted)


def whale_score(rows):
    newest = f.tape_minute(prints=f.trades(*rows))
    return whale_flow(f.signal_inputs(tape=(*f.tape(14, until=f.NOON - MINUTE), newest)))


@given(prints)
def test_whale_flow_is_sound_and_turns_with_the_aggressors(rows):
    score = whale_score(rows)
    assert is_sound(score)
    turned = whale_score([(t, price, size, not maker) for t, price, size, maker in rows])
    assert turned.value == -score.value


whole = st.integers(1, 1_000).map(float)
updates = st.lists(
    st.tuples(st.integers(0, f.MONDAY), whole, whole, whole, whole), min_size=2, max_size=30
)


@given(updates)
def test_only_tradable_quotes_are_reduced(rows):
    quotes = f.quotes(*((f.NOON + i, *row[1:]) for i, row in enumerate(rows)))
    minute = reduce_minute(
        f.NOON, f.trades(), quotes, previous=None, trades_from=None, quotes_from=f.NOON,
        book=None, minimum_notional=1.0,
    )  # fmt: skip
    assert minute.quote_count == sum(is_tradable(*row[1:]) for row in rows)
    if minute.last_quote is not None:
        assert 0 < minute.last_quote.bid_price < minute.last_quote.ask_price
    assert not np.isinf(minute.mids).any()


@given(st.lists(st.floats(-1.0, 1.0), min_size=151, max_size=200))
def test_turning_all_flow_turns_the_score_of_vpin(signed):
    values = np.array(signed)
    score, turned = v._score(values, 1.0), v._score(-values, 1.0)
    assert turned.value == -score.value
    assert turned.raw["vpin"] == score.raw["vpin"]
    assert 0.0 <= score.raw["vpin"] <= 1.0
    assert 0.0 <= score.raw["rank"] <= 1.0


@given(m.volumes, m.shares, st.floats(0.5, 1e5))
def test_buckets_hold_all_volume_but_the_last_rest_and_turn_with_the_buyers(volumes, shares, size):
    volume = np.minimum(m.tiled(volumes, 60), 1e3 * size)
    share = m.tiled(shares, 60)
    clock = (np.array([0, 60]), np.array([size]), 0)
    signed, ends = v.signed_buckets(volume, volume * share, *clock)
    turned, _ = v.signed_buckets(volume, volume * (1.0 - share), *clock)
    assert (np.diff(ends) >= 0).all()
    assert len(signed) == pytest.approx(math.fsum(volume) / size, abs=1.0 + 1e-6)
    np.testing.assert_allclose(turned, -signed, rtol=0, atol=1e-6)
    assert (np.abs(signed) <= 1.0 + 1e-6).all()


powers = st.integers(-8, 8).map(lambda k: 2.0**k)


@given(m.candles(160), powers)
def test_the_unit_of_price_changes_neither_trend_nor_regime(candles, factor):
    plain, other = (f.signal_inputs(bars=bars(c)) for c in (candles, m.scaled(candles, factor)))
    assert mtf_alignment(other).value == mtf_alignment(plain).value
    one, two = read_regime(plain), read_regime(other)
    assert (two.state, two.raw_state, two.score.value) == (
        one.state,
        one.raw_state,
        one.score.value,
    )


@given(m.candles(90, first=f.WEDNESDAY), powers, st.sampled_from(Regime))
def test_the_unit_of_price_does_not_change_vwap(candles, factor, regime):
    as_of = f.WEDNESDAY + 90 * MINUTE
    plain, other = (
        vwap(f.signal_inputs(as_of, minutes=c), regime)
        for c in (candles, m.scaled(candles, factor))
    )
    assert other.value == plain.value
