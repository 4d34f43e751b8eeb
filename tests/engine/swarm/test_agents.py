"""Rosters refuse what could not be asked, and say which field is wrong."""

from dataclasses import replace

import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.swarm.agents import Agent, Group, Span, Subject, Unit
from babingepet.swarm.rosters import ALTCOIN, BTC, IHSG
from tests.engine.swarm import questions as q


@pytest.mark.parametrize(
    ("roster", "agents", "quorum", "horizon", "every", "subject"),
    [
        (BTC, 9, 5, 60 * MINUTE, 20 * MINUTE, Subject.MARKET),
        (ALTCOIN, 5, 3, 24 * HOUR, 4 * HOUR, Subject.SYMBOLS),
        (IHSG, 5, 3, None, None, Subject.SYMBOLS),
    ],
)
def test_the_rosters_are_those_of_the_description(roster, agents, quorum, horizon, every, subject):
    assert (len(roster.agents), roster.quorum, roster.subject) == (agents, quorum, subject)
    assert (roster.horizon.milliseconds, roster.every.milliseconds) == (horizon, every)


def test_three_generalists_and_six_personas_look_at_bitcoin_and_personas_alone_at_the_rest():
    generalists = [agent.name for agent in BTC.agents if agent.group is Group.GENERALIST]
    assert generalists == ["gemini", "claude", "gpt"]
    assert {agent.group for agent in (*ALTCOIN.agents, *IHSG.agents)} == {Group.PERSONA}


def test_shares_are_looked_at_over_five_sessions_in_either_half():
    assert (IHSG.horizon, IHSG.every) == (Span(5, Unit.SESSION), Span(1, Unit.HALF_SESSION))


@pytest.mark.parametrize("quorum", [0, 1, 3])
def test_a_quorum_is_two_to_all_of_the_agents(quorum):
    with pytest.raises(InputError, match=r"^quorum: .* must be 2 to 2"):
        q.roster(q.agent("one"), q.agent("two"), quorum=quorum)


def test_two_agents_of_one_name_are_refused():
    with pytest.raises(InputError, match=r"^agents: .* holds one twice"):
        q.roster(q.agent("one"), q.agent("two"), q.agent("one"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "name: an agent needs a name"),
        ({"models": ()}, "models: agent one needs at least one model"),
        ({"models": ("a/b", "")}, "models: agent one needs at least one model"),
        ({"models": ("a/b", "c/d", "a/b")}, "models: agent one names a/b twice"),
    ],
)
def test_an_agent_has_a_name_and_different_models(fields, said):
    with pytest.raises(InputError, match=said):
        replace(q.agent("one"), **fields)


def test_a_span_is_not_empty():
    with pytest.raises(InputError, match="count: a span is at least 1 minute"):
        Span(0, Unit.MINUTE)


def test_another_prompt_is_another_version():
    one, other = (Agent("a", Group.PERSONA, ("m",), "task", text) for text in ("up?", "up? "))
    assert one.prompt_version != other.prompt_version
