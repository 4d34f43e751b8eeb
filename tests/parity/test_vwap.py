"""The day's volume-weighted average price against the formula in pandas, on recorded minutes."""

import numpy as np
import pandas as pd
import pytest

from babingepet.domain.codes import Regime
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.vwap import vwap
from tests import factories as f
from tests.parity.recorded import spot_minutes

START = 1_709_510_400_000


@pytest.mark.parametrize("hours", [1, 7, 13, 23])
@pytest.mark.parametrize("day", [1, 4])
def test_vwap_is_that_of_pandas(recorded_data, day, hours):
    minutes = spot_minutes(recorded_data, START, 7)
    as_of = START + day * DAY + hours * HOUR + 17 * MINUTE
    inputs: SignalInputs = f.signal_inputs(as_of, minutes=minutes.between(START, as_of))
    today = minutes.between(START + day * DAY, as_of)
    table = pd.DataFrame(today.columns())
    typical = (table["high"] + table["low"] + table["close"]) / 3
    volume = table["base_volume"]
    mean = (typical * volume).cumsum().iloc[-1] / volume.cumsum().iloc[-1]
    deviation = np.sqrt((volume * (typical - mean) ** 2).sum() / volume.sum())
    score = vwap(inputs, Regime.NEUTRAL)
    assert score.raw["vwap"] == pytest.approx(mean, rel=1e-12)
    assert score.raw["deviation"] == pytest.approx(deviation, rel=1e-9)
    assert score.raw["z"] == pytest.approx((table["close"].iloc[-1] - mean) / deviation, abs=1e-9)
