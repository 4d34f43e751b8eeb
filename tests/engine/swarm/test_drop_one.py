"""What each agent is worth, and that the parts add up."""

import pytest

from babingepet.errors import InputError
from babingepet.swarm.consensus import NoQuorum, agree
from babingepet.swarm.drop_one import split, without, without_each
from babingepet.swarm.rosters import BTC
from tests.engine.swarm import questions as q

ANSWERS = q.votes([0.9, 0.6, 0.6, 0.7, 0.7, 0.7, 0.7, 0.7, None])
WEIGHTS = {"gemini": 0.9}


def test_the_consensus_without_an_agent_is_that_of_the_others():
    dropped = without(BTC, ANSWERS, "gemini", WEIGHTS)
    assert dropped == agree(BTC, ANSWERS[1:], WEIGHTS)
    assert dropped.p_generalists == pytest.approx(0.6, abs=1e-12)


def test_without_an_agent_that_did_not_vote_all_is_as_it_was():
    assert without(BTC, ANSWERS, "conservative_filter", WEIGHTS) == agree(BTC, ANSWERS, WEIGHTS)


def test_every_agent_is_left_out_once_and_the_quorum_stays():
    each = without_each(BTC, q.votes([0.7] * 5 + [None] * 4), {})
    assert tuple(each) == BTC.names
    assert [isinstance(one, NoQuorum) for one in each.values()] == [True] * 5 + [False] * 4


def test_an_agent_of_no_roster_cannot_be_left_out():
    with pytest.raises(InputError, match="agent: nobody is not on the roster"):
        without(BTC, ANSWERS, "nobody", {})


@pytest.mark.parametrize(
    ("value", "marginals", "interaction"),
    [
        ({"": 0.0, "a": 3.0, "b": 4.0, "ab": 7.0}, {"a": 3.0, "b": 4.0}, 0.0),
        ({"": 1.0, "a": 5.0, "b": 5.0, "ab": 5.0}, {"a": 0.0, "b": 0.0}, 4.0),
        ({"": 0.0, "a": 0.0, "b": 0.0, "ab": 6.0}, {"a": 6.0, "b": 6.0}, -6.0),
    ],
    ids=["alone", "twins", "a pair"],
)
def test_marginals_and_interaction_add_up_to_the_effect_of_all(value, marginals, interaction):
    worth = split(value["ab"], value[""], {"a": value["b"], "b": value["a"]})
    assert (dict(worth.marginals), worth.interaction) == (marginals, interaction)
    assert sum(worth.marginals.values()) + worth.interaction == worth.effect


def test_a_value_that_is_no_number_is_named():
    with pytest.raises(InputError, match="without gpt it is nan"):
        split(1.0, 0.0, {"gpt": float("nan")})
