"""Refusals in words beside the boundary of each gate (boundaries.py)."""

import pytest

from babingepet.cycles.refusals import Situation, describe, refusals
from babingepet.domain.codes import Gate
from babingepet.domain.decision import Refusal
from babingepet.market.intervals import HOUR, MINUTE
from tests import factories as f
from tests.engine.cycles.account import Account

ALL_DAY = ",".join(map(str, range(24)))


@pytest.mark.parametrize(
    ("hours", "as_of", "until"),
    [
        ("18", 18 * HOUR, 19 * HOUR),
        ("18", 18 * HOUR + 59 * MINUTE, 19 * HOUR),
        ("18,19,20", 18 * HOUR + MINUTE, 21 * HOUR),
        ("23,0", 23 * HOUR + MINUTE, 25 * HOUR),
        (ALL_DAY.removesuffix(",23"), 0, 23 * HOUR),
        (ALL_DAY, 0, None),
    ],
)
def test_a_blocked_hour_ends_with_the_next_open_one(hours, as_of, until):
    as_of += f.WEDNESDAY
    account = Account(f"blocked_hours={hours}", time=as_of - MINUTE).minute()
    told = refusals(Situation(as_of, account.state, f.market(), account.vote, account.settings, ()))
    ends = {refusal.gate: refusal.until for refusal in told}
    assert ends[Gate.HOUR_BLOCK.name] == (None if until is None else f.WEDNESDAY + until)


def test_a_refusal_is_one_line():
    assert describe(Refusal("PAUSED", "paused by the operator")) == "PAUSED: paused by the operator"
    line = describe(Refusal("COOLDOWN", "2 losses in a row", f.NOON))
    assert line == "COOLDOWN: 2 losses in a row (until 2025-05-07T12:00:00Z)"
