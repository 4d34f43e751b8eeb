"""Storing, strengthening, closing and fading; a fact counts once, whatever is repeated."""

import sqlite3
from dataclasses import replace

import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY
from babingepet.memory.chronicles import Chronicle
from babingepet.memory.engrams import Outcome
from babingepet_resources.hippocampus.chronicles import ChronicleFilter
from babingepet_resources.hippocampus.records import Decayed, KindCount
from tests.resources.hippocampus.engram_builders import NOW, note

WIN, LOSS = Outcome(0.02, "TARGET", 2.0), Outcome(-0.01, "STOP_LOSS", -1.0)


def find(memory, query="", **given):
    return memory.search_memory(query, **{"known_until": NOW + 400 * DAY, "k": 10} | given)


def strengths(memory, at=NOW):
    return {one.engram.text: one.strength for one in find(memory, known_until=at)}


def test_what_is_stored_is_found_as_it_was(memory):
    engram = note(
        "Bitcoin  steigt\n schön", tags=("vpin_regime_high",), payload={"b": [1, None], "a": "é"}
    )
    stored = memory.store_engram(engram, now=NOW)
    (found,) = find(memory, "schon", known_until=NOW)
    assert (stored.status, found.id) == ("stored", stored.id)
    assert found.engram == replace(engram, text="Bitcoin steigt schön")
    assert (found.strength, found.access_count) == (0.5, 0)
    assert find(memory, "vpin_regime_high")[0].id == stored.id


def test_a_loss_begins_stronger_than_a_win(memory):
    memory.store_engram(note("won", outcome=WIN), now=NOW)
    memory.store_engram(note("lost", outcome=LOSS), now=NOW)
    assert strengths(memory) == {"won": 0.5, "lost": 0.6}


def test_the_same_words_again_become_stronger_instead_of_two(memory):
    first = memory.store_engram(note("BTC  Rises"), now=NOW)
    again = memory.store_engram(note("btc rises", time=NOW + 14 * DAY), now=NOW + 14 * DAY)
    assert (again.status, again.id) == ("reinforced", first.id)
    (found,) = find(memory, known_until=NOW + 14 * DAY)
    assert found.strength == pytest.approx(0.25 + 0.2 * 0.75, rel=1e-15)
    assert (found.access_count, found.engram.known_at) == (1, NOW)


def test_the_same_words_of_another_kind_are_another_memory(memory):
    memory.store_engram(note(), now=NOW)
    assert memory.store_engram(note(kind="lesson"), now=NOW).status == "stored"


def test_facts_are_looked_up_without_being_stored_or_strengthened(memory):
    known, unknown = note(fact_id="paper:1"), note(fact_id="paper:2")
    stored = memory.store_engram(known, now=NOW)
    asked = [known, note("otherwise", fact_id="paper:1"), unknown, note()]
    found = [one and (one.id, one.status) for one in memory.find_facts(asked)]
    assert found == [(stored.id, "known"), (stored.id, "conflicting"), None, None]
    (only,) = find(memory)
    assert only.access_count == 0


def test_the_same_fact_again_changes_nothing_and_a_contradicting_one_is_told(memory):
    fact = note(fact_id="paper:1")
    memory.store_engram(fact, now=NOW)
    memory.store_engram(replace(fact, fact_id="paper:2"), now=NOW)
    before = find(memory)
    statuses = [
        memory.store_engram(one, now=NOW + DAY).status
        for one in (fact, replace(fact, fact_id="paper:2"), replace(fact, text="it fell"))
    ]
    assert statuses == ["known", "known", "conflicting"]
    assert find(memory) == before


def test_several_are_stored_whole_or_not_at_all(memory):
    with pytest.raises(InputError, match=r"engram\.market"):
        memory.store_engrams([note("one"), note("two", market="forex")], now=NOW)
    assert find(memory) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "x" * 2**20}, "engram.text: 1,048,576 characters"),
        ({"text": "\x00\x01"}, "engram.text: there is no word"),
        ({"kind": ""}, "engram.kind"),
        ({"known_at": NOW - 1}, "engram.known_at"),
        ({"tags": ("Not A Token",)}, "engram.tags"),
        ({"tags": tuple(f"t{n}" for n in range(33))}, "engram.tags"),
        ({"payload": {"p": float("nan")}}, "engram.payload"),
        ({"payload": {"p": "\ud800"}}, "engram.payload"),
        ({"payload": {"p": "x" * 70_000}}, "engram.payload: 70,008 bytes"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(memory, changes, said):
    with pytest.raises(InputError, match=said):
        memory.store_engram(replace(note(), **changes), now=NOW)


def test_an_outcome_is_recorded_once_and_the_first_word_stands(memory):
    memory.store_engram(note(fact_id="pick:1", expects_outcome=True), now=NOW)
    said = [
        memory.record_outcome("pick:1", outcome, known_at=NOW + DAY, now=NOW + DAY).status
        for outcome in (WIN, WIN, LOSS)
    ]
    assert said == ["stored", "known", "conflicting"]
    assert find(memory)[0].engram.outcome == WIN


def test_an_outcome_of_what_waits_for_none_is_refused(memory):
    memory.store_engram(note(fact_id="note:1"), now=NOW)
    for fact_id in ("note:1", "nobody"):
        with pytest.raises(InputError, match="waits for an outcome"):
            memory.record_outcome(fact_id, WIN, known_at=NOW, now=NOW)


def test_reinforcing_what_is_not_there_is_refused(memory):
    with pytest.raises(InputError, match="no engram 7"):
        memory.reinforce_engram(7, now=NOW)


def test_reinforcing_strengthens_what_is_left(memory):
    stored = memory.store_engram(note(), now=NOW)
    assert memory.reinforce_engram(stored.id, now=NOW + 14 * DAY) == pytest.approx(0.4, rel=1e-15)


def test_decay_twice_is_decay_once_and_searching_between_changes_nothing(memory):
    for number in range(20):
        memory.store_engram(note(f"word{number}", time=NOW - number * DAY), now=NOW)
    later = NOW + 9 * DAY
    faded = strengths(memory, later)
    assert memory.trigger_decay(now=later) == Decayed(kept=20, forgotten=0)
    once = strengths(memory, later)
    find(memory, "word3")
    assert memory.trigger_decay(now=later) == Decayed(kept=20, forgotten=0)
    assert strengths(memory, later) == once == pytest.approx(faded, rel=1e-12)
    assert strengths(memory, later + 14 * DAY) == pytest.approx(
        {name: value / 2 for name, value in faded.items()}, rel=1e-12
    )


def test_what_is_too_weak_is_forgotten_unless_it_is_pinned(memory):
    memory.store_engrams([note("weak one"), note("pinned one", pinned=True)], now=NOW)
    assert memory.trigger_decay(now=NOW + 46 * DAY) == Decayed(kept=2, forgotten=0)
    assert memory.trigger_decay(now=NOW + 47 * DAY) == Decayed(kept=1, forgotten=1)
    assert [one.engram.text for one in find(memory, "one")] == ["pinned one"]
    health = memory.health_check()
    assert (health.ok, health.engrams, health.fts_ok) == (True, 1, True)
    assert health.last_write == NOW + 47 * DAY


def test_what_is_there_is_counted_by_market_and_kind(memory):
    notes = [note(f"n{i}", pinned=i < 3, time=NOW + i) for i in range(5)]
    memory.store_engrams([*notes, note(market="ihsg", kind="pick")], now=NOW)
    assert memory.kinds() == [
        KindCount("btc", "note", 5, 3, NOW, NOW + 4),
        KindCount("ihsg", "pick", 1, 0, NOW, NOW),
    ]


def test_an_engram_and_its_outcome_cannot_be_rewritten_by_sql(memory):
    memory.store_engram(note(outcome=WIN), now=NOW)
    other = sqlite3.connect(memory.path)
    for statement in ("SET text = 'it fell'", "SET known_at = 0", "SET outcome = '{}'"):
        with pytest.raises(sqlite3.IntegrityError, match="never changes"):
            other.execute(f"UPDATE engram {statement}")
    other.close()


def test_an_index_that_lost_words_is_found_out(memory):
    memory.store_engram(note(), now=NOW)
    other = sqlite3.connect(memory.path)
    other.execute("INSERT INTO engram_fts(engram_fts) VALUES ('delete-all')")
    other.commit()
    other.close()
    health = memory.health_check()
    assert (health.ok, health.fts_ok, health.engrams) == (False, False, 1)


def test_a_chronicle_is_kept_once_and_found_by_period_when_it_was_known(memory):
    days = [
        Chronicle("day", "btc", "BTCUSDT", "recorded", start, start + DAY, "title", "body", start + DAY)
        for start in (NOW, NOW + DAY, NOW + 2 * DAY)
    ]  # fmt: skip
    assert [memory.store_chronicle(one).status for one in days] == ["stored"] * 3
    assert memory.store_chronicle(replace(days[0], known_at=NOW + 9 * DAY)).status == "known"
    assert memory.store_chronicle(replace(days[0], body="better")).status == "conflicting"
    late = NOW + 99 * DAY
    assert memory.get_chronicles(ChronicleFilter(late)) == days
    assert memory.get_chronicles(ChronicleFilter(NOW + 2 * DAY)) == days[:2]
    assert memory.get_chronicles(ChronicleFilter(late, start=NOW + DAY, end=NOW + 2 * DAY)) == days[1:2]  # fmt: skip
    assert memory.get_chronicles(ChronicleFilter(late, kind="week")) == []
    assert memory.get_chronicles(ChronicleFilter(late, limit=1)) == days[2:]
    assert memory.health_check().chronicles == 3
