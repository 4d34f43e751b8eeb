"""How listed words add up to a tone."""

import math

import pytest

from babingepet.market.tone import Lexicon, LexiconReader, Mark, tone_of

WORDS = Lexicon(
    marks={
        ("rises",): Mark("tone", 2.0),
        ("naik",): Mark("tone", 2.0),
        ("falls",): Mark("tone", -2.0),
        ("inflation", "falls"): Mark("tone", 1.0),
        ("safe", "haven"): Mark("tone", 0.0),
        ("haven",): Mark("tone", 3.0),
        ("sharply",): Mark("strength", 1.5),
        ("tipis",): Mark("strength", 0.5),
        ("not",): Mark("negation", math.nan),
        ("doesnt",): Mark("negation", math.nan),
        ("no", "longer"): Mark("negation", math.nan),
        ("tidak",): Mark("negation", math.nan),
    },
    subjects={("bitcoin",): 1.0, ("crypto",): 0.5, ("bank",): 0.3},
)


def polarity(weight):
    """Hutto and Gilbert's normalisation, by hand."""
    return weight / math.sqrt(weight**2 + 15)


@pytest.mark.parametrize(
    ("title", "weight"),
    [
        ("Bitcoin", 0.0),
        ("", 0.0),
        ("Bitcoin RISES", 2.0),
        ("Bitcoin rises and rises", 4.0),
        ("Bitcoin rises, gold falls", 0.0),
        ("Inflation falls", 1.0),
        ("Gold, the safe haven", 0.0),
        ("A haven", 3.0),
        ("Bitcoin sharply rises", 3.0),
        ("Bitcoin falls sharply", -3.0),
        ("IHSG naik tipis", 1.0),
        ("IHSG tidak naik", -1.48),
        ("Bitcoin does not ever really fall but falls", -2.0),
        ("Bitcoin doesn\u2019t soon rises", -1.48),
        ("Bitcoin no longer falls", 1.48),
        ("Bitcoin falls sharply, not gold", -3.0),
        ("Not gold: bitcoin rises", 2.0),
        ("Not now bitcoin rises", -1.48),
        ("Not now that bitcoin rises", 2.0),
        ("Bit\u200bcoin r\u00adises", 2.0),
        ("Bitcoin \uff32\uff29\uff33\uff25\uff33", 2.0),
        ("Record-haven", 3.0),
        ("Bitcoin enterprises", 0.0),
        ("Inflation 2.5 falls", -2.0),
    ],
)
def test_a_title_reads_as_its_words_do(title, weight):
    assert tone_of(title, WORDS).polarity == pytest.approx(polarity(weight), abs=1e-12)


@pytest.mark.parametrize(
    ("title", "relevance"),
    [
        ("Crypto and bitcoin", 1.0),
        ("A crypto bank", 0.5),
        ("A bank", 0.3),
        ("Rain", 0.25),
        ("Bitcoins", 0.25),
    ],
)
def test_relevance_is_that_of_the_nearest_subject(title, relevance):
    assert tone_of(title, WORDS).relevance == relevance


def test_a_polarity_stays_within_one_however_many_words():
    assert 0.99 < tone_of("rises " * 100, WORDS).polarity < 1.0


def test_a_reader_reads_titles_in_their_order_and_says_who_it_is():
    reader = LexiconReader(WORDS)
    assert reader.method == "lexicon"
    assert [tone.polarity for tone in reader(["falls", "rises"])] == [polarity(-2), polarity(2)]


def test_a_lexicon_without_words_knows_nothing():
    assert tone_of("Bitcoin rises", Lexicon({}, {})) == (0.0, 0.25)
