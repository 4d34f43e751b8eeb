"""What models write: votes, abstentions, and everything that is neither."""

import json

import pytest

from babingepet.errors import InputError
from babingepet.swarm.answers import (
    ANSWER_SCHEMA,
    Answer,
    Confidence,
    State,
    answers_schema,
    read_answer,
    read_answers,
)
from babingepet.swarm.json_object import LONGEST


def text(**fields):
    return json.dumps({"p_up": 0.7, "confidence": "MED", "reason": "trend", **fields})


GOOD = text()


def test_a_vote_is_read_as_it_was_given():
    assert read_answer("gpt", GOOD) == Answer("gpt", State.VOTE, 0.7, Confidence.MED, "trend")


@pytest.mark.parametrize(
    "wrapped",
    [
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}```",
        f"My view [1] follows: {GOOD} I hope that helps.",
        f'He said "up", so:\n{GOOD}',
        f"\ufeff  {GOOD}\n\n",
        text(reason='braces } and \\" quotes { are text'),
    ],
)
def test_one_object_in_fences_or_prose_is_found(wrapped):
    answer = read_answer("gpt", wrapped)
    assert (answer.state, answer.p_up, answer.confidence) == (State.VOTE, 0.7, Confidence.MED)


@pytest.mark.parametrize(
    ("given", "kept"), [(0, 0.01), (0.0, 0.01), (0.005, 0.01), (1, 0.99), (0.5, 0.5), (0.99, 0.99)]
)
def test_a_vote_is_clamped_to_01_and_99(given, kept):
    assert read_answer("gpt", text(p_up=given)).p_up == pytest.approx(kept, abs=1e-15)


def test_no_probability_is_an_abstention_with_its_own_reason():
    answer = read_answer("gpt", text(p_up=None, reason="no data"))
    assert (answer.state, answer.p_up, answer.confidence) == (State.ABSTAIN, None, None)
    assert answer.reason == "no data"


HOSTILE = [
    ("", "no text"),
    (" \n", "no text"),
    ("null", "no JSON object"),
    ("I cannot help with trading.", "no JSON object"),
    ("[0.7]", "no JSON object"),
    (text(p_up=1.7), "p_up is 1.7, not a probability"),
    (text(p_up=-0.1), "p_up is -0.1"),
    (text(p_up=float("nan")), "p_up is nan"),
    (text(p_up=float("inf")), "p_up is inf"),
    (GOOD.replace("0.7", "1e999"), "p_up is inf"),
    (GOOD.replace("0.7", "1" + "0" * 4_000), "not a probability"),
    (GOOD.replace("0.7", "1" * 5_000), "no JSON"),
    (text(p_up=True), "p_up is True, not a number"),
    (text(p_up="0.7"), "p_up is '0.7', not a number"),
    (text(p_up=[0.7]), "not a number"),
    (GOOD.replace("0.7", "\uff10.\uff17"), "no JSON"),
    (GOOD.replace("0.7", "\u0660.\u0667"), "no JSON"),
    (GOOD[:-3], "cut off"),
    (GOOD[:-1], "cut off"),
    (GOOD.replace(",", ""), "no JSON"),
    (GOOD.replace('"', "'"), "no JSON"),
    (GOOD + GOOD, "more than one"),
    (GOOD + ' or {"p_up": 0.1}', "more than one"),
    ('{"p_up": 0.1, ' + GOOD[1:], "the key 'p_up' twice"),
    (text(action="BUY"), "the key 'action' does not belong"),
    ('{"answer": ' + GOOD + "}", "is missing"),
    ('{"p_up": 0.7, "reason": ""}', "the key confidence is missing"),
    (text(confidence="high"), "confidence is 'high', not LOW, MED or HIGH"),
    (text(confidence=None), "confidence is None"),
    (text(confidence=["LOW"]), "confidence is"),
    (text(reason=None), "reason is None, not text"),
    (text(reason="x" * 601), "601 characters, at most 600"),
    ('{"p_up": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested deeper"),
    ('{"a":' * 40_000 + "1" + "}" * 40_000, "nested deeper"),
    ("{" + GOOD + " " * 10_000_000, "at most"),
    ('"' * (LONGEST - 1) + "{", "cut off"),
    ("{" + '\\"' * (LONGEST // 2 - 1), "cut off"),
    ('{"' + '\\"' * (LONGEST // 2 - 2), "cut off"),
    ("{" + ",".join(f'"{i}":1' for i in range(20_000)) + ',"1":2}', "the key '1' twice"),
]


@pytest.mark.parametrize(("written", "said"), HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_answer_is_invalid_and_says_why(written, said):
    answer = read_answer("gpt", written)
    assert (answer.state, answer.p_up, answer.confidence) == (State.INVALID, None, None)
    assert said in answer.reason
    assert len(answer.reason) <= 600
    listed = read_answers("gpt", written, ["BTC", "ETH"])
    assert {answer.state for answer in listed.values()} == {State.INVALID}


def test_a_reason_is_printable_whatever_was_written():
    answer = read_answer("gpt", text(reason="up\u0000\u202e\ud800 \n now\u200b"))
    assert (answer.state, answer.reason) == (State.VOTE, "up now")
    answer.reason.encode()


def entry(symbol, **fields):
    return {"symbol": symbol, "p_up": 0.7, "confidence": "HIGH", "reason": "", **fields}


def test_each_symbol_of_a_list_is_judged_by_itself():
    entries = [
        entry("ETH", p_up=0.2),
        entry("SOL", p_up=7),
        entry("ADA"),
        entry("ADA", p_up=0.1),
        entry("DOGE", p_up=None),
        entry("NOT_ASKED"),
        entry(["XRP"]),
        "nonsense",
        {"p_up": 0.9},
        entry("TIA", extra=1),
    ]
    symbols = ["ETH", "SOL", "ADA", "DOGE", "XRP", "TIA"]
    answers = read_answers("gpt", json.dumps({"answers": entries}), symbols)
    assert list(answers) == symbols
    assert {symbol: answer.state.value for symbol, answer in answers.items()} == {
        "ETH": "vote",
        "SOL": "invalid",
        "ADA": "invalid",
        "DOGE": "abstain",
        "XRP": "abstain",
        "TIA": "invalid",
    }
    assert answers["ETH"].p_up == 0.2
    assert answers["ADA"].reason == "it answered 2 times about ADA"
    assert answers["XRP"].reason == "it said nothing about XRP"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"answers": {"BTC": 1}}', "answers is no list"),
        ('{"answers": [], "note": ""}', "'note' does not belong"),
        (GOOD, "the key answers is missing"),
    ],
)
def test_a_list_of_the_wrong_shape_is_invalid_for_every_symbol(written, said):
    for answer in read_answers("gpt", written, ["BTC", "ETH"]).values():
        assert answer.state is State.INVALID
        assert said in answer.reason


def test_a_list_with_the_longest_reasons_for_a_hundred_symbols_is_read():
    symbols = [f"COIN{i}USDT" for i in range(100)]
    written = json.dumps({"answers": [entry(symbol, reason="r" * 600) for symbol in symbols]})
    answers = read_answers("gpt", written, symbols)
    assert [answer.state for answer in answers.values()] == [State.VOTE] * 100


@pytest.mark.parametrize(
    ("state", "p_up", "confidence"),
    [
        (State.VOTE, None, None),
        (State.VOTE, 0.5, None),
        (State.VOTE, float("nan"), Confidence.LOW),
        (State.VOTE, 1.5, Confidence.LOW),
        (State.TIMEOUT, 0.5, None),
        (State.ABSTAIN, None, Confidence.LOW),
    ],
)
def test_only_a_vote_has_a_probability_and_it_has_one(state, p_up, confidence):
    with pytest.raises(InputError, match="p_up: "):
        Answer("gpt", state, p_up, confidence, "")


def test_the_schemas_are_strict_everywhere():
    one = answers_schema(["BTC", "ETH"])["properties"]["answers"]["items"]
    for schema in (ANSWER_SCHEMA, answers_schema(["BTC"]), one):
        assert schema["additionalProperties"] is False
        assert sorted(schema["required"]) == sorted(schema["properties"])
    assert one["properties"]["symbol"]["enum"] == ["BTC", "ETH"]
    assert ANSWER_SCHEMA["properties"]["p_up"]["type"] == ["number", "null"]
