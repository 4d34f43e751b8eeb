import pytest

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.paper import guards as g
from babingepet.paper.guards import GuardRules, Guards
from tests import factories as f

RULES = GuardRules()
LOSS, WIN, EVEN = -1.0, 1.0, 0.0


def after(*results):
    """Losses in a row and the pause of the last trade, in minutes after its exit."""
    guards = Guards()
    for result in results:
        before, guards = guards, g.after_trade(guards, result, f.NOON, RULES)
    if guards.cooldown_until == before.cooldown_until == g.NEVER:
        return guards.losses, None
    return guards.losses, (guards.cooldown_until - f.NOON) // MINUTE


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([WIN], (0, None)),
        ([LOSS], (1, 30)),
        ([LOSS, LOSS], (2, 60)),
        ([LOSS, LOSS, LOSS], (3, 120)),
        ([LOSS] * 7, (7, 120)),
        ([LOSS, LOSS, WIN, LOSS], (1, 30)),
        ([LOSS, EVEN, LOSS], (2, 60)),  # breakeven neither counts nor clears
        ([-1e-10], (0, None)),
        ([1e-10], (0, None)),
        ([-1e-9], (1, 30)),
    ],
)
def test_losses_in_a_row_pause_longer_and_longer(results, expected):
    assert after(*results) == expected


def test_the_pause_runs_from_the_exit():
    guards = g.after_trade(Guards(), LOSS, f.NOON, RULES)
    guards = g.after_trade(guards, LOSS, f.NOON + 5 * HOUR, RULES)
    assert guards.cooldown_until == f.NOON + 6 * HOUR


def follow(*path):
    """The breakers after each (time, equity): d for day, w for week, - for none."""
    said, guards = [], Guards()
    for time, equity in path:
        guards = g.mark_equity(guards, time, equity, RULES)
        said.append("d" * guards.day_hit + "w" * guards.week_hit or "-")
    return said


MON = f.MONDAY


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # five per cent below the day's start, inclusive
        ([(MON, 1000.0), (MON + HOUR, 950.01)], ["-", "-"]),
        ([(MON, 1000.0), (MON + HOUR, 950.0)], ["-", "d"]),
        # latched: recovery does not help
        ([(MON, 1000.0), (MON + HOUR, 950.0), (MON + 2 * HOUR, 2000.0)], ["-", "d", "d"]),
        # until 00:00 UTC, whose own equity is the new anchor
        ([(MON, 1000.0), (MON + HOUR, 940.0), (MON + DAY, 940.0)], ["-", "d", "-"]),
        ([(MON, 1000.0), (MON + HOUR, 940.0), (MON + DAY - 1, 999.0)], ["-", "d", "d"]),
        ([(MON, 1000.0), (MON + DAY, 960.0), (MON + DAY + HOUR, 912.0)], ["-", "-", "d"]),
        ([(MON, 1000.0), (MON + DAY, 960.0), (MON + DAY + HOUR, 912.1)], ["-", "-", "-"]),
        # the anchor is the day's start, not its peak
        ([(MON, 1000.0), (MON + HOUR, 1100.0), (MON + 2 * HOUR, 955.0)], ["-", "-", "-"]),
        # fifteen per cent below Monday's start, until the next Monday
        (
            [(MON, 1000.0), (MON + DAY, 900.0), (MON + DAY + HOUR, 850.0), (MON + 2 * DAY, 850.0)],
            ["-", "-", "dw", "w"],
        ),
        ([(MON, 1000.0), (MON + HOUR, 850.0), (MON + 7 * DAY, 850.0)], ["-", "dw", "-"]),
        ([(MON, 1000.0), (MON + HOUR, 850.0), (MON + 7 * DAY - 1, 1e6)], ["-", "dw", "w"]),
        # a run that begins midway anchors in its first minute
        ([(MON + 9 * HOUR, 500.0), (MON + 10 * HOUR, 475.0)], ["-", "d"]),
        # a midnight that was missed renews at the first minute after it
        ([(MON, 1000.0), (MON + HOUR, 940.0), (MON + DAY + 5 * MINUTE, 900.0)], ["-", "d", "-"]),
    ],
)
def test_breakers_latch_and_renew(path, expected):
    assert follow(*path) == expected


def test_marking_equity_leaves_the_cooldown_alone_and_a_trade_the_breakers():
    guards = g.after_trade(Guards(), LOSS, f.NOON, RULES)
    marked = g.mark_equity(guards, f.NOON, 1_000.0, RULES)
    assert (marked.losses, marked.cooldown_until) == (1, guards.cooldown_until)
    traded = g.after_trade(marked, WIN, f.NOON, RULES)
    assert traded[2:] == marked[2:]
