"""A story that tells something else than what happens is refused: no table holds by accident."""

import pytest

from tests import factories as f
from tests.engine.paper.scenarios.story import FREE, LONG, SHORT, play

RULES = f.settings(*FREE)
TRUE = """
    minute | open high  low  close | given          | long            | short
    12:00  | 100  100.1 99.9 100   |                | enters 100      | enters 100
    12:01  | 100  101   99.9 100.9 | chandelier 100 | trail to 100.75 | trail to 99.25
    12:02  | missing               |                |                 |
    12:03  | 100.9 102.5 100.8 102 |                | TARGET 102.5    | TARGET 97.5
           |                       |                | net 2.5         | net 2.5
    """


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_what_happens_is_accepted(side):
    play(TRUE, side, RULES)


@pytest.mark.parametrize(
    ("said", "instead", "at"),
    [
        ("enters 100 ", "enters 100.01 ", "12:00"),
        ("enters 100 ", "", "12:00"),
        ("enters 100 ", "enters 100, trail to 100.75", "12:00"),
        ("trail to 100.75", "", "12:01"),  # what is not written must not happen
        ("trail to 100.75", "trail to 100.7500001", "12:01"),
        ("trail to 100.75", "chandelier to 100.75", "12:01"),
        ("chandelier 100", "chandelier 100.8", "12:01"),
        ("99.9 100.9", "99.4 100.9", "12:01"),
        ("TARGET 102.5", "", "12:03"),
        ("TARGET 102.5", "TRAIL 102.5", "12:03"),
        ("TARGET 102.5", "TARGET 102.4", "12:03"),
        ("net 2.5 ", "net 2.4 ", "12:03"),
    ],
)
def test_what_does_not_happen_is_refused_with_its_minute(said, instead, at):
    assert said in TRUE
    with pytest.raises(AssertionError, match=f"long at {at}: .* was expected"):
        play(TRUE.replace(said, instead, 1), LONG, RULES)


def test_a_short_is_held_to_its_own_numbers():
    wrong = TRUE.replace("TARGET 97.5", "TARGET 97.4")
    play(wrong, LONG, RULES)
    with pytest.raises(AssertionError, match="short at 12:03"):
        play(wrong, SHORT, RULES)


@pytest.mark.parametrize(
    ("said", "instead", "reason"),
    [
        ("enters 100 ", "enters @ 100 ", "cannot be understood: 'enters @ 100'"),
        ("enters 100 ", "enters 100, enters 100 ", "cannot be understood"),
        ("chandelier 100 ", "candelabra 100 ", "12:01: only .* can be given"),
        ("100  101   99.9", "100 | 101   99.9", "argument 2 is longer"),
        ("12:03", "noon", "not enough values"),
    ],
)
def test_a_row_that_cannot_be_understood_is_refused(said, instead, reason):
    assert said in TRUE
    with pytest.raises(ValueError, match=reason):
        play(TRUE.replace(said, instead, 1), LONG, RULES)


def test_dots_stand_for_every_minute_in_between():
    table = """
    minute | open high  low  close | long       | short
    12:00  | 100  100.1 99.9 100   | enters 100 | enters 100
    ...    |                       |            |
    12:05  | 100  100.1 99.9 100   | TIME 100   | TIME 100
    """
    play(table, LONG, f.settings(*FREE, "max_hold=360000"))
    with pytest.raises(AssertionError, match=r"long at \.\.\. after 12:00: .*TIME"):
        play(table, LONG, f.settings(*FREE, "max_hold=300000"))
