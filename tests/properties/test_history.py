"""Nothing that comes later changes what was said before, and growing is the same as building."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from babingepet.market.frames import Candles
from babingepet.market.history import DERIVED, BarHistory, resample
from babingepet.market.intervals import DAY, INTERVALS, MINUTE
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.mtf_alignment import mtf_alignment
from babingepet.signals.regime import read_regime
from babingepet.signals.vpin import vpin
from babingepet.signals.vwap import vwap
from tests import factories as f
from tests.properties import markets as m

DAYS = 27
START = f.MONDAY
NO_HOURS = Candles.empty()
holes = st.lists(st.tuples(st.integers(0, 700), st.integers(1, 90)), max_size=4)


def punched(frame, cuts):
    """The frame with runs of rows missing; the first and last stay."""
    missing = {i for at, length in cuts for i in range(at, at + length)}
    return f.without(frame, [i for i in missing if 0 < i < len(frame) - 1])


def inputs_at(history, as_of):
    return SignalInputs(
        as_of=as_of,
        minutes=history.minutes(as_of),
        bars={name: history.bars(name, as_of) for name in DERIVED},
        tape=(),
        funding=f.funding(),
    )


def bar_scores(minutes, as_of):
    """Everything that is computed of bars, from a history that knows these minutes."""
    inputs = inputs_at(BarHistory(minutes, NO_HOURS), as_of)
    regime = read_regime(inputs)
    return (vpin(inputs), mtf_alignment(inputs), regime, vwap(inputs, regime.state))


@given(
    m.candles(DAYS * 1_440, first=START),
    st.integers(25 * 1_440 + 60, DAYS * 1_440 - 2),
    st.floats(0.5, 2.0),
)
def test_neither_truncation_nor_another_future_changes_a_score(minutes, row, factor):
    as_of = START + row * MINUTE
    known = minutes.rows(0, row)
    future = m.scaled(minutes.rows(row, len(minutes)), factor)
    whole = bar_scores(minutes, as_of)
    assert bar_scores(known, as_of) == whole
    assert bar_scores(Candles.concat([known, future]), as_of) == whole
    assert whole[1].value is not None


@given(m.candles(800, first=START), holes, st.integers(1, 799), st.integers(0, 59))
def test_growing_a_history_is_building_it(minutes, cuts, cut, shift):
    moved = Candles(**minutes.columns() | {"open_time": minutes.open_time + shift * MINUTE})
    minutes = punched(moved, cuts)
    cut = min(cut, len(minutes))
    grown = BarHistory(minutes.rows(0, cut), NO_HOURS)
    grown.append(minutes.rows(cut, len(minutes)))
    built = BarHistory(minutes, NO_HOURS)
    assert grown.end == built.end
    for interval in DERIVED:
        assert grown.bars(interval, built.end).equals(built.bars(interval, built.end))


@given(m.candles(800, first=START), holes, st.sampled_from(DERIVED))
def test_longer_bars_keep_volume_extremes_and_the_grid(minutes, cuts, interval):
    minutes = punched(minutes, cuts)
    span = INTERVALS[interval]
    bars = resample(minutes, interval, START + DAY)
    assert (bars.open_time % span == 0).all()
    assert (np.diff(bars.open_time) > 0).all()
    assert np.isclose(bars.base_volume.sum(), minutes.base_volume.sum())
    assert bars.high.max() == minutes.high.max()
    assert bars.low.min() == minutes.low.min()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.open[0], bars.close[-1]) == (minutes.open[0], minutes.close[-1])
