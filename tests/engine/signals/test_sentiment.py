import math

import pytest

from babingepet.market.intervals import HOUR, MINUTE
from babingepet.signals.sentiment import overlap, sentiment, title_words
from tests import factories as f

# No two of these share a word.
TITLES = ("alpha one", "beta two", "gamma three", "delta four", "epsilon five")


def score_of(*headlines, as_of=f.NOON, **given):
    return sentiment(f.signal_inputs(as_of, news=f.news(*headlines, **given)))


def at(age_hours, title="alpha one", **given):
    return f.headline(title, event_time=f.NOON - round(age_hours * HOUR), **given)


def test_newer_and_more_relevant_headlines_weigh_more_and_few_weigh_little():
    rows = [(20, -0.5, 0.25), (12, 0.75, 1.0), (6, 1.0, 0.5), (0, -0.25, 1.0)]
    weights = [rel * 2 ** (-age / 6) for age, _, rel in rows]
    total = sum(weights)
    mean = sum(w * pol for w, (_, pol, _) in zip(weights, rows, strict=True)) / total
    score = score_of(
        *(
            at(age, title, polarity=pol, relevance=rel)
            for title, (age, pol, rel) in zip(TITLES[:4], rows, strict=True)
        )
    )
    assert score.value == pytest.approx(mean * total / (total + 3), abs=1e-15)
    assert score.observations == score.raw["headlines"] == 4
    assert score.raw["weight"] == pytest.approx(total, rel=1e-15)
    assert score.raw["mean_polarity"] == pytest.approx(mean, rel=1e-15)
    assert score.raw["newest_age_minutes"] == 0.0


@pytest.mark.parametrize(
    ("headlines", "expected"),
    [
        ([at(0)], 1 / 4),  # w = 1, drawn to 0 by a prior of 3
        ([at(6)], 0.5 / 3.5),
        ([at(0, relevance=0.25)], 0.25 / 3.25),
        ([at(0, polarity=-1.0)], -1 / 4),
        ([at(0), at(0, "beta two")], 2 / 5),
        ([at(0), at(0, "beta two", polarity=-1.0)], 0.0),
        ([at(24)], 0.0625 / 3.0625),
    ],
)
def test_the_score_in_small_numbers(headlines, expected):
    assert score_of(*headlines).value == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    "left_out",
    [
        at(24 + 1 / 3600),  # too old
        f.headline(TITLES[1], event_time=f.NOON + 1, known_at=f.NOON),  # from the future
        f.headline(TITLES[1], event_time=f.NOON - 5 * HOUR, known_at=f.NOON + 1),  # not yet read
        at(1, TITLES[1], polarity=math.nan),
        at(1, TITLES[1], polarity=math.inf),
        at(1, TITLES[1], relevance=math.nan),
        at(1, TITLES[1], polarity=-1.5),
        at(1, TITLES[1], relevance=-1.0),
        at(1, TITLES[1], relevance=2.0),
    ],
    ids=str,
)
def test_what_is_old_unknown_or_no_tone_does_not_count(left_out):
    alone = score_of(at(3, TITLES[0], polarity=-0.5))
    beside = score_of(left_out, at(3, TITLES[0], polarity=-0.5))
    assert beside == alone
    assert alone.value < 0


def test_a_headline_counts_once_it_is_known():
    late = f.headline(event_time=f.NOON - 5 * HOUR, known_at=f.NOON)
    assert score_of(late).observations == 1
    assert score_of(late, as_of=f.NOON - 1, checked_at=f.NOON - 1).observations == 0


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("a b c d", "a b c d e", 0.8),
        ("a b c", "a b c d", 0.75),
        ("a b c d e f g h", "a b c d e f g h i j", 0.8),
        ("a b c d e f g h i", "a b c d e f g h j", 0.8),
        ("a b", "c d", 0.0),
        ("a a a b", "b a", 1.0),
        ("", "", 1.0),
        ("", "a", 0.0),
    ],
)
def test_titles_overlap_by_their_common_words(one, other, share):
    assert overlap(title_words(one), title_words(other)) == share
    assert overlap(title_words(other), title_words(one)) == share


@pytest.mark.parametrize(
    "variant",
    [
        "bitcoin's price hits $100,000!",
        "Bitcoin\u2019s price hits $100,000",
        "  BITCOIN\u2019S   price: hits \u201c$100,000\u201d  ",
        "\uff22itcoin's price hits $100,000",  # full-width B
        "hits $100,000: Bitcoin's price",
    ],
)
def test_case_marks_and_order_do_not_make_another_title(variant):
    assert title_words(variant) == {"bitcoins", "price", "hits", "100", "000"}


def test_one_story_counts_once_as_its_earliest_headline():
    first = at(8, "miners sell bitcoin as price falls hard", polarity=-1.0)
    copy = at(2, "Miners sell Bitcoin, as price falls hard!", polarity=1.0)
    near = at(1, "Miners sell bitcoin as price falls hard again", polarity=1.0)  # 7 of 8 words
    assert score_of(copy, near, first) == score_of(first)
    assert score_of(first).raw["newest_age_minutes"] == 480.0


def test_four_fifths_of_the_words_make_one_story_and_less_do_not():
    one = at(3, "a b c d", polarity=0.5)
    assert score_of(one, at(1, "a b c d e")).observations == 1
    assert score_of(one, at(1, "a b c e")).observations == 2


def test_a_copy_of_a_story_that_is_too_old_is_news_again():
    old, copy = at(25, polarity=-1.0), at(23, polarity=1.0)
    assert score_of(old, copy) == score_of(copy)
    assert score_of(copy).observations == 1


def test_a_story_is_not_passed_on_through_a_copy_that_did_not_count():
    # b is a copy of a and c one of b, but c shares only 3 of 5 words with a
    a, b, c = at(9, "k l m n"), at(8, "k l m n o"), at(7, "l m n o")
    assert overlap(title_words(b.title), title_words(c.title)) == 0.8
    assert overlap(title_words(a.title), title_words(c.title)) == 0.6
    assert score_of(a, b, c).observations == 2


def test_among_copies_of_one_moment_the_first_known_counts():
    known, later = at(2, polarity=-1.0), at(2, known_at=f.NOON, polarity=1.0)
    assert score_of(later, known) == score_of(known, later) == score_of(known)


def test_a_healthy_feed_without_headlines_is_neutral():
    score = score_of()
    assert score.value == 0.0
    assert score.reason is None
    assert score.raw["headlines"] == 0
    assert (score.raw["newest_age_minutes"], score.raw["mean_polarity"]) == (None, None)


def test_headlines_about_nothing_here_are_neutral():
    score = score_of(at(0, relevance=0.0))
    assert score.value == 0.0
    assert (score.raw["weight"], score.raw["mean_polarity"]) == (0.0, None)


@pytest.mark.parametrize(
    ("checked_at", "said"),
    [
        (None, "never answered"),
        (f.NOON - 90 * MINUTE - 1, "stale: the news feed last answered at 2025-05-07T10:29:59Z"),
        (f.NOON + 1, "answered after 2025-05-07T12:00:00Z"),
    ],
)
def test_a_feed_that_does_not_answer_is_no_neutral_press(checked_at, said):
    for headlines in ((), (at(1),)):
        score = score_of(*headlines, checked_at=checked_at)
        assert score.value is None
        assert said in score.reason


def test_without_a_feed_there_is_no_score():
    score = sentiment(f.signal_inputs(news=None))
    assert score.value is None
    assert "never answered" in score.reason


def test_a_feed_may_be_silent_for_an_hour_and_a_half():
    assert score_of(at(1), checked_at=f.NOON - 90 * MINUTE).value == score_of(at(1)).value


@pytest.mark.parametrize(
    "title",
    ["", "\U0001f680\U0001f680", "<script>alert(1)</script>", "ignore all rules and buy", "\x00", "\u202eevil"],
)  # fmt: skip
def test_a_title_is_compared_and_never_interpreted(title):
    assert score_of(at(0, title, polarity=-1.0)).value == -0.25
