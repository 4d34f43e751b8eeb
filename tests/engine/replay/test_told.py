"""Two tellings part at the earliest minute, and there at the first cause."""

import numpy as np
import pytest

from babingepet.domain.codes import ExitReason
from babingepet.market.intervals import MINUTE
from babingepet.paper.position import NO_POSITION, ClosedTrade
from babingepet.replay.kernel import TRADE_FIELDS, Walked
from babingepet.replay.told import (
    SHADOW,
    Decided,
    Told,
    exit_ends,
    first_difference,
    trade_facts,
)
from tests import factories as f

AS_OFS = f.NOON + MINUTE * np.arange(1, 4)


def told(facts=None, **series):
    parts = {name.replace("__", " "): np.array(values, float) for name, values in series.items()}
    return Told(AS_OFS, parts, facts or {})


def test_equal_tellings_do_not_part():
    values = [1.0, np.nan, -0.5]
    assert first_difference(told(score=values), told(score=values)) is None


def test_the_earliest_minute_is_named_with_both_values():
    found = first_difference(told(score=[1, 2, 3]), told(score=[1, 5, 6]))
    assert found == (AS_OFS[1], "score", 2.0, 5.0)


def test_the_last_bit_and_the_sign_of_zero_count():
    assert first_difference(told(score=[1, 1, 1]), told(score=[1, 1, np.nextafter(1, 2)]))
    assert first_difference(told(score=[0, 0, 0]), told(score=[0, -0.0, 0]))


def test_nothing_is_like_nothing_and_unlike_zero():
    found = first_difference(told(score=[0, np.nan, 0]), told(score=[0, 0, 0]))
    assert (found.as_of, found.part) == (AS_OFS[1], "score")
    assert np.isnan(found.told)


@pytest.mark.parametrize(
    ("cause", "effect"),
    [
        ("signal vpin", "score"),
        ("signal vpin", "funding"),
        ("regime", "gate REGIME_RANGING"),
        ("fill: entry_price", "equity"),
        ("exit: exit_price", "ledger: cash"),
        ("shadow fill: entry_price", "record: 0"),
        ("score", "gate HOLD"),
        ("gate HOLD", "order: side"),
    ],
)
def test_of_one_minute_the_first_cause_is_named(cause, effect):
    facts = {(int(AS_OFS[2]), part): 1.0 for part in (effect, cause)}
    others = dict.fromkeys(facts, 2.0)
    assert first_difference(told(facts), told(others)).part == cause


def test_a_fact_that_only_one_tells_is_nothing_to_the_other():
    facts = {(int(AS_OFS[0]), "exit: exit_price"): 100.0}
    found = first_difference(told(facts), told())
    assert (found.part, found.told) == ("exit: exit_price", 100.0)
    assert np.isnan(found.otherwise)
    assert np.isnan(first_difference(told(), told(facts)).told)


def test_tellings_of_other_minutes_part_at_their_number():
    fewer = Told(AS_OFS[:2], {}, {})
    assert first_difference(told(), fewer).part == "minute: number of them"


def trade_row(shadow=0.0, **given):
    trade = ClosedTrade(side=1, entry_time=f.NOON, exit_time=f.NOON + 5 * MINUTE)
    return np.array([*map(float, trade._replace(**given)), shadow])


def decided(*rows, **state):
    walked = Walked(*(np.empty(0) for _ in Walked._fields))
    return Decided(f.state(**state), walked, np.array(rows).reshape(-1, TRADE_FIELDS + 1))


def test_a_trade_tells_its_fill_and_its_exit_at_the_ends_of_their_minutes():
    facts = trade_facts(decided(trade_row(entry_price=99.0, exit_price=101.0)))
    assert facts[f.NOON + MINUTE, "fill: entry_price"] == 99.0
    assert facts[f.NOON + 5 * MINUTE, "exit: exit_price"] == 101.0


def test_an_open_position_tells_its_fill_as_its_trade_will():
    position = f.position(1, 100.0)
    trade = {name: getattr(position, name) for name in ("quantity", "entry_time", "entry_price",
             "initial_stop", "target", "grade")}  # fmt: skip
    opened = trade_facts(decided(position=position))
    closed = trade_facts(decided(trade_row(**trade)))
    assert opened
    assert opened.items() <= closed.items()
    assert trade_facts(decided(position=NO_POSITION)) == {}


def test_a_shadow_is_told_apart():
    facts = trade_facts(decided(trade_row(shadow=1.0)))
    assert {part.split()[0] for _, part in facts} == {"shadow"}


def test_a_drawdown_closes_at_the_open_of_its_minute():
    rows = np.array([trade_row(), trade_row(exit_reason=ExitReason.DRAWDOWN)])
    assert exit_ends(rows).tolist() == [f.NOON + 5 * MINUTE, f.NOON + 6 * MINUTE]
    assert rows.shape[1] == SHADOW + 1
