"""Headlines of files: stored with a tone, known when they are imported, never seen by a past before it."""

import gzip
import json
from contextlib import closing
from datetime import datetime

import pytest
from sqlalchemy import select

from babingepet.errors import InputError
from babingepet.market.intervals import HOUR, MINUTE, to_ms
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import news
from babingepet_resources.warehouse.tables import news as table
from babingepet_services.imports.files import ImportRequest, import_files
from babingepet_services.market.source import open_warehouse
from tests.fakes import FakeClock

NOW = 1_790_359_200_000
"""2026-09-25 18:00 UTC."""
PUBLISHED = NOW - HOUR


@pytest.fixture
def settings(tmp_path, warehouse_url):
    return load_settings(data_dir=tmp_path / "data", database_url=warehouse_url)


@pytest.fixture
def run(tmp_path, settings):
    """Import a file of lines; the clock stands at NOW."""

    def imported(*rows, **options):
        path = tmp_path / "headlines.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        request = ImportRequest(kind="headlines", files=(path,), settings=settings, **options)
        return import_files(request, FakeClock(NOW), lambda *_: None)

    return imported


@pytest.fixture
def stored(settings):
    """Read from the warehouse; every headline without a query."""

    def read(query=None):
        every = select(table).order_by(table.c.title)
        with (
            closing(open_warehouse(settings, "recorded")) as opened,
            opened.reading() as connection,
        ):
            return query(connection) if query else connection.execute(every).all()

    return read


def row(title="Bitcoin plunges", **changes):
    return {"title": title, "published": PUBLISHED, "outlet": "The Herald"} | changes


def test_a_title_without_a_tone_is_read_and_a_tone_that_is_given_stays(run, stored):
    run(
        row("a plunges"),
        row("b plunges", polarity=0.9, relevance=0.75, method="model"),
        row("c plunges bitcoin", polarity=0.9, method="model"),
        row("d plunges", relevance=0.75),
        row("e plunges", method="model"),
    )
    fell, told = pytest.approx(-0.612372, abs=1e-6), 0.9
    tones = [(one.polarity, one.relevance, one.method) for one in stored()]
    assert tones == [
        (fell, 0.25, "lexicon"),
        (told, 0.75, "model"),
        (told, 1.0, "model"),
        (fell, 0.75, "lexicon"),
        (fell, 0.25, "lexicon"),
    ]


def test_undated_rows_are_refused_by_number_and_stored_nowhere(run, stored):
    report = run(row(), row("undated", published=None), row("also", published=""))
    (file,) = report.files
    assert [(one.row, one.column, one.reason) for one in file.rejects] == [
        (2, "published", "is empty"),
        (3, "published", "is empty"),
    ]
    assert [one.title for one in stored()] == ["Bitcoin plunges"]


def test_a_decision_before_the_import_never_sees_its_headlines(run, stored):
    run(row())
    seen = {
        at: stored(lambda c, at=at: len(news.read(c, "BTC", 0, NOW, known_until=at)))
        for at in (PUBLISHED, NOW, NOW + MINUTE)
    }
    assert seen == {PUBLISHED: 0, NOW: 0, NOW + MINUTE: 1}


def test_the_same_file_again_changes_nothing(run, stored):
    run(row(), row())
    before = stored()
    again = run(row(), row())
    assert (again.outcome.written, again.outcome.already_there, again.outcome.conflicts) == (
        0,
        2,
        0,
    )
    assert stored() == before


def test_headlines_are_filed_under_the_market_that_is_named(run, stored):
    assert run(row()).files[0].symbol == "BTC"
    assert run(row("IHSG naik"), symbol="IHSG").files[0].symbol == "IHSG"
    assert {one.title: (one.market, one.relevance) for one in stored()} == {
        "Bitcoin plunges": ("BTC", 1.0),
        "IHSG naik": ("IHSG", 1.0),
    }


def test_a_market_that_nobody_has_words_for_is_named(run):
    report = run(row(), symbol="GOLD")
    assert "there is no section [GOLD]" in report.unusable[0].reason


def test_the_recorded_press_imports_whole(run, stored, recorded_data):
    with gzip.open(recorded_data / "idx/fixtures/news_headlines_id_2026-08.json.gz") as file:
        items = json.load(file)["item"]
    rows = [{key: one[key] for key in ("judul", "waktu", "sumber", "tautan")} for one in items]
    report = run(*rows, symbol="IHSG")
    assert report.files[0].rows_rejected == 0
    titles = {one.title: one for one in stored()}
    assert report.outcome.written == len({(one["judul"], one["waktu"]) for one in items})
    first = items[0]
    expected = to_ms(datetime.fromisoformat(first["waktu"]))
    assert titles[first["judul"]].event_time == expected
    assert all(one.polarity is not None for one in titles.values())


def test_a_file_without_a_usable_row_is_refused_whole(run):
    report = run({"title": "undated", "published": None})
    assert "none of 1 rows can be used; row 1, column 'published'" in report.unusable[0].reason
    with pytest.raises(InputError, match="--interval belongs to candles"):
        run(row(), interval="1m")
