"""The embedded analysts beside the loop: asked once in twenty minutes, heard from the next decision on."""

from collections import Counter
from itertools import groupby

import pytest

from babingepet.market.intervals import HOUR, MINUTE
from babingepet_resources.warehouse import candles, predictions, swarm
from babingepet_services.btc.analysts import GENERALISTS, load_analysts
from scripts.bench.common.market import START

MARKET, RULES = "BTC", "rules"
FIRST = START + MINUTE
"""The first decided minute."""


def run(make_loop, minutes, **given):
    return [report.decision for report in make_loop(minutes, **given).run()]


def said(database):
    with database.reading() as connection:
        return predictions.since(connection, MARKET, RULES, 0)


def verdicts(database):
    with database.reading() as connection:
        return swarm.series(connection, MARKET, 0, 2**60)


def asked_at(database):
    return [as_of for as_of, _ in groupby(said(database), key=lambda row: row.as_of)]


def test_all_nine_answer_the_first_decision_and_are_heard_by_the_second(make_loop, warehouse):
    first, second = run(make_loop, 2)
    rows = said(warehouse)
    assert Counter(row.state for row in rows).total() == 9
    assert {row.as_of for row in rows} == {FIRST}
    assert {row.provider for row in rows} == {row.model for row in rows} == {RULES}
    assert first.scores["ai_consensus"] is None
    assert first.reasons["ai_consensus"] == "the analysts have not agreed on anything yet"
    heard = second.raw["ai_consensus"]
    assert heard["provider"] == RULES
    assert heard["p_up"] == verdicts(warehouse).p_up[0]


def test_what_a_round_came_to_was_known_after_its_decision_and_before_the_next(
    make_loop, warehouse
):
    run(make_loop, 1)
    (known_at,) = {row.known_at for row in said(warehouse)}
    assert FIRST < known_at < FIRST + MINUTE
    assert verdicts(warehouse).known_at.tolist() == [known_at]


def test_they_are_asked_once_in_twenty_minutes_also_across_a_restart(make_loop, warehouse):
    run(make_loop, 45, max_cycles=7)
    run(make_loop, 45, owner="the next")
    assert asked_at(warehouse) == [FIRST, START + 20 * MINUTE, START + 40 * MINUTE]


def test_a_vote_is_resolved_by_the_closes_of_its_hour_and_weighs_from_then_on(make_loop, warehouse):
    run(make_loop, 82)
    rows = [row for row in said(warehouse) if row.as_of == FIRST and row.state == "vote"]
    with warehouse.reading() as connection:
        minutes = candles.read(connection, "BTCUSDT", "1m", "simulated", START, START + 2 * HOUR)
        remembered = load_analysts(connection, START + 82 * MINUTE)
    close = dict(zip((minutes.open_time + MINUTE).tolist(), minutes.close.tolist(), strict=True))
    assert rows
    assert {row.outcome for row in rows} == {close[FIRST + HOUR] / close[FIRST] - 1.0}
    assert {row.resolved_at for row in rows} == {START + 80 * MINUTE + 50}
    assert remembered.last == START + 80 * MINUTE
    assert set(remembered.outcomes) == {FIRST, START + 20 * MINUTE}
    with warehouse.reading() as connection:
        detail = swarm.detail(connection, MARKET, START + 80 * MINUTE, RULES)
    assert set(detail["weights"]) == set(GENERALISTS)
    assert set(detail["weights"].values()) != {0.5}
    assert len(detail["answers"]) == 9


def test_a_loop_that_asks_nobody_files_nothing(make_loop, warehouse):
    (decision,) = run(make_loop, 1, analysts="none")
    assert said(warehouse) == []
    assert "ai_consensus" not in decision.capability
    assert decision.reasons["ai_consensus"] == "no analysts were ever asked"


def take_minute(warehouse, as_of):
    """Let the decision of a minute be written by nobody any more, as if another loop had it."""
    trigger = "CREATE TRIGGER taken BEFORE INSERT ON btc_decisions"
    if warehouse.is_sqlite:
        orders = [f"{trigger} WHEN NEW.as_of = {as_of} BEGIN SELECT RAISE(IGNORE); END"]
    else:
        body = f"BEGIN IF NEW.as_of = {as_of} THEN RETURN NULL; END IF; RETURN NEW; END"
        orders = [
            f"CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
            f"{trigger} FOR EACH ROW EXECUTE FUNCTION taken()",
        ]
    with warehouse.writing() as connection:
        for order in orders:
            connection.exec_driver_sql(order)


@pytest.mark.slow
def test_a_decision_that_is_not_written_leaves_no_round(make_loop, warehouse):
    loop = make_loop(25, max_cycles=19)
    list(loop.run())
    take_minute(warehouse, START + 20 * MINUTE)
    run(make_loop, 25, owner="the next")
    assert asked_at(warehouse) == [FIRST, START + 21 * MINUTE]
