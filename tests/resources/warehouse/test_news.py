from dataclasses import replace

import pytest
from sqlalchemy import select

from babingepet.errors import InputError
from babingepet.market.context import Headline
from babingepet.market.intervals import MINUTE
from babingepet_resources.warehouse import news
from babingepet_resources.warehouse.records import InsertOutcome
from babingepet_resources.warehouse.tables import news as table
from tests.resources.warehouse.builders import START
from tests.resources.warehouse.context_builders import MARKET, headline

DAY = (START, START + 1440 * MINUTE)
ALWAYS = START * 2


def read(connection, *, known_until=ALWAYS, market=MARKET, span=DAY):
    return news.read(connection, market, *span, known_until=known_until)


def titles(connection, **given):
    return [one.title for one in read(connection, **given)]


def test_an_empty_table_gives_no_headlines(database):
    with database.writing() as connection:
        assert news.insert(connection, []) == InsertOutcome()
        assert read(connection) == ()


def test_a_headline_comes_back_as_the_engine_reads_it(database):
    one = headline(minute=3, polarity=-0.25, relevance=0.5)
    with database.writing() as connection:
        assert news.insert(connection, [one]) == InsertOutcome(written=1)
        assert read(connection) == (
            Headline(one.event_time, one.known_at, "Bitcoin climbs", -0.25, 0.5),
        )
        stored = connection.execute(select(table)).one()
    assert (stored.id, stored.outlet, stored.url) == (one.id, one.outlet, one.url)
    assert (stored.source, stored.method) == ("google_news", "lexicon")


def test_headlines_come_in_the_order_of_their_publication(database):
    batch = [headline("c", minute=2), headline("a", minute=0), headline("b", minute=1)]
    with database.writing() as connection:
        news.insert(connection, batch)
        assert titles(connection) == ["a", "b", "c"]


def test_the_order_of_publication_holds_when_an_older_headline_became_known_later(database):
    with database.writing() as connection:
        news.insert(connection, [headline("old", minute=0, late=60), headline("new", minute=5)])
        assert titles(connection) == ["old", "new"]


def test_headlines_of_one_moment_come_in_one_order_however_they_were_filed(database):
    batch = [headline(f"{number}") for number in range(9)]
    with database.writing() as connection:
        for one in batch:
            news.insert(connection, [one])
        expected = [one.title for one in sorted(batch, key=lambda one: one.id)]
        assert titles(connection) == expected != [one.title for one in batch]


def test_of_one_minute_the_headline_known_first_comes_first(database):
    with database.writing() as connection:
        news.insert(connection, [headline("late", late=9), headline("soon", late=1)])
        assert titles(connection) == ["soon", "late"]


def test_the_range_includes_its_start_and_excludes_its_end(database):
    with database.writing() as connection:
        news.insert(connection, [headline(f"{minute}", minute=minute) for minute in range(5)])
        assert titles(connection, span=(START + MINUTE, START + 3 * MINUTE)) == ["1", "2"]


def test_a_headline_known_later_is_not_seen(database):
    one = headline(late=30)
    with database.writing() as connection:
        news.insert(connection, [one])
        assert read(connection, known_until=one.known_at - 1) == ()
        assert len(read(connection, known_until=one.known_at)) == 1


@pytest.mark.parametrize("missing", ["polarity", "relevance"])
def test_a_headline_nobody_has_read_for_its_tone_is_stored_but_not_given_out(database, missing):
    with database.writing() as connection:
        outcome = news.insert(connection, [headline(**{missing: None})])
        assert outcome == InsertOutcome(written=1)
        assert read(connection) == ()


def test_a_headline_fetched_again_is_already_there_and_keeps_its_first_known_at(database):
    one = headline()
    again = replace(one, known_at=one.known_at + MINUTE, outlet="Herald", url="https://x.org/2")
    with database.writing() as connection:
        news.insert(connection, [one])
        assert news.insert(connection, [again, headline("b")]) == InsertOutcome(1, 1)
        assert read(connection)[0].known_at == one.known_at


@pytest.mark.parametrize(
    "change",
    [
        {"polarity": -0.5},
        {"polarity": None, "method": None},
        {"relevance": 0.25},
        {"method": "gpt-4o-mini"},
    ],
)
def test_a_headline_read_for_another_tone_conflicts_and_the_first_reading_stays(database, change):
    with database.writing() as connection:
        news.insert(connection, [headline()])
        outcome = news.insert(connection, [headline(**change), headline()])
        assert outcome == InsertOutcome(already_there=1, conflicts=1)
        assert read(connection)[0].polarity == 0.5


@pytest.mark.parametrize(
    ("title", "same"),
    [
        ("BITCOIN  climbs\n", True),
        ("Bitcoin\u00a0climbs", True),
        ("\uff22itcoin climbs", True),  # a letter of full width, as in Japanese feeds
        ("Bitcoin climbs!", False),
        ("Bitcoinclimbs", False),
    ],
)
def test_case_width_and_spaces_do_not_make_another_headline(title, same):
    assert (headline(title).id == headline().id) is same


@pytest.mark.parametrize(
    "change", [{"market": "ETH"}, {"source": "rss"}, {"event_time": START + 1}]
)
def test_market_source_and_time_make_another_headline(database, change):
    with database.writing() as connection:
        assert news.insert(connection, [headline(), headline(**change)]).written == 2


def test_a_headline_of_another_market_is_not_read(database):
    with database.writing() as connection:
        news.insert(connection, [headline(market="ETH")])
        assert read(connection) == ()
        assert len(read(connection, market="ETH")) == 1


HOSTILE = {
    "'); DROP TABLE news; --": "'); DROP TABLE news; --",
    "100%s %(x)s :name ? $1 {} \\N \\": "100%s %(x)s :name ? $1 {} \\N \\",
    "<img src=x onerror=alert(1)>": "<img src=x onerror=alert(1)>",
    "nul\x00 in the middle": "nul in the middle",
    "\x1b[31mred\x07\r\nsecond\tline\u2028third": "[31mred second line third",
    "half a pair \ud83d of surrogates": "half a pair of surrogates",
    "\u202egnp.exe\u2069": "gnp.exe",
    "to the moon 🚀👩\u200d💻 naïve ümlaut 比特幣 بيتكوين": "to the moon 🚀👩\u200d💻 naïve ümlaut 比特幣 بيتكوين",
    "x" * 10_240: "x" * 500,
    "a " * 5_000: ("a " * 250).rstrip(),
}


@pytest.mark.parametrize(("title", "stored"), HOSTILE.items(), ids=range(len(HOSTILE)))
def test_a_hostile_title_is_stored_as_one_plain_line(database, title, stored):
    with database.writing() as connection:
        assert news.insert(connection, [headline(title)]) == InsertOutcome(written=1)
        assert news.insert(connection, [headline(title)]) == InsertOutcome(already_there=1)
        assert news.insert(connection, [headline(stored)]) == InsertOutcome(already_there=1)
        assert titles(connection) == [stored]


def test_hostile_titles_survive_a_bulk_of_thousands(database):
    batch = [headline(f"{title[:60]} {n}") for n in range(600) for title in HOSTILE]
    with database.writing() as connection:
        assert news.insert(connection, batch) == InsertOutcome(written=6_000)
        assert news.insert(connection, batch) == InsertOutcome(already_there=6_000)
        found = set(titles(connection))
    assert {"'); DROP TABLE news; -- 599", "nul in the middle 0"} < found
    assert "100%s %(x)s :name ? $1 {} \\N \\ 7" in found


def test_the_outlet_is_cleaned_too(database):
    with database.writing() as connection:
        news.insert(connection, [headline(outlet="The\x00 Herald\n")])
        assert connection.execute(select(table.c.outlet)).scalar_one() == "The Herald"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "https://",
        "https://a b",
        "https://a\x00",
        "https://a\n",
        "https://a.org/" + "x" * 2_000,
        "",
    ],
)
def test_an_address_that_is_not_plain_http_is_left_out(database, address):
    with database.writing() as connection:
        news.insert(connection, [headline(url=address)])
        assert connection.execute(select(table.c.url)).scalar_one() is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"polarity": float("nan")}, "polarity is nan"),
        ({"polarity": float("inf")}, "polarity is inf"),
        ({"polarity": 1.01}, "polarity is 1.01; it must lie between -1 and 1"),
        ({"relevance": float("nan")}, "relevance is nan"),
        ({"relevance": -0.1}, "relevance is -0.1; it must lie between 0 and 1"),
        ({"method": None}, "method is missing"),
        ({"method": ""}, "method is ''"),
        ({"title": ""}, "title is empty"),
        ({"title": " \x00\u2028\t"}, "title is empty"),
        ({"market": "B\x00TC"}, "market is"),
        ({"source": "x" * 201}, "source is"),
        ({"event_time": float("nan")}, "event_time is nan"),
        ({"event_time": START * 1_000}, "event_time is"),
        ({"event_time": -1}, "event_time is -1"),
        ({"known_at": 1.5}, "known_at is 1.5"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_field_and_nothing_is_written(
    database, changes, said
):
    with database.writing() as connection:
        with pytest.raises(InputError, match=f"news: {said}"):
            news.insert(connection, [headline("fine"), headline(**changes)])
        assert read(connection) == ()


def test_one_odd_headline_can_be_set_aside_and_the_rest_filed():
    odd, fine = headline("\x00"), headline(" Bitcoin\x00climbs ")
    with pytest.raises(InputError, match="title"):
        news.vetted(odd)
    assert news.vetted(fine) == headline("Bitcoin climbs") == news.vetted(news.vetted(fine))
    assert news.vetted(fine).id == fine.id
