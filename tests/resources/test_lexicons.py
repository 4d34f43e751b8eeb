"""The lists of words: what a line must be, and how well headlines of the real press are read by them.

The labels are ours, of 100 headlines drawn at random from the recorded Indonesian press (60 and 40, by
`random.Random` of 7 and 8), each given before the lexicon had read the headline: good, bad or neither
for prices. At its first readings 52 and 33 agreed, 3 and 0 had the other sign; after the first sample
three lines were added to the lists. Always saying "neither" agrees with 43. Titles are named by the
beginning of their SHA-256. Of English headlines about markets hardly any are recorded.
"""

import gzip
import hashlib
import json

import pytest

from babingepet.errors import InputError
from babingepet.market.tone import tone_of
from babingepet_resources.lexicons.loading import lines_of, load_lexicon, parse_lexicon

NEUTRAL = 0.1
"""Polarity up to which a title counts as neither."""

GOOD = """
89b6a4d0e978 da600b82de16 6d815cd27911 7bd550aad055 46de9946de37 56d1d7f5d4e5 c1e4e4151e32
5d72bd5a5da3 274babe4ae0c 06e72089b1a6 fbb0632ba7e1 5b729d6da523 89ed75848b70 01d3d900fab0
6b3ebf51e61d b7045104efc7 4d3b0822f7e3 a031215fcbd8 773bf9e523ed a384dd79af42 034031cf73b4
9f16ef7b1a08 44efdcfcfab2 55987ce75ada 82a0027b332a f501aa089562 261d65a16dc4 c1fd145db9bf
6ea7e23e0070 710da429b95b eb2e414fb46c d2ba1e72c2a2 a4e908c1e0ee f70206a5c8ac d0911c8a7a5e
d38cc3409be1 1be8b65ab8f6
"""

BAD = """
899a74489aa1 4c7960915678 247fb6c462ff 25595cab9a20 2b5991f59935 6a7ea9ffb3a8 543ca7aa143f
db24049ed72d a5a085c25da5 00bd4b673499 f173282e40e6 1b04a36c2d42 0448c335beae 236164b475de
990ebeedf5f4 3fec12affe72 c70284056502 20ec260ff981 f4e607f1a5d7 a3a87a45435b
"""

NEITHER = """
b75217f4d71e 939bb5bc0e5e 41b3b5c8a022 9213c2bc9a56 437b8735dd22 98a3d9ec39f6 f32eadbc63ed
069fd2ebbacb 3278974a79b6 91ee62c42212 32ea830b95b7 a23ea8255056 6b4fa881f33d c634f4d2e91f
a9c993737daa eb45a38bc465 e4a736959dfb 841dfb6eec03 4a24b2d1d8a9 d4ba5b192220 2b20dcae634c
17cb313ad164 586dde567152 fd5bb742f637 3e87005333f5 cae332cb212e 52cb41543b7c dbddcfd8f5e2
c6fe868bbaf4 0bb879f69772 38e5157597b9 3344dc309e93 1dd1f36021df 8b84da6d2565 f8caedb07314
01fc7f321803 f1c0a9139c24 a7c272749500 8fdcc8319a86 275f9adab776 0b5682a0730f a05e4ff92bef
96f00dae8faa
"""


SUBJECTS = {"subjects.txt": "[BTC]\nbitcoin, 1\n"}


def sign(polarity):
    return 0 if abs(polarity) < NEUTRAL else 1 if polarity > 0 else -1


@pytest.fixture(scope="module")
def labelled(recorded_data):
    """Title and label of each headline that was labelled."""
    labels = dict.fromkeys(GOOD.split(), 1)
    labels |= dict.fromkeys(BAD.split(), -1) | dict.fromkeys(NEITHER.split(), 0)
    with gzip.open(recorded_data / "idx/fixtures/news_headlines_id_2026-08.json.gz") as file:
        titles = {one["judul"] for one in json.load(file)["item"]}
    named = {hashlib.sha256(title.encode()).hexdigest()[:12]: title for title in titles}
    return [(named[name], label) for name, label in labels.items()]


def test_four_of_five_real_headlines_are_read_as_a_person_reads_them(labelled):
    lexicon = load_lexicon("IHSG")
    read = [(sign(tone_of(title, lexicon).polarity), label) for title, label in labelled]
    assert len(read) == 100
    assert sum(one == label for one, label in read) >= 80
    assert sum(one * label < 0 for one, label in read) <= 3


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Bitcoin surges past $120,000 as spot ETF inflows hit record", 1),
        ("Bitcoin plunges below $90,000 as ETF outflows accelerate", -1),
        ("Bitcoin slips ahead of Fed minutes", -1),
        ("Bitcoin does not crash", 1),
        ("Bitcoin fails to reclaim $100,000", -1),
        ("Exchange hacked, $200 million stolen", -1),
        ("SEC approves spot bitcoin ETF", 1),
        ("Inflation cools more than expected", 1),
        ("Crypto Fear and Greed Index explained", 0),
        ("What is a blockchain?", 0),
        ("Bitcoin holds gains despite ETF outflows", 1),
        ("Harga bitcoin tidak naik", -1),
        ("Harga bitcoin anjlok tajam", -1),
        ("Bitcoin melonjak ke rekor tertinggi", 1),
        ("Inflasi turun", 1),
        ("Suku bunga turun", 1),
    ],
)
def test_plain_headlines_of_both_languages_read_as_they_say(title, expected):
    assert sign(tone_of(title, load_lexicon("BTC")).polarity) == expected


def test_a_word_of_strength_shows():
    lexicon = load_lexicon("BTC")
    tones = [
        tone_of(f"Rupiah melemah{more}", lexicon).polarity for more in ("", " tajam", " tipis")
    ]
    assert tones[1] < tones[0] < tones[2] < 0


@pytest.mark.parametrize(
    ("market", "title", "relevance"),
    [
        ("BTC", "Bitcoin naik", 1.0),
        ("BTC", "Harga kripto naik", 0.5),
        ("BTC", "The Fed meets", 0.25),
        ("IHSG", "IHSG naik", 1.0),
        ("IHSG", "Asing borong saham bank", 0.5),
        ("IHSG", "Bitcoin naik", 0.25),
    ],
)
def test_relevance_is_that_of_the_market(market, title, relevance):
    assert tone_of(title, load_lexicon(market)).relevance == relevance


def test_a_line_is_words_of_one_weight_and_a_remark_is_not_read():
    text = "# people\n[tone]\nsurge / Surges up, 2.5  # strong\n\n[negation]\nno longer / isn't\n"
    lexicon = parse_lexicon({"english.txt": text}, SUBJECTS, "BTC")
    kinds = {" ".join(phrase): mark.kind for phrase, mark in lexicon.marks.items()}
    assert kinds == {
        "surge": "tone", "surges up": "tone", "no longer": "negation", "isnt": "negation",
    }  # fmt: skip
    assert lexicon.marks["surges", "up"].value == 2.5
    assert lexicon.longest == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("surge, 2", "line 1: stands before the first section"),
        ("[tone]\nsurge, two", "line 2: 'two' is not a number"),
        ("[tone]\nsurge", "line 2: no number after 'surge'"),
        ("[tone]\nsurge, 5", "line 2: 5 after 'surge'; it must lie between -4 and 4"),
        ("[tone]\nsurge, nan", "line 2: nan after 'surge'"),
        ("[tone]\nsurge / , 2", "line 2: .* has no word"),
        ("[strength]\nvery, 0", "line 2: 0 after 'very'; it must lie between 0.1 and 3"),
        ("[negation]\nnot, 1", "line 2: a negation has no number"),
        ("[tones]\nsurge, 2", r"line 2: section \[tones\] is none of"),
        ("[tone]\nsurge, 2\nSurge, 3", "line 3: 'surge' is listed before with another meaning"),
    ],
)
def test_a_wrong_line_is_named(text, reason):
    with pytest.raises(InputError, match=f"^english.txt, {reason}"):
        parse_lexicon({"english.txt": text}, SUBJECTS, "BTC")


def test_a_market_without_subjects_is_named():
    with pytest.raises(InputError, match=r"subjects.txt: there is no section \[GOLD\]"):
        load_lexicon("GOLD")


def test_lines_come_with_their_place():
    (line,) = lines_of("a.txt", "[tone]\n\nto the moon, 3")
    assert line == ("a.txt, line 3", "tone", ("to", "the", "moon"), 3.0)
