"""No decision, gate, fill or exit knows the future; a fill knows the open of the minute after."""

import pytest

from babingepet.cycles.btc_state import dump_state
from babingepet.market.frames import Quotes, Trades
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.replay.futures import changed
from tests.lookahead import markets
from tests.lookahead.checker import first_leak
from tests.lookahead.facts import Facts
from tests.lookahead.runs import decide

FEBRUARY_2024 = 1_706_745_600_000
MIDNIGHT = FEBRUARY_2024 + 53 * DAY
"""2024-03-25, a settlement within a rise of 5 %."""


def told_from(start):
    """A reading: every decision from ``start`` on and the state it leaves, byte for byte."""

    def told(facts, as_of):
        return [(d.canonical(), dump_state(after)) for d, after in decide(facts, start, as_of)]

    return told


def what_happened(facts, start, until):
    """Which parts of a decision occurred in a run."""
    seen = set()
    for decision, _ in decide(facts, start, until):
        parts = {
            "order": decision.order,
            "fill": decision.fill,
            "exit": decision.closed,
            "funding": decision.funding_paid,
            "refusal": decision.blocked_by,
        }
        seen |= {name for name, part in parts.items() if part}
    return seen


EVERYTHING = {"order", "fill", "exit", "funding", "refusal"}


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_no_decision_of_a_random_market_depends_on_the_future(seed):
    facts = markets.made_up(seed, tape=120, hour=16)
    end = int(facts.minutes.open_time[-1]) + MINUTE
    start = end - HOUR
    as_ofs = markets.decidable(facts, [start + k * MINUTE for k in (11, 23, 42, 60)])
    assert first_leak(told_from(start), facts, as_ofs, seed) is None
    assert what_happened(facts, start, end) == EVERYTHING


@pytest.mark.slow
def test_no_decision_of_the_recorded_market_depends_on_the_future(recorded_data):
    facts = markets.recorded(recorded_data, FEBRUARY_2024, 60)
    start = MIDNIGHT - 25 * MINUTE
    as_ofs = range(start, start + 51 * MINUTE, 3 * MINUTE)
    assert first_leak(told_from(start), facts, as_ofs) is None
    assert what_happened(facts, start, as_ofs[-1]) == EVERYTHING


def with_another_rest(facts, as_of, seed):
    """The open and the first quote of the next minute stay; all else after ``as_of`` is replaced."""
    other = facts.with_another_future(as_of, seed)
    following = facts.minutes.between(as_of, as_of + MINUTE)
    wild = changed(
        following,
        high=following.high * 1.5,
        low=following.low * 0.5,
        close=following.close * 0.7,
        base_volume=following.base_volume * 100.0,
    )
    quotes = facts.quotes.between(as_of, as_of + MINUTE)
    past, later = other.until(as_of), other.since(as_of + MINUTE)
    rest = other.quotes.between(as_of, as_of + MINUTE)
    fresh = Quotes.concat([quotes.rows(0, 1), rest.rows(1, len(rest))])
    minute = Facts(wild, facts.hours.rows(0, 0), Trades.empty(), fresh, facts.funding.rows(0, 0))
    return past.followed_by(minute).followed_by(later)


def fills(facts, start, until):
    """Fill by its time."""
    return {d.fill["entry_time"]: d.fill for d, _ in decide(facts, start, until) if d.fill}


@pytest.mark.slow
@pytest.mark.parametrize("tape", [0, 120], ids=["candles alone", "with quotes"])
def test_a_fill_knows_the_first_price_of_its_minute_and_nothing_else(tape):
    facts = markets.made_up(2, tape=tape, hour=16)
    end = int(facts.minutes.open_time[-1]) + MINUTE
    start = end - HOUR
    filled = fills(facts, start, end)
    assert len(filled) >= 2
    for seed, (time, fill) in enumerate(filled.items()):
        again = fills(with_another_rest(facts, time, seed), start, time + MINUTE)
        assert again[time] == fill
        moved = fills(facts.with_another_future(time, seed), start, time + MINUTE)
        assert moved.get(time) != fill


def test_an_order_fills_in_the_minute_after_its_decision_or_never():
    facts = markets.made_up(2, hour=16)
    end = int(facts.minutes.open_time[-1]) + MINUTE
    ordered = None
    for decision, _ in decide(facts, end - 2 * HOUR, end):
        if decision.fill:
            assert decision.fill["entry_time"] == decision.open_time == ordered
        if ordered == decision.open_time:
            assert decision.fill
        ordered = decision.as_of if decision.order else None
