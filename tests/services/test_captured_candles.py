"""What a loop held of the stored minutes, told from when it was loaded and when each became known."""

from collections.abc import Sequence

import numpy as np
import pytest

from babingepet.market.intervals import MINUTE
from babingepet_services.capture.candles import KnownMinutes
from tests import factories as f

START = f.NOON // MINUTE * MINUTE
COUNT = 40


def minutes_known_at(known_after: Sequence[int]) -> KnownMinutes:
    """Minutes that became known so many minutes after START."""
    rows = f.candles(len(known_after), first=START)
    return KnownMinutes(rows, START + np.array(known_after, np.int64) * MINUTE)


def numbers(frame_times: np.ndarray) -> list[int]:
    return ((frame_times - START) // MINUTE).tolist()


def a_loop_holds(known_after: Sequence[int], loaded: int, now: int) -> list[int]:
    """Rows of a loop that reads what is known when it starts, and then only takes what follows."""
    held = [row for row, known in enumerate(known_after) if known <= loaded and row < now]
    for minute in range(loaded + 1, now + 1):
        for row, known in enumerate(known_after):
            if known == minute and row < now and (not held or row > held[-1]):
                held.append(row)
    return held


def test_a_minute_that_was_filled_in_is_held_by_loops_loaded_since() -> None:
    known = minutes_known_at([1, 9, 3, 4, 5])
    held = {
        loaded: numbers(known.held(START + loaded * MINUTE, START, START + 12 * MINUTE).open_time)
        for loaded in (2, 8, 9)
    }
    assert held == {2: [0, 2, 3, 4], 8: [0, 2, 3, 4], 9: [0, 1, 2, 3, 4]}


def test_nothing_is_held_before_it_was_known() -> None:
    known = minutes_known_at([1, 9, 3, 4, 5])
    assert numbers(known.held(START + 20 * MINUTE, START, START + 4 * MINUTE).open_time) == [
        0,
        2,
        3,
    ]


def test_a_minute_that_came_late_but_before_newer_ones_is_taken() -> None:
    known = minutes_known_at([1, 4, 4, 5])
    assert numbers(known.held(START, START, START + 5 * MINUTE).open_time) == [0, 1, 2, 3]
    assert len(known.load_times(START + 9 * MINUTE)) == 1


@pytest.mark.parametrize("seed", range(20))
def test_it_is_what_a_loop_would_have_held(seed: int) -> None:
    random = np.random.default_rng(seed)
    late = np.where(random.random(COUNT) < 0.2, random.integers(0, 15, COUNT), 0)
    known_after = (np.arange(COUNT) + 1 + late).tolist()
    known = minutes_known_at(known_after)
    for now in range(1, COUNT + 15, 3):
        as_of = START + now * MINUTE
        times = known.load_times(as_of)
        for loaded in range(now + 1):
            expected = a_loop_holds(known_after, loaded, now)
            loaded_at = START + loaded * MINUTE
            assert numbers(known.held(loaded_at, START, as_of).open_time) == expected
            stands_for = max(time for time in times if time <= loaded_at)
            assert numbers(known.held(stands_for, START, as_of).open_time) == expected
