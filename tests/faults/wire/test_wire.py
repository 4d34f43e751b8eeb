"""What the loop does while the wire is hostile, and after: the table of `scenarios`, run for real."""

from collections.abc import Callable

import pytest

from babingepet.market.intervals import MINUTE
from babingepet_resources.exchange.faults import KINDS
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import Database
from tests.faults.wire.market import BEFORE, Played, Scenario, check, play, told_gaps
from tests.faults.wire.scenarios import CANDLE_FROM_REST, SCENARIOS, TRADES_LOST

pytestmark = pytest.mark.slow


def expectations_hold(played: Played) -> None:
    scenario = played.scenario
    decided = [report for report in played.faulty if report.decision is not None]
    assert len(played.faulty) - len(decided) == scenario.missed
    assert set(told_gaps(played.faulty)) == scenario.gaps
    for report in decided:
        assert scenario.gates <= {refusal.gate for refusal in report.decision.blocked_by}
        assert all(report.decision.scores[name] is None for name in scenario.silent)
        assert all(report.decision.reasons[name] for name in scenario.silent)
    before, last = (played.reports[k].minute.health.counters for k in (BEFORE - 1, -1))
    assert {name for name in scenario.counted if last[name] <= before.get(name, 0)} == set()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fault_is_answered_as_it_should_be_and_forgotten_within_two_minutes(
    name: str, prepared: Callable[[], Database]
) -> None:
    played = play(SCENARIOS[name], prepared())
    check(played)
    expectations_hold(played)


def test_every_kind_of_fault_is_in_the_table() -> None:
    assert {kind for one in SCENARIOS.values() for kind, _ in one.faults} == set(KINDS)


OUTAGE = [("lose", {}), ("reset", {})]


def test_an_hour_without_the_exchange_is_recorded_as_missed_and_then_filled_in(
    prepared: Callable[[], Database],
) -> None:
    """Candles come back; an hour of trades is more than a minute may ask for, and is a gap."""
    scenario = Scenario(OUTAGE, minutes=60, missed=60, warms_up=frozenset({"whale_flow"}))
    played = play(scenario, prepared())
    check(played)
    assert {report.missed for report in played.faulty} == {"the exchange has no closed candle"}
    assert set(told_gaps(played.after)) == {CANDLE_FROM_REST, TRADES_LOST}
    missed = [gap for gap in played.gaps() if gap.feed == "decision"]
    minutes = [time for gap in missed for time in range(gap.start_time, gap.end_time, MINUTE)]
    assert minutes == [report.as_of - MINUTE for report in played.faulty]
    assert {gap.repaired_at for gap in missed} == {None}


EXIT_IN = 12
"""Faulty minutes within which the open position is closed when nothing is wrong."""


def closed_positions(played: Played) -> list[tuple[int, int, float, str]]:
    with played.database.reading() as connection:
        rows = history.closed_positions(connection, "paper", 0, 2**60)
    return [
        (row.entry_time, row.exit_time, row.exit_price, row.exit_reason)
        for row in rows
        if not row.shadow
    ]


def test_a_position_is_closed_under_a_frozen_feed_as_if_nothing_were_wrong(
    prepared: Callable[[], Database],
) -> None:
    """Candles come by REST, so exits are tested on each; without quotes half a spread is added."""
    found = []
    for faults in ([("latency", {"seconds": 0.0})], [("lose", {})]):
        played = play(Scenario(faults, minutes=EXIT_IN), prepared())
        check(played)
        found.append(closed_positions(played))
    ((*quiet, price, reason),), ((*frozen, frozen_price, frozen_reason),) = found
    assert (quiet, reason) == (frozen, frozen_reason)
    assert played.faulty[0].as_of < quiet[1] <= played.faulty[-1].as_of
    assert frozen_price == pytest.approx(price, rel=1e-4)


def test_a_position_whose_exit_falls_into_an_outage_is_closed_at_the_first_minute_after_it(
    prepared: Callable[[], Database],
) -> None:
    """What the missed minutes would have done is not invented: no price of theirs was tradable."""
    played = play(Scenario(OUTAGE, minutes=EXIT_IN, missed=EXIT_IN), prepared())
    check(played)
    ((_, exit_time, exit_price, _),) = closed_positions(played)
    first = played.after[0]
    assert exit_time == first.as_of
    candle = first.minute.candles
    assert candle.low[-1] * 0.999 <= exit_price <= candle.high[-1] * 1.001
