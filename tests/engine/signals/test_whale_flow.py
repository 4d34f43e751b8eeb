import pytest

from babingepet.market.intervals import MINUTE, SECOND
from babingepet.signals.whale_flow import whale_flow
from tests import factories as f

BUYER, SELLER = False, True
AGO = 5 * MINUTE


def million(amount, side=BUYER, ago=AGO):
    """A print of so many millions in quote currency."""
    return (f.NOON - ago, 100_000.0, amount * 10.0, side)


def flow(*rows, covered=15 * MINUTE, silent=1):
    """The tape of 15 minutes with prints, covered for a while, silent since a while."""
    minutes = []
    for start in range(f.NOON - 15 * MINUTE, f.NOON, MINUTE):
        inside = [row for row in rows if start <= row[0] < start + MINUTE]
        last = min(start + MINUTE - 1, f.NOON - silent)
        minutes.append(
            f.tape_minute(
                start,
                trades_from=f.NOON - covered if start + MINUTE > f.NOON - covered else None,
                prints=f.trades(*inside),
                last_trade_time=last if last >= start else None,
            )
        )
    return whale_flow(f.signal_inputs(tape=tuple(minutes)))


@pytest.mark.parametrize(
    ("prints", "expected"),
    [
        # the net share of the gross, in full from five millions on
        ([], 0.0),
        ([million(5)], 1.0),
        ([million(5, SELLER)], -1.0),
        ([million(50)], 1.0),
        ([million(1)], 0.2),
        ([million(0.5, SELLER)], -0.1),
        ([million(3), million(1, SELLER)], 0.5 * 4 / 5),
        ([million(3), million(3, SELLER)], 0.0),
        ([million(6), million(2, SELLER)], 0.5),
        ([million(9), million(6, SELLER), million(5, SELLER)], -0.1),
        # only the last 900 s count, the oldest millisecond of them included
        ([million(5, ago=900 * SECOND)], 1.0),
        ([million(5, ago=1), million(5, SELLER, ago=900 * SECOND)], 0.0),
    ],
)
def test_the_score_is_net_flow_damped_by_thin_volume(prints, expected):
    score = flow(*prints)
    assert score.value == pytest.approx(expected, abs=1e-15)
    assert score.raw["prints"] == len(prints)
    assert score.reason is None


def test_a_print_before_the_window_does_not_count():
    old = f.tape_minute(
        f.NOON - 16 * MINUTE, prints=f.trades((f.NOON - 900 * SECOND - 1, 100_000.0, 50.0, BUYER))
    )
    score = whale_flow(f.signal_inputs(tape=(old, *f.tape(15))))
    assert (score.value, score.raw["prints"]) == (0.0, 0)


@pytest.mark.parametrize(
    ("covered", "available", "short"),
    [
        (300 * SECOND - 1, False, None),
        (300 * SECOND, True, True),
        (900 * SECOND - 1, True, True),
        (900 * SECOND, True, False),
        (5_000 * SECOND, True, False),
    ],
)
def test_it_needs_300_seconds_of_tape_and_says_when_it_had_less_than_900(covered, available, short):
    score = flow(million(5, ago=30 * SECOND), covered=covered)
    if available:
        assert (score.value, score.raw["short_window"]) == (1.0, short)
    else:
        assert score.value is None
        assert "299 of 300 s" in score.reason


def test_prints_before_a_reconnect_do_not_count():
    score = flow(million(5, SELLER, ago=8 * MINUTE), million(5, ago=MINUTE), covered=6 * MINUTE)
    assert score.value == 1.0


@pytest.mark.parametrize(("silent", "available"), [(60 * SECOND, True), (60 * SECOND + 1, False)])
def test_a_feed_that_is_silent_for_more_than_a_minute_is_dead(silent, available):
    score = flow(million(5), silent=silent)
    assert (score.value == 1.0) is available
    if not available:
        assert "no trade in the last 60 s" in score.reason


@pytest.mark.parametrize("tape", [(), f.tape(15, until=f.NOON - MINUTE)], ids=["none", "older"])
def test_without_the_last_minute_there_is_no_score(tape):
    score = whale_flow(f.signal_inputs(tape=tape))
    assert score.value is None
    assert "no trades were collected" in score.reason
