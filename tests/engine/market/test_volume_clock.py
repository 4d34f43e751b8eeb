import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet.market.volume_clock import KEPT, advance, resized, volume_clock
from babingepet.signals import vpin as v
from tests import factories as f

BOUGHT, SOLD = False, True  # who was the aggressor, as is_buyer_maker says it


def poured(size, *trades, clock=None):
    """The clock and the buckets that (quantity, is_buyer_maker) finish."""
    frame = f.trades(*((f.NOON, 100.0, quantity, maker) for quantity, maker in trades))
    return advance(clock or volume_clock(size), frame.quantity, frame.is_buyer_maker)


@pytest.mark.parametrize(
    ("trades", "expected", "filled", "signed"),
    [
        ([], [], 0.0, 0.0),
        ([(3.0, BOUGHT)], [], 3.0, 3.0),
        ([(3.0, SOLD), (0.5, BOUGHT)], [], 3.5, -2.5),
        # a trade that fills the bucket exactly closes it
        ([(3.0, BOUGHT), (1.0, BOUGHT)], [1.0], 0.0, 0.0),
        # one that overflows it is split
        ([(3.0, BOUGHT), (3.0, SOLD)], [0.5], 2.0, -2.0),
        # a huge one fills several
        ([(1.0, SOLD), (13.0, BOUGHT)], [0.5, 1.0, 1.0], 2.0, 2.0),
        ([(12.0, SOLD)], [-1.0, -1.0, -1.0], 0.0, 0.0),
        # a trade of nothing changes nothing, nor does one that is no number
        ([(4.0, BOUGHT), (0.0, SOLD), (3.0, BOUGHT)], [1.0], 3.0, 3.0),
        ([(np.nan, SOLD), (-1.0, SOLD), (np.inf, SOLD), (3.0, BOUGHT)], [], 3.0, 3.0),
    ],
)
def test_trades_are_poured_into_buckets_of_equal_volume(trades, expected, filled, signed):
    clock, buckets = poured(4.0, *trades)
    assert buckets.tolist() == clock.recent.tolist() == expected
    assert (clock.filled, clock.signed) == (filled * 1e8, signed * 1e8)


def test_the_bucket_in_progress_goes_on_with_the_next_call():
    clock, buckets = poured(4.0, (3.0, BOUGHT))
    assert len(buckets) == 0
    clock, buckets = poured(4.0, (3.0, SOLD), clock=clock)
    assert buckets.tolist() == [0.5]
    assert clock.signed == -2e8


@pytest.mark.parametrize("size", [1e9, 1e11, 1e300])
def test_a_bucket_larger_than_all_trades_is_never_finished(size):
    clock, buckets = poured(size, *[(1e6, BOUGHT)] * 100)
    assert len(buckets) == 0
    assert clock.filled == 1e8 * 1e8


def test_a_clock_remembers_the_last_fifty_buckets():
    shares = [(k / 100, BOUGHT) if i % 2 == 0 else (1 - k / 100, SOLD)
              for k in range(1, 71) for i in range(2)]  # fmt: skip
    clock, buckets = poured(1.0, *shares)
    assert len(buckets) == 70
    assert clock.recent.tolist() == buckets[-50:].tolist()
    assert clock.recent == pytest.approx([2 * k / 100 - 1 for k in range(21, 71)])


def test_it_remembers_as_many_as_one_vpin_reads():
    assert KEPT == v.WINDOW


def test_another_volume_drops_the_bucket_in_progress_and_keeps_the_finished():
    clock, _ = poured(4.0, (5.0, BOUGHT))
    assert resized(clock, 4.0) is clock
    other = resized(clock, 5.0)
    assert other[:3] == (5.0, 0, 0)
    assert other.recent.tolist() == [1.0]


@pytest.mark.parametrize("size", [0.0, -1.0, np.nan, np.inf])
def test_a_bucket_holds_something_and_ends(size):
    with pytest.raises(InputError, match="bucket_volume"):
        volume_clock(size)


@pytest.mark.timeout(30)
def test_the_finest_bucket_is_one_step():
    clock, buckets = poured(1e-12, (3e-8, SOLD))
    assert buckets.tolist() == [-1.0] * 3
    assert clock.filled == 0


def test_ten_million_trades_do_not_move_the_border_of_a_bucket():
    quantity = np.full(10_000_000, 0.1)
    assert sum(quantity[:10].tolist()) < 1.0  # what adding up base units does to every bucket
    quantity.flags.writeable = False
    makers = np.broadcast_to(np.False_, len(quantity)).copy()
    makers.flags.writeable = False
    clock, buckets = advance(volume_clock(1.0), quantity, makers)
    assert len(buckets) == 1_000_000
    assert clock.filled == 0
    assert (buckets == 1.0).all()
