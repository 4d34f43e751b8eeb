"""Minutes into days, drawdowns and months."""

import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.performance.equity import (
    Drawdown,
    EquityCurve,
    MonthReturn,
    daily_equity,
    deepest_drawdown,
    monthly_returns,
)
from tests import factories as f

START = f.WEDNESDAY


def curve(*rows):
    """Rows of (time after START, equity), the opening first."""
    return EquityCurve(
        as_of=np.array([START + time for time, _ in rows]),
        equity=np.array([value for _, value in rows], float),
        exposure=np.zeros(len(rows)),
    )


def test_a_day_ends_with_the_newest_value_at_midnight():
    days = daily_equity(
        curve((0, 100), (DAY - MINUTE, 101), (DAY, 102), (DAY + MINUTE, 7), (2 * DAY, 104))
    )
    assert days.equity.tolist() == [100, 102, 104]
    assert days.midnight.tolist() == [START, START + DAY, START + 2 * DAY]


def test_what_happens_between_midnights_is_in_no_day():
    wild = np.array([100.0, 3.0, 250.0, 99.0] * 6 + [101.0])
    days = daily_equity(f.equity_curve(wild, step=HOUR))
    assert days.equity.tolist() == [100, 101]


def test_the_first_day_begins_with_the_opening_and_the_last_counts_once_it_is_over():
    days = daily_equity(curve((10 * HOUR, 100), (DAY, 90), (2 * DAY - MINUTE, 80)))
    assert days.equity.tolist() == [100, 90]
    assert days.midnight[0] == START
    assert daily_equity(curve((10 * HOUR, 100), (11 * HOUR, 90))).equity.tolist() == [100]


def test_a_day_without_a_minute_keeps_the_value_and_is_counted():
    days = daily_equity(curve((0, 100), (DAY, 110), (3 * DAY + MINUTE, 120), (4 * DAY, 130)))
    assert days.equity.tolist() == [100, 110, 110, 110, 130]
    assert days.silent == 2
    assert daily_equity(curve((0, 100), (MINUTE, 101), (DAY + MINUTE, 99))).silent == 0


def test_the_drawdown_begins_at_the_peak_and_ends_when_the_peak_is_reached_again():
    told = deepest_drawdown(
        curve((0, 100), (1, 120), (2, 110), (3, 120), (4, 90), (5, 119), (6, 120), (7, 118))
    )
    assert told == Drawdown(
        depth=90 / 120 - 1, start=START + 3, valley=START + 4, recovery=START + 6, duration=3,
        peak_equity=120.0, valley_equity=90.0,
    )  # fmt: skip


def test_a_drawdown_that_goes_on_lasts_until_the_last_minute():
    told = deepest_drawdown(curve((0, 100), (MINUTE, 80), (9 * MINUTE, 99)))
    assert told.recovery is None
    assert told.duration == 9 * MINUTE


def test_a_loss_of_the_opening_capital_is_a_drawdown():
    assert deepest_drawdown(curve((0, 100), (1, 75), (2, 80))).depth == -0.25


def test_an_equity_that_only_rises_has_no_drawdown():
    assert deepest_drawdown(curve((0, 100), (1, 100), (2, 130))) is None


def test_months_run_from_their_first_value_to_their_last():
    may, june = 31 * DAY, 61 * DAY  # from the first of May
    first = START - 6 * DAY
    rows = [(0, 100), (may, 110), (may + DAY, 99), (june, 121), (june + 3 * DAY, 133.1)]
    told = monthly_returns(
        EquityCurve(
            as_of=np.array([first + time for time, _ in rows]),
            equity=np.array([value for _, value in rows], float),
            exposure=np.zeros(5),
        )
    )
    assert [month.month for month in told] == ["2025-05", "2025-06", "2025-07"]
    assert [month.value for month in told] == pytest.approx([0.10, 0.10, 0.10], abs=1e-12)
    assert [month.is_whole for month in told] == [True, True, False]


def test_a_period_that_begins_within_a_month_holds_a_part_of_it():
    (only,) = monthly_returns(curve((0, 100), (DAY, 105)))
    assert only == MonthReturn("2025-05", pytest.approx(0.05, abs=1e-12), is_whole=False)
    assert monthly_returns(curve((0, 100))) == []


def test_rows_that_are_not_numbers_are_dropped():
    told = curve((0, 100), (1, np.nan), (2, np.inf), (3, 90))
    assert told.equity.tolist() == [100, 90]
    assert told.as_of.tolist() == [START, START + 3]
    assert not told.equity.flags.writeable


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "the opening row is missing"),
        ([(0, np.nan)], "the opening row is missing"),
        ([(0, 0.0), (1, 5.0)], "opens with equity 0.0"),
        ([(1, 5.0), (1, 6.0)], "as_of does not ascend"),
    ],
)
def test_a_curve_that_cannot_be_measured_is_refused(rows, said):
    with pytest.raises(InputError, match=said):
        curve(*rows)
