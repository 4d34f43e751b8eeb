import numpy as np
import pytest

from babingepet.market.intervals import DAY, HOUR, MINUTE, iso, month_start
from babingepet.signals.hour_seasonality import hour_seasonality
from tests import factories as f

ONLY_NOON = np.arange(24) == 12


def score_of(as_of=f.NOON, require_fdr=True, **given):
    inputs = f.signal_inputs(as_of, hour_table=f.hour_table(**given))
    return hour_seasonality(inputs, require_fdr=require_fdr)


@pytest.mark.parametrize(
    ("share", "mean", "expected"),
    [
        (0.52, 0.51, 0.2),
        (0.50, 0.51, -0.2),
        (0.56, 0.51, 1.0),
        (0.60, 0.51, 1.0),
        (0.40, 0.51, -1.0),
        (0.51, 0.51, 0.0),
    ],
)
def test_five_hundredths_above_the_mean_are_full_strength(share, mean, expected):
    score = score_of(share=share, mean_share=mean, significant=True)
    assert score.value == pytest.approx(expected, abs=1e-12)
    assert (score.raw["share"], score.raw["mean_share"]) == (share, mean)


@pytest.mark.parametrize(
    ("as_of", "hour"),
    [
        (f.NOON - MINUTE, 11),
        (f.NOON, 12),  # the decision after 11:59 is about the hour that begins
        (f.NOON + 59 * MINUTE, 12),
        (f.NOON + HOUR, 13),
        (f.WEDNESDAY, 0),
        (f.WEDNESDAY - MINUTE, 23),
    ],
)
def test_the_hour_of_a_decision_is_the_one_it_lies_in(as_of, hour):
    shares = 0.5 + np.arange(24) / 1_000
    score = score_of(as_of, share=shares, significant=True)
    assert score.raw["hour"] == hour
    assert score.value == pytest.approx(hour / 50, abs=1e-12)


def test_an_hour_that_may_be_chance_is_neutral():
    given = {"share": 0.54, "significant": ~ONLY_NOON, "p_value": 0.2}
    score = score_of(**given)
    assert score.value == 0.0
    assert score.reason is None
    assert (score.raw["significant"], score.raw["p_value"]) == (False, 0.2)
    assert score_of(f.NOON + HOUR, **given).value == pytest.approx(0.8)


def test_chance_may_be_scored_if_asked_for():
    assert score_of(require_fdr=False, share=0.52).value == pytest.approx(0.4)


@pytest.mark.parametrize(("hours", "available"), [(200, True), (199, False), (0, False)])
def test_an_hour_needs_two_hundred_days(hours, available):
    score = score_of(hours=np.where(ONLY_NOON, hours, 1_000), significant=True)
    assert (score.value is not None) is available
    assert score.observations == hours
    if not available:
        assert score.reason == f"warm-up: {hours} of 200 days with the hour 12:00"


def test_without_two_years_there_is_no_table_and_no_score():
    score = hour_seasonality(f.signal_inputs())
    assert score.value is None
    assert "two years" in score.reason


@pytest.mark.parametrize(
    ("as_of", "until"),
    [
        (f.NOON, month_start(f.NOON, 1)),
        (f.NOON, month_start(f.NOON, -1)),
        (month_start(f.NOON) - MINUTE, month_start(f.NOON)),
        (f.NOON + 31 * DAY, month_start(f.NOON)),
    ],
)
def test_the_table_of_another_month_is_refused(as_of, until):
    score = score_of(as_of, until=until, share=0.6, significant=True)
    assert score.value is None
    assert score.reason == f"the table of hours is that of {iso(until)}"


@pytest.mark.parametrize("share", [np.nan, np.inf])
def test_a_share_that_is_no_number_is_no_score(share):
    assert score_of(share=share, significant=True).value is None
