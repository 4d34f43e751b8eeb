import numpy as np
import pytest

from babingepet.market.frames import Candles, FundingRates
from babingepet.market.funding import settlements_due
from babingepet.market.intervals import HOUR, MINUTE
from tests import factories as f

DAY = f.WEDNESDAY
MINUTES = f.candles(closes=100.0 + np.arange(1_440.0))  # the minute m of the day closes at 100 + m


def due(rates, after, until, minutes=MINUTES):
    return [
        ((s.time - DAY) / HOUR, s.funding_rate, s.mark_price, s.assumed)
        for s in settlements_due(rates, minutes, DAY + after, DAY + until)
    ]


LISTED = f.funding((DAY, 1e-4), (DAY + 8 * HOUR, 2e-4), (DAY + 16 * HOUR, -3e-4))
FIRST = f.funding((DAY, 1e-4))


@pytest.mark.parametrize(
    ("rates", "after", "until", "expected"),
    [
        # the mark is the close of the last minute at or before the settlement: 08:00 is 07:59's
        (LISTED, 8 * HOUR - MINUTE, 8 * HOUR, [(8, 2e-4, 579.0, False)]),
        (LISTED, 8 * HOUR, 8 * HOUR + MINUTE, []),
        (LISTED, 8 * HOUR - 2 * MINUTE, 8 * HOUR - MINUTE, []),
        (LISTED, 7 * HOUR, 17 * HOUR, [(8, 2e-4, 579.0, False), (16, -3e-4, 1059.0, False)]),
        # a missing slot pays the last known rate, and says so
        (FIRST, 8 * HOUR - MINUTE, 8 * HOUR, [(8, 1e-4, 579.0, True)]),
        (FIRST, 7 * HOUR, 17 * HOUR, [(8, 1e-4, 579.0, True), (16, 1e-4, 1059.0, True)]),
        # what became known later does not count
        (f.funding((DAY + 16 * HOUR, 1e-4)), 7 * HOUR, 9 * HOUR, []),
        (FundingRates.empty(), 0, 24 * HOUR, []),
        # four-hourly instruments settle at their own interval
        (f.funding((DAY, 1e-4), hours=4.0), 3 * HOUR, 5 * HOUR, [(4, 1e-4, 339.0, True)]),
        # a settlement off the schedule is paid as well
        (
            f.funding((DAY, 1e-4), (DAY + 2 * HOUR, 5e-4)),
            HOUR,
            3 * HOUR,
            [(2, 5e-4, 219.0, False)],
        ),
    ],
)
def test_settlements_after_one_minute_up_to_another_are_due(rates, after, until, expected):
    assert due(rates, after, until) == expected


def test_without_a_minute_before_the_settlement_nothing_can_be_paid():
    assert due(LISTED, 8 * HOUR - MINUTE, 8 * HOUR, Candles.empty()) == []
    late = MINUTES.between(DAY + 8 * HOUR, DAY + 9 * HOUR)
    assert due(LISTED, 8 * HOUR - MINUTE, 8 * HOUR, late) == []


def test_after_a_hole_the_last_close_before_it_is_the_mark():
    holed = f.without(MINUTES, range(470, 480))
    assert due(LISTED, 8 * HOUR - MINUTE, 8 * HOUR, holed) == [(8, 2e-4, 569.0, False)]
