"""Nothing that a replay of recorded months tells depends on the future, with holes or without."""

from dataclasses import replace

import pytest

from babingepet.replay.lookahead import check
from babingepet.replay.lookahead_cuts import choose_cuts
from babingepet.replay.truth import read_truth
from tests.engine.replay import recorded
from tests.parity.recorded import spot_hours

CUTS = 120


@pytest.mark.slow
@pytest.mark.parametrize("holes", [False, True], ids=["whole", "with holes"])
def test_nothing_of_recorded_months_depends_on_the_future(recorded_data, holes):
    market = recorded.hundred_days(recorded_data)
    if holes:
        market = recorded.with_holes(market, recorded_data)
    hours = spot_hours(recorded_data).between(0, recorded.FIRST)
    truth = read_truth(replace(market, hours=hours), recorded.EAGER)
    report = check(truth, choose_cuts(truth, CUTS), workers=2)
    assert report.dependence is None
    assert report.cuts == CUTS
    assert report.distinct_minutes > len(truth.columns.open_time) // 2
    assert len(truth.trades) > 20
