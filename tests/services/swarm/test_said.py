"""Stored rounds as arrays: whose weights count, what cannot be taken apart, what was said otherwise."""

from dataclasses import replace

import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet.swarm.rosters import BTC
from babingepet_services.swarm.said import said_live
from babingepet_services.swarm.training import models_of
from tests.services.swarm.stored import SYMBOL, outcome, prediction, store, verdict

START = 1_735_689_600_000
"""2025-01-01."""
END = START + DAY
FIVE = ("gemini", "claude", "gpt", "momentum", "contrarian")


def votes(as_of, p_up=0.6, agents=FIVE, **more):
    return [prediction(as_of, agent, p_up, **more) for agent in agents]


@pytest.fixture
def read(database):
    def said(start=START, end=END):
        with database.reading() as connection:
            return said_live(connection, SYMBOL, start, end)

    return said


def row(said, agent):
    return said.answers.votes[BTC.names.index(agent)].tolist()


def test_rounds_are_told_with_votes_states_and_returns(database, read):
    said = [
        *votes(START, 0.7),
        prediction(START, "macro_sage", None, state="invalid"),
        prediction(START, "risk_manager", None),
    ]
    store(database, said, [verdict(START, 0.7)], [outcome(START, -0.01)])
    found = read()
    assert row(found, "gpt") == [0.7]
    assert np.isnan(row(found, "macro_sage")).all()
    states = dict(zip(BTC.names, found.states[:, 0], strict=True))
    assert (states["gpt"], states["macro_sage"], states["risk_manager"]) == (
        "vote", "invalid", "abstain",
    )  # fmt: skip
    assert states["flow_reader"] == "unavailable"
    assert found.answers.outcomes.tolist() == [-0.01]
    assert (found.unlike, found.left_out) == (0, 0)


def test_the_weights_that_a_verdict_tells_are_those_it_was_made_with(database, read):
    said = [*votes(START), *votes(START + HOUR)]
    told = {"weights": {"gemini": 0.9, "somebody": 3.0}}
    store(database, said, [verdict(START, 0.6, detail=told), verdict(START + HOUR, 0.6)])
    weights = read().answers.weights
    assert set(weights) == {"gemini", "claude", "gpt"}
    assert weights["gemini"].tolist() == [0.9, 0.5]


def test_where_a_verdict_tells_none_they_follow_from_returns_that_were_known_then(database, read):
    """Right twice: an hour later once is known, (1 + 5) / (1 + 10), then twice, 7 / 12."""
    times = [START, START + 20 * MINUTE, START + HOUR, START + 80 * MINUTE]
    said = [one for time in times for one in votes(time)]
    store(
        database, said, [verdict(time, 0.6) for time in times],
        [outcome(time, 0.01) for time in times[:2]],
    )  # fmt: skip
    assert read().answers.weights["gpt"] == pytest.approx([0.5, 0.5, 6 / 11, 7 / 12], abs=1e-15)


def test_each_provider_has_a_record_of_its_own(database, read):
    late = START + 2 * HOUR
    said = [
        *votes(START), *votes(START, 0.4, provider="openrouter", known_at=START + 9),
        *votes(late), *votes(late, 0.4, provider="openrouter", known_at=late + 9),
    ]  # fmt: skip
    store(database, said, [], [outcome(START, 0.01)])
    found = read()
    assert found.providers == ("rules", "openrouter") * 2
    assert found.answers.weights["gpt"][2:] == pytest.approx([6 / 11, 5 / 11])


def test_rounds_that_come_to_something_else_are_counted(database, read):
    said = [one for hour in range(3) for one in votes(START + hour * HOUR)]
    other = verdict(START + HOUR, 0.61)
    store(database, said, [verdict(START, 0.6), other, verdict(START + 2 * HOUR, 0.6, side=0)])
    assert read().unlike == 2
    assert read(START + 2 * HOUR).unlike == 1


def test_a_verdict_without_answers_is_counted_and_left_out(database, read):
    store(database, votes(START), [verdict(START, 0.6), verdict(START + HOUR, 0.7)])
    found = read()
    assert found.left_out == 1
    assert found.answers.verdicts().as_of.tolist() == [START]


def test_rounds_before_the_period_are_heard_and_not_counted(database, read):
    early = START - 2 * HOUR
    store(database, [*votes(early), *votes(START)], [verdict(early, 0.7), verdict(START, 0.6)])
    found = read()
    assert found.answers.as_of.tolist() == [early, START]
    assert found.within(START, END).tolist() == [False, True]
    assert found.unlike == 0


def test_answers_about_another_symbol_or_after_the_period_are_not_read(database, read):
    other = [replace(one, symbol="ETHUSDT") for one in votes(START + HOUR)]
    store(database, [*votes(START), *other, *votes(END)])
    assert read().answers.as_of.tolist() == [START]


def test_an_answer_of_nobody_on_the_roster_is_refused(database, read):
    store(database, [*votes(START), prediction(START, "oracle", 0.9)])
    with pytest.raises(InputError, match="oracle is none of the nine analysts"):
        read()


@pytest.mark.parametrize(
    ("model", "cutoff", "before", "kind"),
    [
        ("google/gemini-2.5-flash", "2025-01-31", 2, "some"),
        ("openai/gpt-4o-mini", "2023-10-31", 0, "none"),
        ("deepseek/deepseek-chat", None, None, "unknown"),
        ("nobody/knows-it", None, None, "unknown"),
        ("rules", None, 0, "untrained"),
    ],
)
def test_a_vote_lies_before_or_after_the_end_of_its_model_s_training(
    database, read, model, cutoff, before, kind
):
    """The last day that a model may know belongs to what it has read."""
    last = START + 31 * DAY - MINUTE
    times = [START, last, last + MINUTE]
    said = [prediction(time, "gemini", 0.6, model=model) for time in times]
    store(database, [*said, prediction(START, "gpt", None, model="a/silent-one")])
    found = read(end=START + 40 * DAY)
    (told,) = models_of(found, found.within(START, START + 40 * DAY))
    assert (told["model"], told["agents"], told["votes"]) == (model, ["gemini"], 3)
    assert (told["cutoff"], told["votes_before_cutoff"]) == (cutoff, before)
    assert told["before_cutoff"] == kind
    assert (told["cutoff_source"] is None) == (cutoff is None)
