"""What the analysts are told: a moment as it was known then, rounded, and nothing as zero."""

from dataclasses import replace

import numpy as np
import pytest

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.agents.files import AgentFiles
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.warehouse import etf_flows, fear_greed, history, news, predictions
from babingepet_resources.warehouse.records import EtfFlowRecord, FearGreedRecord, OutcomeRecord
from babingepet_services.swarm.facts import PLACES, btc_facts, own_record, recall
from tests.resources.warehouse.context_builders import headline
from tests.resources.warehouse.swarm_builders import prediction
from tests.services.conftest import made_up_feed
from tests.services.swarm.seats import DECIDED, MINUTES, SOURCE, SYMBOL


@pytest.fixture
def database(decided_url, databases, connect, tmp_path):
    return connect(databases.copy_of(decided_url, tmp_path))


@pytest.fixture
def facts(database):
    def told(memory=None):
        with database.reading() as connection:
            decision = history.last_decision(connection, "paper", SYMBOL, SOURCE)
            return btc_facts(connection, decision, recall(decision, memory).text)

    return told


def test_every_place_of_the_shipped_question_is_told_and_no_other(facts, tmp_path):
    question = AgentFiles(tmp_path).text("prompts/btc/question.md")
    told = {**facts(), "track_record": ""}
    assert set(told) == set(PLACES)
    assert all(f"{{{{{place}}}}}" in question for place in PLACES)
    assert told["as_of"] == "2025-04-22 10:03 UTC"


def test_prices_are_those_of_the_closed_minutes(facts):
    close = made_up_feed(MINUTES).minutes.between(0, DECIDED).close
    told = facts()["price"]
    for back, name in ((15, "15 min"), (60, "1 h"), (240, "4 h"), (1_440, "24 h")):
        assert f"{name} {close[-1] / close[-1 - back] - 1:+.2%}" in told
    assert told.startswith(f"{close[-1]:,.6g} USDT")


def test_each_signal_is_a_score_or_the_reason_for_none(facts, database):
    told = dict(line.split(": ", 1) for line in facts()["signals"].splitlines())
    with database.reading() as connection:
        decision = history.last_decision(connection, "paper", SYMBOL, SOURCE)
        rows = history.signals(connection, "paper", decision.cycle_id)
    assert set(told) == {row.signal for row in rows} - {"ai_consensus"}
    for row in rows:
        if row.signal != "ai_consensus":
            expected = f"unavailable ({row.reason})" if row.score is None else f"{row.score:+.2f}"
            assert told[row.signal] == expected


def test_what_was_never_measured_says_so(facts):
    told = facts()
    assert "US spot fund flows: not measured: none was ever filed" in told["positioning"]
    assert "fear and greed: not measured: none was ever filed" in told["positioning"]
    assert told["headlines"] == "not measured: the feed of headlines never answered"
    assert told["memory"] == "nothing is remembered yet"
    assert "funding: +1.00 bps at the settlement of 04-22 02:00 UTC" in told["positioning"]


def test_what_became_known_later_is_not_told(facts, database):
    day = DECIDED // DAY * DAY - DAY
    with database.writing() as connection:
        news.insert(
            connection,
            [
                headline("Known", event_time=DECIDED - HOUR, known_at=DECIDED),
                headline("Late", event_time=DECIDED - HOUR, known_at=DECIDED + 1),
            ],
        )
        etf_flows.insert(
            connection,
            [EtfFlowRecord("BTC", day - DAY, "issuers", 3e8, DECIDED - 1),
             EtfFlowRecord("BTC", day, "issuers", -1e8, DECIDED),
             EtfFlowRecord("BTC", day, "issuers", 9e9, DECIDED + 1)],
        )  # fmt: skip
        fear_greed.insert(
            connection,
            [FearGreedRecord(day, "index", 31, DECIDED), FearGreedRecord(day, "index", 99, DECIDED + 1)],
        )  # fmt: skip
    told = facts()
    assert told["headlines"] == "<quoted>\n- 09:03 Known\n</quoted>"
    assert "-100 million USD on 2025-04-21, +200 over 2 trading days" in told["positioning"]
    assert "31 of 100 (0 is fear) on 2025-04-21" in told["positioning"]


def test_a_memory_without_trades_says_so_and_one_that_is_damaged_stops_nobody(facts, tmp_path):
    empty = Hippocampus(tmp_path / "memory.sqlite")
    assert "no closed trade like this is remembered yet" in facts(empty)["memory"]
    empty.close()
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_text("not a database " * 500)
    assert facts(Hippocampus(damaged))["memory"] == "not known: the memory could not be read"


@pytest.mark.slow
def test_an_analyst_is_told_what_became_of_its_own_forecasts_newest_first(database):
    moments = [DECIDED - (70 + 20 * back) * MINUTE for back in range(60)]
    outcomes = np.where(np.arange(60) % 3 == 0, 0.01, -0.01)
    rows = [
        replace(
            prediction(agent=agent, provider=provider), as_of=moment, horizon_end=moment + HOUR,
            known_at=moment + 1_000, p_up=0.6,
        )
        for moment in moments
        for agent, provider in (("gpt", "openrouter"), ("gpt", "rules"), ("claude", "openrouter"))
    ]  # fmt: skip
    with database.writing() as connection:
        predictions.insert(connection, rows)
        for moment, value in zip(moments, outcomes.tolist(), strict=True):
            known = DECIDED + 1 if moment == moments[0] else moment + HOUR + MINUTE
            predictions.resolve(connection, [_outcome(moment, value, known)])
        told = own_record(connection, SYMBOL, "gpt", DECIDED).splitlines()
        assert own_record(connection, SYMBOL, "momentum", DECIDED).startswith("none of your")
    assert len(told) == 51, "a header, and the last fifty"
    kept = outcomes[1:51]
    assert [float(line.split(", ")[2].rstrip("%")) / 100 for line in told[1:]] == kept.tolist()
    errors = (0.6 - (kept[::-1] > 0)) ** 2
    running = np.cumsum(errors) / np.arange(1, 51)
    assert [line.split(", ")[3] for line in told[1:]] == [f"{one:.3f}" for one in running[::-1]]


def _outcome(moment, value, known):
    return OutcomeRecord("BTC", moment, SYMBOL, moment + HOUR, value, known)
