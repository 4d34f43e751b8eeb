import math
import statistics

import numpy as np
import pytest

from babingepet.market.context import EtfFlows
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.signals.etf_flow import etf_flow
from tests import factories as f

TUESDAY = f.WEDNESDAY - DAY
KNOWN = f.WEDNESDAY + 3 * HOUR  # Tuesday's flow is published
SWINGING = [100e6, -100e6] * 10
MIXED = [31.0, -12.5, 0.0, 44.0, -90.0, 7.0, 7.0, 120.0, -3.0, 18.0, 2.0, -55.0, 61.0, 0.0, 9.0,
         -20.0, 33.0, 80.0, -41.0, 15.0]  # fmt: skip


def score_of(flows, as_of=KNOWN):
    return etf_flow(f.signal_inputs(as_of, etf_flows=f.etf_flows(flows)))


def by_hand(flows, age_days):
    """The formula, with plain floats."""
    deviation = statistics.stdev(flows[-20:])
    day, week = flows[-1] / deviation, sum(flows[-5:]) / (deviation * math.sqrt(5.0))
    return math.tanh(0.6 * day + 0.4 * week) * 2.0 ** (-max(0.0, age_days - 1.0) / 2.0)


@pytest.mark.parametrize("flows", [SWINGING, MIXED, [9e9, -7e9, 5.0, *MIXED]])
@pytest.mark.parametrize("hours", [27, 28.5, 48, 72, 95.75, 96])
def test_the_newest_day_and_the_week_are_measured_in_usual_days(flows, hours):
    score = score_of(flows, TUESDAY + round(hours * HOUR))
    assert score.value == pytest.approx(by_hand(flows, hours / 24), abs=1e-12)
    assert score.observations == 20
    assert score.raw["flow_usd"] == flows[-1]
    assert score.raw["flow_5_days_usd"] == pytest.approx(sum(flows[-5:]), abs=1e-6)
    assert score.raw["deviation_usd"] == pytest.approx(statistics.stdev(flows[-20:]), rel=1e-12)
    assert score.raw["age_days"] == hours / 24
    assert score.raw["day"] == TUESDAY


@pytest.mark.parametrize(
    ("hours", "fading"),
    [(27, 2**-0.0625), (48, 2**-0.5), (72, 0.5), (96, 2**-1.5)],
)
def test_a_flow_fades_by_half_every_two_days_after_its_first(hours, fading):
    score = score_of(SWINGING, TUESDAY + hours * HOUR)
    assert score.raw["fading"] == pytest.approx(fading, rel=1e-15)
    assert score.value == pytest.approx(by_hand(SWINGING, 1.0) * fading, rel=1e-12)


def test_a_day_is_known_from_three_in_the_morning_after_it():
    flows = [*MIXED, 500.0]
    before, after = score_of(flows, KNOWN - MINUTE), score_of(flows, KNOWN)
    assert before.raw["day"] == TUESDAY - DAY
    assert before.raw["flow_usd"] == MIXED[-1]
    assert (after.raw["day"], after.raw["flow_usd"]) == (TUESDAY, 500.0)


def test_a_day_that_is_not_published_yet_changes_nothing():
    early = TUESDAY + 12 * HOUR
    values = {score_of([*MIXED, later], early).value for later in (-1e9, 0.0, 7.0, 1e9, math.nan)}
    assert len(values) == 1
    assert None not in values


@pytest.mark.parametrize(
    ("as_of", "available"), [(TUESDAY + 4 * DAY, True), (TUESDAY + 4 * DAY + MINUTE, False)]
)
def test_a_flow_lasts_four_days(as_of, available):
    score = score_of(MIXED, as_of)
    assert (score.value is not None) is available
    if not available:
        assert score.reason == "stale: the last flow is that of 2025-05-06"


@pytest.mark.parametrize(
    ("flows", "seen"),
    [
        ([], 0),
        (MIXED[:19], 19),
        ([*MIXED[:10], math.nan, *MIXED[11:]], 19),
        ([*MIXED[:10], math.inf, *MIXED[11:]], 19),
    ],
)
def test_twenty_days_of_numbers_come_first(flows, seen):
    score = score_of(flows)
    assert score.value is None
    assert score.reason == f"warm-up: {seen} of 20 days of flows"
    assert score.observations == seen


@pytest.mark.parametrize("hole", [math.nan, math.inf, -math.inf])
def test_a_day_without_a_number_is_a_day_less(hole):
    plain = f.etf_flows([8.0, *MIXED])
    flows = [8.0, *MIXED]
    flows[5] = hole
    dropped = EtfFlows(np.delete(plain.day, 5), np.delete(plain.flow_usd, 5))
    score = score_of(flows)
    assert score.value == etf_flow(f.signal_inputs(KNOWN, etf_flows=dropped)).value
    assert score.value is not None


@pytest.mark.parametrize("flow", [0.0, 0.1, -33.3e6, 1e300])
def test_flows_that_never_differ_are_neutral(flow):
    score = score_of([flow] * 20)
    assert score.value == 0.0
    assert score.raw["deviation_usd"] == 0.0


def test_a_row_of_zero_is_a_day_and_a_missing_row_is_none():
    # A holiday that is left out keeps Tuesday the newest day; one filed as 0.0 becomes the newest.
    left_out = score_of(MIXED, KNOWN + DAY)
    filed = etf_flow(
        f.signal_inputs(KNOWN + DAY, etf_flows=f.etf_flows([*MIXED, 0.0], last=f.WEDNESDAY))
    )
    assert left_out.value == pytest.approx(by_hand(MIXED, 2.125), abs=1e-12)
    assert filed.value == pytest.approx(by_hand([*MIXED, 0.0], 1.125), abs=1e-12)


def test_more_money_in_than_usual_is_bullish():
    assert score_of([*MIXED[:-1], 300.0]).value > 0.5
    assert score_of([*MIXED[:-1], -300.0]).value < -0.5
