"""What holds for every consensus and every answer, whatever was voted or written."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.domain.decision import canonical_json
from babingepet.swarm.agents import Group, Subject
from babingepet.swarm.analysts.btc import SCORES, BtcReading, btc_answers
from babingepet.swarm.answers import Confidence, State, read_answer, read_answers, vote
from babingepet.swarm.consensus import Agreed, agree
from babingepet.swarm.drop_one import split, without_each
from babingepet.swarm.prompts import CLOSING, OPENING, quoted
from babingepet.swarm.rosters import BTC
from babingepet.swarm.text import one_line
from tests.engine.swarm import questions as q

levels = st.sampled_from(Confidence)
shares = st.one_of(st.none(), st.floats(0.01, 0.99), st.sampled_from([0.45, 0.5, 0.55]))
nine = st.lists(st.tuples(shares, levels), min_size=9, max_size=9)
weights = st.fixed_dictionaries(dict.fromkeys(BTC.names[:3], st.floats(0.05, 0.95)))


def answers(voted):
    plain = q.votes([p for p, _ in voted])
    return [
        a if a.p_up is None else vote(a.agent, a.p_up, c, "")
        for a, (_, c) in zip(plain, voted, strict=True)
    ]


@given(nine, weights, st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_matter(voted, weights, random):
    given_answers = answers(voted)
    agreed = agree(BTC, given_answers, weights)
    random.shuffle(given_answers)
    assert agree(BTC, given_answers, weights) == agreed


@given(nine, weights)
def test_a_consensus_stays_within_its_ranges_and_within_its_votes(voted, weights):
    agreed = agree(BTC, answers(voted), weights)
    voted_for = [p for p, _ in voted if p is not None]
    assert isinstance(agreed, Agreed) == (len(voted_for) >= 5)
    if isinstance(agreed, Agreed):
        assert min(voted_for) - 1e-12 <= agreed.p_up <= max(voted_for) + 1e-12
        assert 0.0 <= agreed.agreement <= 1.0
        assert 0.0 <= agreed.entropy <= math.log2(3) + 1e-12
        assert 0.0 <= agreed.pairwise <= 0.98 + 1e-12


@given(nine, weights)
def test_turning_every_vote_turns_the_consensus(voted, weights):
    agreed = agree(BTC, answers(voted), weights)
    turned = agree(BTC, answers([(None if p is None else 1.0 - p, c) for p, c in voted]), weights)
    if isinstance(agreed, Agreed):
        assert turned.p_up == pytest.approx(1.0 - agreed.p_up, abs=1e-12)
        assert (turned.side, turned.bulls, turned.bears) == (
            -agreed.side,
            agreed.bears,
            agreed.bulls,
        )
        assert (turned.agreement, turned.entropy) == (
            agreed.agreement, pytest.approx(agreed.entropy, abs=1e-12),
        )  # fmt: skip


@given(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=8), st.floats(0.45, 0.55))
def test_a_neutral_vote_more_never_raises_the_agreement(probabilities, neutral):
    agents = [q.agent(str(i)) for i in range(len(probabilities) + 1)]
    few, more = q.roster(*agents[:-1]), q.roster(*agents)
    before = agree(few, q.votes(probabilities, few), {})
    after = agree(more, q.votes([*probabilities, neutral], more), {})
    assert after.agreement <= before.agreement


@given(nine)
def test_confidence_about_symbols_moves_the_consensus_only_within_its_votes(voted):
    of = q.roster(*(q.agent(name, Group.PERSONA) for name in BTC.names), subject=Subject.SYMBOLS)
    agreed = agree(of, answers(voted), {})
    if isinstance(agreed, Agreed):
        voted_for = [p for p, _ in voted if p is not None]
        assert min(voted_for) - 1e-12 <= agreed.p_up <= max(voted_for) + 1e-12


@given(nine, weights)
def test_marginals_and_interaction_are_the_effect_of_all(voted, weights):
    def value(agreed):
        return 2.0 * agreed.p_up - 1.0 if isinstance(agreed, Agreed) else 0.0

    given_answers = answers(voted)
    without_one = without_each(BTC, given_answers, weights)
    all_of_them = value(agree(BTC, given_answers, weights))
    worth = split(all_of_them, 0.0, {name: value(a) for name, a in without_one.items()})
    total = math.fsum([*worth.marginals.values(), worth.interaction])
    assert total == pytest.approx(worth.effect, abs=1e-12)
    for name, (p, _) in zip(BTC.names, voted, strict=True):
        assert p is not None or worth.marginals[name] == 0.0


scores = st.one_of(st.none(), st.floats(-1.0, 1.0))
readings = st.builds(
    BtcReading,
    st.fixed_dictionaries(dict.fromkeys(SCORES, scores)),
    ret_1h=st.one_of(st.none(), st.floats(-0.5, 0.5)),
    ret_4h=st.one_of(st.none(), st.floats(-0.5, 0.5)),
    rv_1h=st.one_of(st.none(), st.just(0.0), st.floats(1e-6, 0.5)),
    rv_4h=st.one_of(st.none(), st.just(0.0), st.floats(1e-6, 0.5)),
    natr_percentile=st.one_of(st.none(), st.floats(0.0, 1.0)),
    is_volatile=st.booleans(),
)


@given(readings)
def test_a_rule_votes_within_25_and_75_and_turns_with_the_market(reading):
    def turned(value):
        return None if value is None else -value

    mirror = BtcReading(
        {name: turned(score) for name, score in reading.scores.items()},
        turned(reading.ret_1h), turned(reading.ret_4h), reading.rv_1h, reading.rv_4h,
        reading.natr_percentile, reading.is_volatile,
    )  # fmt: skip
    for answer, other in zip(btc_answers(reading), btc_answers(mirror), strict=True):
        assert (answer.state, answer.confidence) == (other.state, other.confidence)
        if answer.p_up is not None:
            assert 0.25 <= answer.p_up <= 0.75
            assert other.p_up == pytest.approx(1.0 - answer.p_up, abs=1e-15)


pieces = st.sampled_from(
    ["{", "}", "[", "]", ":", ",", '"p_up"', '"confidence"', '"reason"', '"answers"', '"symbol"',
     '"A"', '"LOW"', "0.7", "1.7", "NaN", "null", "true", "\\", '"', "```json\n", "\ud800", "\x00"]
)  # fmt: skip
fields = st.fixed_dictionaries(
    {
        "p_up": st.floats() | st.none() | st.booleans(),
        "confidence": st.sampled_from(["LOW", "HIGH", "low", None]),
        "reason": st.text(max_size=20) | st.none(),
    },
    optional={"symbol": st.sampled_from(["A", "B", "C"]), "x": st.none()},
)
written = (
    st.lists(pieces, max_size=20).map("".join)
    | fields.map(json.dumps)
    | st.lists(fields, max_size=3).map(lambda listed: json.dumps({"answers": listed}))
)


@given(written)
def test_whatever_is_written_is_an_answer_that_can_be_stored(text):
    for answer in (read_answer("gpt", text), *read_answers("gpt", text, ["A", "B"]).values()):
        assert answer.state in {State.VOTE, State.ABSTAIN, State.INVALID}
        assert (answer.p_up is not None) == (answer.state is State.VOTE)
        assert "\x00" not in answer.reason
        canonical_json({"p_up": answer.p_up, "reason": answer.reason})


@given(st.lists(st.text(), max_size=6), st.integers(0, 5))
def test_quoted_lines_are_enclosed_once_and_never_more_than_asked_for(lines, most):
    shown = quoted(lines, most)
    assert (shown.count(OPENING), shown.count(CLOSING)) == (1, 1)
    inside = shown.split(CLOSING, maxsplit=1)[0].splitlines()[1:]
    assert len(inside) <= max(most, 1)
    assert all(len(line) <= 202 for line in inside)


@given(st.text())
def test_a_line_that_was_made_harmless_stays_as_it_is(text):
    once = one_line(text, 10_000)
    assert one_line(once, 10_000) == once
