"""A chronicle tells stored facts, and what is missing as missing."""

from babingepet.market.intervals import DAY
from babingepet.memory.chronicles import PeriodFacts, write_story

START = 1_746_403_200_000


def story(**facts):
    return write_story("day", PeriodFacts("BTCUSDT", "recorded", START, START + DAY, **facts), 7)


def test_a_day_of_which_nothing_is_stored_is_told_as_such():
    assert story(unknown=1440).body.splitlines() == [
        "Decided nothing.",
        "Missed 0 minutes; of 1,440 more nobody knows anything.",
        "Opened 0 positions, closed none.",
        "The account's value is not stored.",
    ]


def test_a_day_is_told_with_what_was_decided_traded_and_missed():
    told = story(
        verdicts={"BUY": 40, "HOLD": 1395},
        missed={"no loop was running": 5},
        entries=3,
        exits={"STOP_LOSS": 2, "TARGET": 1},
        wins=1,
        net_pnl=-12.5,
        equity_before=10_000.0,
        equity_after=9_987.5,
    )
    assert told.title == "BTCUSDT, day of 2025-05-05 (recorded facts)"
    assert told.body.splitlines() == [
        "Decided 1,435 minutes: HOLD 1,395, BUY 40.",
        "Missed 5 minutes (no loop was running 5); of 0 more nobody knows anything.",
        (
            "Opened 3 positions, closed 3 (STOP_LOSS 2, TARGET 1), of them 1 with a gain; "
            "net of all costs -12.50."
        ),
        "The account went from 10,000.00 to 9,987.50 (-0.125%).",
    ]
