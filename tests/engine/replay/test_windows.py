"""Walk-forward windows: no test is trained on, nothing lies twice in a test."""

from itertools import pairwise

import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.replay.windows import Split, Window, walk_forward
from tests import factories as f

WHOLE = Window(f.WEDNESDAY + MINUTE, f.WEDNESDAY + 20 * DAY + MINUTE)


def day(number: int) -> int:
    """The cut after which a day begins: a minute past its 00:00."""
    return f.WEDNESDAY + number * DAY + MINUTE


def test_without_splits_there_are_no_windows():
    assert walk_forward(WHOLE, 0, DAY, rolling=False) == ()


def test_train_windows_grow_and_end_an_embargo_before_the_test():
    assert walk_forward(WHOLE, 3, DAY, rolling=False) == (
        Split(Window(day(0), day(4)), Window(day(5), day(10))),
        Split(Window(day(0), day(9)), Window(day(10), day(15))),
        Split(Window(day(0), day(14)), Window(day(15), day(20))),
    )


def test_rolling_train_windows_hold_the_block_before_the_test():
    assert walk_forward(WHOLE, 3, 12 * HOUR, rolling=True) == (
        Split(Window(day(0), day(5) - 12 * HOUR), Window(day(5), day(10))),
        Split(Window(day(5), day(10) - 12 * HOUR), Window(day(10), day(15))),
        Split(Window(day(10), day(15) - 12 * HOUR), Window(day(15), day(20))),
    )


@pytest.mark.parametrize("splits", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("rolling", [False, True])
def test_test_windows_join_to_the_end_and_no_train_window_reaches_its_test(splits, rolling):
    whole = Window(f.WEDNESDAY + 7 * HOUR, f.WEDNESDAY + 61 * DAY + 5 * HOUR + 1)
    made = walk_forward(whole, splits, DAY, rolling=rolling)
    assert len(made) == splits
    assert made[0].train.start == whole.start
    assert made[-1].test.end == whole.end
    assert all(a.test.end == b.test.start for a, b in pairwise(made))
    assert all(split.test.start - split.train.end == DAY for split in made)
    assert all((split.test.start - MINUTE) % DAY == 0 for split in made)


def test_a_period_of_part_days_is_cut_at_whole_ones():
    whole = Window(f.WEDNESDAY + 7 * HOUR, f.WEDNESDAY + 10 * DAY + 5 * HOUR)
    (split,) = walk_forward(whole, 1, DAY, rolling=False)
    assert split.test.start == day(5)


@pytest.mark.parametrize("splits", [10, 20, 21, 400])
def test_a_period_too_short_for_its_splits_is_refused(splits):
    with pytest.raises(
        InputError, match=f"^--splits {splits}: 2025-05-07T00:01:00Z to .* too short"
    ):
        walk_forward(WHOLE, splits, DAY, rolling=False)


def test_a_period_that_ends_with_the_last_minute_of_a_day_holds_that_day():
    """A replay of all minutes ends a millisecond after the last of them."""
    whole = Window(WHOLE.start, f.WEDNESDAY + 12 * DAY + 1)
    assert [one.test.start for one in walk_forward(whole, 2, DAY, rolling=False)] == [
        day(4), day(8),
    ]  # fmt: skip
