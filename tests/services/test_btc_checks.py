"""Data checks that need nothing but what the warehouse holds of a day."""

import pytest

from babingepet.market.frames import Candles
from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse.records import ReasoningRecord
from babingepet_services.btc.checks import Day, clocks_agree

UNTIL = 1_746_093_600_000


def day_with(*reports: tuple[int, int | None]) -> Day:
    """A day whose feed reports, so many minutes before its end, told these skews."""
    feeds = [
        ReasoningRecord(
            "paper", "cycle", UNTIL - age * MINUTE, "feeds", "", {"clock_skew_ms": skew}
        )
        for age, skew in reports
    ]
    return Day("2025-05-01", UNTIL, Candles.empty(), (), (), feeds)


@pytest.mark.parametrize(
    ("reports", "passes"),
    [
        ([], True),
        ([(0, None)], True),
        ([(0, 2_000)], True),
        ([(15, 2_001), (0, 3)], False),
        ([(60, 300_000), (0, 3)], True),
    ],
    ids=["no report", "not measured", "two seconds", "more lately", "more an hour ago"],
)
def test_clocks_that_lately_differed_by_more_than_two_seconds_are_a_warning(reports, passes):
    assert clocks_agree(day_with(*reports)).passed is passes
