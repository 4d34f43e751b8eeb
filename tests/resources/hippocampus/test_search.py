"""What is found, in which order, and that nothing is found before it was known."""

import math
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, MINUTE
from babingepet.memory.engrams import Outcome
from babingepet_resources.hippocampus.store import Hippocampus
from tests.resources.hippocampus.engram_builders import NOW, note

HOSTILE = (
    '" OR * NEAR(', '"', "''", "a AND", "NOT", "text: x", "{text tags}: x", "^bitcoin", "a + b",
    "-bitcoin", "bitcoin*", "(((", "\x00", "%", "\\", "; DROP TABLE engram; --", "\ud800", "NEAR(a b, 2)",
)  # fmt: skip


def bm25(documents, query):
    """BM25 by the formula: k1 = 1.2, b = 0.75, idf floored at 1e-6; 0 where no word occurs."""
    counted = [Counter(document.split()) for document in documents]
    average = sum(map(Counter.total, counted)) / len(counted)
    scores = [0.0] * len(counted)
    for word in set(query.split()):
        n = sum(word in one for one in counted)
        idf = max(math.log((len(counted) - n + 0.5) / (n + 0.5)), 1e-6)
        for i, one in enumerate(counted):
            length = one.total() / average
            scores[i] += idf * one[word] * 2.2 / (one[word] + 1.2 * (0.25 + 0.75 * length))
    return scores


@pytest.fixture(scope="module")
def thousand(tmp_path_factory):
    """A thousand documents of words as frequent as words are, of ages up to fifty days."""
    store = Hippocampus(tmp_path_factory.mktemp("thousand") / "memory.sqlite")
    chance = random.Random(5)
    words = [f"w{n}" for n in range(400)]
    shares = [1.0 / (n + 1) for n in range(400)]
    documents = [
        " ".join([f"d{i}", *chance.choices(words, shares, k=chance.randrange(3, 40))])
        for i in range(1_000)
    ]
    ages = [chance.randrange(0, 50 * DAY) for _ in documents]
    notes = [note(text, time=NOW - age) for text, age in zip(documents, ages, strict=True)]
    store.store_engrams(notes, now=NOW)
    yield store, documents, ages
    store.close()


def test_ranks_are_bm25_by_the_formula_times_what_is_left_of_the_strength(thousand):
    store, documents, ages = thousand
    chance = random.Random(6)
    for number in range(60):
        query = " ".join(f"w{int(400 * chance.random() ** 2)}" for _ in range(1 + number % 12))
        left = [0.5 * 2 ** (-age / (14 * DAY)) for age in ages]
        scores = bm25(documents, query)
        worth = [score * (0.3 + 0.7 * part) for score, part in zip(scores, left, strict=True)]
        matching = [i for i in range(1_000) if scores[i] > 0]
        best = sorted(matching, key=lambda i: (-worth[i], ages[i]))[:20]
        found = store.search_memory(query, 20, known_until=NOW)
        assert [one.engram.text for one in found] == [documents[i] for i in best]
        assert [one.rank for one in found] == pytest.approx([worth[i] for i in best], rel=1e-9)


def test_a_bounded_search_still_finds_what_the_rarest_words_lead_to(thousand):
    store, documents, _ = thousand
    rare = next(text for text in documents if len(text.split()) > 20)
    query = f"w0 w1 w2 {rare.split()[0]}"
    whole = store.search_memory(query, 1, known_until=NOW)
    bounded = store.search_memory(query, 1, known_until=NOW, most_scored=10)
    assert whole == bounded
    assert whole[0].engram.text == rare


def test_of_a_word_that_is_too_common_the_newest_are_scored(memory):
    memory.store_engrams([note(f"btc n{i}", time=NOW + i) for i in range(50)], now=NOW)
    found = memory.search_memory("btc", 50, known_until=NOW + 30, most_scored=10)
    assert sorted(one.engram.known_at - NOW for one in found) == list(range(21, 31))


def test_of_equals_the_newest_comes_first(memory):
    for number in (3, 1, 2):
        memory.store_engram(note(f"btc u{number}", time=NOW + number, pinned=True), now=NOW)
    # Equally faint, to the last bit, a century later.
    found = memory.search_memory("btc", known_until=NOW + 36_500 * DAY)
    assert [one.engram.text for one in found] == ["btc u3", "btc u2", "btc u1"]


def test_without_words_the_newest_are_found(memory):
    memory.store_engrams([note(f"n{i}", time=NOW + i) for i in range(9)], now=NOW)
    for query in ("", " \t", "比特币"):
        found = memory.search_memory(query, 2, known_until=NOW + 5)
        assert [one.engram.text for one in found] == ["n5", "n4"]
        assert found[0].rank is None


@pytest.mark.parametrize("query", HOSTILE)
def test_syntax_in_a_text_is_words_to_be_stored_and_found(memory, query):
    memory.store_engram(note(f"bitcoin a b x text {query}"), now=NOW)
    found = memory.search_memory(query, known_until=NOW)
    assert found == [] or found[0].engram.text.startswith("bitcoin a b x")
    assert memory.search_memory("bitcoin", known_until=NOW)[0].engram.text.startswith("bitcoin")


def test_a_query_of_a_megabyte_is_refused(memory):
    with pytest.raises(InputError, match="query: 1,048,576 characters"):
        memory.search_memory("x" * 2**20, known_until=NOW)


def test_a_market_and_a_kind_narrow_the_answer(memory):
    engrams = [
        note(f"rises {market} {kind}", market=market, kind=kind)
        for market in ("btc", "ihsg")
        for kind in ("note", "pick")
    ]
    memory.store_engrams(engrams, now=NOW)
    for query in ("rises", ""):
        found = memory.search_memory(query, market="ihsg", kind="pick", known_until=NOW)
        assert [one.engram.text for one in found] == ["rises ihsg pick"]


TIMES = st.integers(0, 30)
FACTS = st.lists(
    st.tuples(TIMES, st.booleans(), st.none() | TIMES, st.sampled_from(["note", "trade"])),
    min_size=1,
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(facts=FACTS, asked=TIMES, closed=st.booleans())
def test_nothing_is_returned_before_it_was_known_and_no_outcome_either(
    tmp_path_factory, facts, asked, closed
):
    until = NOW + asked * MINUTE
    store = Hippocampus(tmp_path_factory.mktemp("known") / "memory.sqlite")
    expected, open_then = {}, set()
    for number, (known, expects, after, kind) in enumerate(facts):
        text, known_at = f"btc t{number}", NOW + known * MINUTE
        store.store_engram(
            note(text, time=known_at, kind=kind, expects_outcome=expects, fact_id=text), now=NOW
        )
        ends = None if after is None or not expects else known_at + after * MINUTE
        if ends is not None:
            store.record_outcome(text, Outcome(0.1, "TARGET"), known_at=ends, now=NOW)
        if expects and (ends is None or ends > until):
            open_then.add(text)
        if known_at <= until:
            expected[text] = ends if ends is not None and ends <= until else None
    if closed:
        expected = {text: ends for text, ends in expected.items() if text not in open_then}
    for query in ("btc", ""):
        found = store.search_memory(query, 99, known_until=until, outcomes_closed=closed)
        told = {one.engram.text: one.outcome_known_at for one in found}
        assert told == expected
        assert all((one.engram.outcome is None) == (told[one.engram.text] is None) for one in found)
    trades = store.closed_trades("btc", since=NOW, known_until=until)
    assert all(one.outcome_known_at <= until for one in trades)
    wanted = {text for text, ends in expected.items() if ends is not None}
    kinds = {f"btc t{n}": kind for n, (*_, kind) in enumerate(facts)}
    assert {one.engram.text for one in trades} == {t for t in wanted if kinds[t] == "trade"}
    store.close()
