import pytest

from babingepet.market.intervals import HOUR, MINUTE
from babingepet.signals.funding_rate import funding_rate
from tests import factories as f

T = f.NOON - 4 * HOUR  # 08:00


def score_of(*rows, as_of=f.NOON, **given):
    return funding_rate(f.signal_inputs(as_of, funding=f.funding(*rows, **given)))


@pytest.mark.parametrize(
    ("rate", "hours", "expected"),
    [
        # the baseline less the rate, over four baselines
        (1e-4, 8.0, 0.0),  # the interest baseline is neutral
        (0.0, 8.0, 0.25),
        (5e-4, 8.0, -1.0),
        (3e-4, 8.0, -0.5),
        (-3e-4, 8.0, 1.0),
        (9e-4, 8.0, -1.0),
        (-9e-4, 8.0, 1.0),
        # per eight hours, whatever the interval
        (1e-4, 4.0, -0.25),
        (5e-5, 4.0, 0.0),
        (1e-4, 1.0, -1.0),
    ],
)
def test_the_score_leans_against_the_side_that_pays(rate, hours, expected):
    score = score_of((f.NOON - MINUTE, rate), hours=hours)
    assert score.value == pytest.approx(expected, abs=1e-12)
    assert score.raw["funding_rate"] == rate


@pytest.mark.parametrize(
    ("hours", "age", "available"),
    [
        (8.0, 8 * HOUR + 10 * MINUTE, True),
        (8.0, 8 * HOUR + 10 * MINUTE + 1, False),
        (4.0, 4 * HOUR + 10 * MINUTE, True),
        (4.0, 4 * HOUR + 10 * MINUTE + 1, False),
    ],
)
def test_a_settlement_is_stale_ten_minutes_after_the_next_was_due(hours, age, available):
    score = score_of((T, 0.0), as_of=T + age, hours=hours)
    assert (score.value is not None) is available
    if not available:
        assert "stale" in score.reason


@pytest.mark.parametrize(("as_of", "rate"), [(T - 1, 1e-4), (T, 3e-4), (T + 1, 3e-4)])
def test_only_what_is_settled_counts(as_of, rate):
    score = score_of((T - 8 * HOUR, 1e-4), (T, 3e-4), as_of=as_of)
    assert score.raw["funding_rate"] == rate


def test_before_the_first_settlement_there_is_no_score():
    for score in (score_of(), score_of((T, 1e-4), as_of=T - 1)):
        assert score.value is None
        assert "no settlement" in score.reason


@pytest.mark.parametrize("derived", [True, False])
def test_a_rate_read_off_the_mark_price_is_flagged(derived):
    assert score_of((T, 1e-4), derived=derived).raw["derived"] is derived
