"""What a day in the warehouse leaves in the memory, and what a prompt is told of it."""

import json
from contextlib import closing

import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, MINUTE, day_start
from babingepet.memory.engrams import Outcome
from babingepet.memory.events import conditions_of
from babingepet_resources.hippocampus.chronicles import ChronicleFilter
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.warehouse import history
from babingepet_services.market.gap_ledger import Market
from babingepet_services.memory import helpers
from babingepet_services.memory.chronicle import write_chronicle
from babingepet_services.memory.remember import remember_day
from tests.resources.warehouse import builders as b
from tests.services.memorable import CONDITIONS, decide, decide_a_day

DAY_START = b.START
LATER = DAY_START + 2 * DAY
MARKET = Market(b.SYMBOL, b.SOURCE)


@pytest.fixture
def memory(tmp_path):
    with closing(Hippocampus(tmp_path / "babingepet_memory.sqlite")) as store:
        yield store


@pytest.fixture
def day(warehouse):
    decide_a_day(warehouse)
    return warehouse


def test_a_day_leaves_what_stood_or_was_traded_and_no_hold(day, memory):
    done = remember_day(day, memory, MARKET, DAY_START, now=LATER)
    assert (done.decisions, done.trades) == (4, 1)
    assert (done.stored, done.reinforced, done.known, done.conflicting) == (4, 1, 0, 0)
    texts = [one.engram.text for one in memory.search_memory("decision", 9, known_until=LATER)]
    assert all("HIGH" in text and "session ASIA" in text for text in texts)
    assert not any("HOLD" in text or "POSITION_OPEN" in text for text in texts)
    (trade,) = memory.search_memory("", 9, known_until=LATER, kind="trade")
    assert trade.engram.outcome == Outcome(0.0242, "TARGET", 2.42)
    assert trade.engram.payload["conditions"] == CONDITIONS.known
    assert trade.engram.pinned


def test_remembering_a_day_again_changes_nothing(day, memory):
    remember_day(day, memory, MARKET, DAY_START, now=LATER)
    before = memory.search_memory("", 99, known_until=LATER)
    again = remember_day(day, memory, MARKET, DAY_START, now=LATER + DAY)
    assert (again.known, again.stored, again.reinforced) == (5, 0, 0)
    assert memory.search_memory("", 99, known_until=LATER) == before


def test_a_days_last_minute_is_remembered_with_it(day, memory):
    decide(day, 1_440, "SELL", ["GRADE"])  # of 23:59, decided at midnight
    decide(day, 1_441, "SELL", ["GRADE"])  # stands since then, and is no news on the next day
    assert remember_day(day, memory, MARKET, DAY_START, now=LATER).decisions == 5
    assert remember_day(day, memory, MARKET, DAY_START + DAY, now=LATER).decisions == 0


def test_a_fact_is_known_when_the_markets_clock_said_so(day, memory):
    remember_day(day, memory, MARKET, DAY_START, now=LATER)
    closed_at = DAY_START + 9 * MINUTE + 40  # when the builders' cycle was decided
    assert memory.closed_trades("btc", since=0, known_until=closed_at - 1) == []
    assert len(memory.closed_trades("btc", since=0, known_until=closed_at)) == 1


def test_another_source_and_another_day_leave_nothing(day, memory):
    other = Market(b.SYMBOL, "binance")
    for market, start in ((other, DAY_START), (MARKET, DAY_START + DAY)):
        done = remember_day(day, memory, market, start, now=LATER)
        assert (done.decisions, done.trades) == (0, 0)
    with pytest.raises(InputError, match="00:00 UTC"):
        remember_day(day, memory, MARKET, DAY_START + 1, now=LATER)


def test_a_prompt_is_told_what_was_known_at_its_time(day, memory):
    nothing = "no closed trade like this is remembered yet (0 of 0 engrams match)"
    assert helpers.get_btc_pattern_context(memory, CONDITIONS, LATER).startswith(nothing)
    remember_day(day, memory, MARKET, DAY_START, now=LATER)
    before = helpers.context_for(memory, CONDITIONS, DAY_START + 9 * MINUTE)
    assert before.startswith(nothing)
    told = helpers.get_btc_pattern_context(memory, CONDITIONS, LATER)
    assert "n=1, wins=1, win rate 100% (95% interval 21% to 100%)" in told
    assert "too few" in told
    assert helpers.context_for(memory, CONDITIONS, LATER + 181 * DAY).startswith(nothing)


def test_a_chronicle_tells_the_day_and_is_not_written_before_it_is_over(day, memory):
    with pytest.raises(InputError, match="is not over"):
        write_chronicle(day, memory, MARKET, DAY_START, now=DAY_START + DAY - 1)
    with pytest.raises(InputError, match="no week begins"):
        write_chronicle(day, memory, MARKET, DAY_START, now=LATER, kind="week")
    with pytest.raises(InputError, match="nothing is stored of the day of 2025-05-09"):
        write_chronicle(day, memory, MARKET, DAY_START - DAY, now=LATER)
    assert write_chronicle(day, memory, MARKET, DAY_START, now=LATER).status == "stored"
    assert write_chronicle(day, memory, MARKET, DAY_START, now=LATER).status == "known"
    (story,) = memory.get_chronicles(ChronicleFilter(LATER))
    lines = story.body.splitlines()
    assert lines[0] == "Decided 9 minutes: BUY 4, HOLD 3, STRONG_BUY 2."
    assert lines[1] == "Missed 0 minutes; of 1,431 more nobody knows anything."
    assert lines[2].startswith("Opened 1 positions, closed 1 (TARGET 1), of them 1 with a gain")
    assert "+1.21" in lines[2]
    assert memory.get_chronicles(ChronicleFilter(LATER - 1)) == []


def test_one_decision_is_remembered_as_its_day_would_be(day, memory):
    with day.reading() as connection:
        decision = history.decision(connection, b.BOOK, b.cycle_id(2))
    assert helpers.store_btc_decision(memory, decision, now=LATER).status == "stored"
    (found,) = memory.search_memory("gate_hour_block", known_until=LATER)
    assert found.engram.text.startswith("btc decision BUY refused by HOUR_BLOCK; vpin_regime HIGH")
    assert remember_day(day, memory, MARKET, DAY_START, now=LATER).known == 1


def test_trades_and_picks_of_the_other_markets_are_remembered_as_theirs(memory):
    common = {"source": "recorded", "event_time": DAY_START, "known_at": DAY_START}
    trade = {"side": "LONG", "entry_time": DAY_START - MINUTE, "conditions": CONDITIONS}
    helpers.store_altcoin_trade(
        memory, now=LATER, fact_id="alt:1", symbol="SOLUSDT", outcome=Outcome(-0.02, "STOP_LOSS"),
        **trade, **common,
    )  # fmt: skip
    helpers.store_ihsg_pick(
        memory, now=LATER, fact_id="ihsg:1", symbol="BBCA", grade="A", phase="ACCUMULATION",
        reasons=["foreign flow"], **common,
    )  # fmt: skip
    assert memory.closed_trades("btc", since=0, known_until=LATER) == []
    assert "n=1, wins=0" in helpers.context_for(memory, CONDITIONS, LATER, market="altcoin")
    assert memory.search_memory("BBCA", known_until=LATER) == [], "its outcome is not known"
    helpers.close_ihsg_pick(
        memory, "ihsg:1", Outcome(0.05, "TARGET"), known_at=DAY_START + DAY, now=LATER
    )
    (pick,) = memory.search_memory("BBCA", known_until=LATER)
    assert (pick.engram.market, pick.engram.outcome.result) == ("ihsg", "WIN")


@pytest.mark.slow
def test_what_a_loop_decided_and_traded_is_remembered_with_its_conditions(
    make_loop, warehouse, memory
):
    list(make_loop(120).run())
    with warehouse.reading() as connection:
        rows = history.decisions(connection, b.BOOK, b.SYMBOL, 0, 2**60)
        closed = history.closed_positions(connection, b.BOOK, 0, 2**60)
    market, until = Market(b.SYMBOL, rows[0].source), rows[-1].as_of + DAY
    first = day_start(rows[0].as_of)
    days = [remember_day(warehouse, memory, market, first + n * DAY, now=until) for n in (0, 1)]
    trades = memory.closed_trades("btc", since=0, known_until=until)
    returns = [one.net_return for one in closed if not one.shadow]
    assert [one.engram.outcome.net_return for one in reversed(trades)] == returns
    assert len(returns) >= 3
    ordered = sum(json.loads(row.payload)["order"] is not None for row in rows)
    assert len(returns) <= ordered <= sum(day.decisions for day in days)
    conditions = conditions_of(trades[0].engram)
    assert {"vpin_regime", "entry_grade", "session", "regime"} <= set(conditions.known)
    assert f"of {len(conditions.known)} alike" in helpers.context_for(memory, conditions, until)
    assert write_chronicle(warehouse, memory, market, first, now=until + DAY).status == "stored"
    assert memory.health_check().ok
