"""Files of headlines: CSV, JSON and Parquet, row by row; text is hostile and dates are needed."""

import gzip
import json

import pandas as pd
import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, iso
from babingepet_resources.market_files.etf_flows import read_etf_flows
from babingepet_resources.market_files.headlines import read_headlines
from babingepet_resources.market_files.titles import plain_text, plain_title

T = 1_790_344_800_000
"""2026-09-25 14:00 UTC."""
ISO = "2026-09-25T14:00:00Z"


def lines(*rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


def read(content, **given):
    rows = read_headlines(content, "h", **given)
    return [rows.items[number] for number in rows.frame.item.tolist()], rows


def told(rows):
    return [(one.row, one.column, one.reason) for one in rows.rejects]


FULL = {
    "title": "Bitcoin climbs - The Herald", "published": ISO, "outlet": "The Herald",
    "url": "https://example.org/a", "polarity": 0.5, "relevance": 1, "method": "gemini",
}  # fmt: skip


def test_every_form_reads_the_same(tmp_path):
    table = pd.DataFrame([FULL])
    table.to_parquet(tmp_path / "a.parquet")
    forms = [
        table.to_csv(index=False).encode(),
        gzip.compress(table.to_csv(index=False).encode()),
        tmp_path / "a.parquet",
        lines(FULL),
        lines(FULL) + b"\n",
        json.dumps([FULL]).encode(),
        json.dumps({"data": [FULL]}).encode(),
    ]
    for form in forms:
        items, rows = read(form)
        assert items == [
            ("Bitcoin climbs", "The Herald", "https://example.org/a", T, 0.5, 1.0, "gemini")
        ]
        assert told(rows) == []


def test_what_a_file_does_not_tell_is_none():
    ((_, outlet, url, _, *tone),), _ = read(lines({"judul": "Bitcoin naik", "waktu": T}))
    assert (outlet, url, tone) == ("", None, [None, None, None])


def test_headlines_come_in_the_order_of_their_publication():
    days = [{"title": str(n), "published": T + n * DAY} for n in (2, 0, 1)]
    items, rows = read(lines(*days))
    assert [one.title for one in items] == ["0", "1", "2"]
    assert rows.frame.published.tolist() == [T, T + DAY, T + 2 * DAY]


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"published": None}, "published", "is empty"),
        ({"published": ""}, "published", "is empty"),
        ({"published": "yesterday"}, "published", "'yesterday' is not a time"),
        ({"published": T // 1000}, "published", f"'{T // 1000}' is not a time"),
        ({"published": T + DAY}, "published", f"{T + DAY} lies in the future"),
        ({"title": ""}, "title", "is empty"),
        ({"title": "<b> </b>"}, "title", "holds no text"),
        ({"polarity": 1.5}, "polarity", "1.5 is not between -1 and 1"),
        ({"polarity": float("inf")}, "polarity", "inf is not a finite number"),
        ({"polarity": "good"}, "polarity", "'good' is not a number"),
        ({"relevance": -0.5}, "relevance", "-0.5 is not between 0 and 1"),
        ({"method": None}, "method", "is empty; it must say who gave the polarity"),
        ({"method": "m" * 201}, "method", "is longer than 200 characters"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_true_is_refused_with_its_number(change, column, reason):
    items, rows = read(lines(FULL, FULL | change), until=T)
    assert len(items) == 1
    ((number, where, why),) = told(rows)
    assert (number, where) == (2, column)
    assert why.startswith(reason)


def test_a_line_that_is_no_json_object_costs_itself_only():
    content = lines(FULL) + b"\n{cut\n[1]\n" + lines(FULL | {"title": "last"})
    items, rows = read(content)
    assert [one.title for one in items] == ["Bitcoin climbs", "last"]
    assert told(rows) == [
        (2, "", "the row is no JSON object"),
        (3, "", "the row is no JSON object"),
    ]
    assert rows.rows_read == 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{cut", "is not JSON that can be read"),
        (b"[" * 100_000, "is not JSON that can be read"),
        (b"[]", "holds no list of rows"),
        (b'{"data": 5}', "holds no list of rows"),
        (b'[{"polarity": 1}]', "is neither Parquet nor CSV of headlines"),
        (b'[{"title": "a"}]', "column 'published' is missing"),
        (b'{"title": "a", "Title": "b", "published": 1}', "has two columns 'title'"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(content, reason):
    with pytest.raises(InputError, match=f"^h: {reason}"):
        read(content)


def test_only_rows_of_the_market_are_taken_where_rows_name_one():
    rows = [FULL | {"symbol": "BTC"}, FULL | {"symbol": "IHSG", "title": "IHSG naik"}]
    items, _ = read(lines(*rows), symbol="IHSG")
    assert [one.title for one in items] == ["IHSG naik"]


def test_half_a_character_costs_itself_only():
    items, _ = read(b'{"title": "Bit\\ud800coin", "published": "%s"}' % ISO.encode())
    assert [one.title for one in items] == ["Bit?coin"]


def test_daily_flows_come_as_json_too():
    rows = read_etf_flows(
        b'[{"date": "2024-01-11", "flow_usd": 655.3e6}, {"date": "2024-01-12", "flow_usd": -1}]',
        "f",
    )
    assert [iso(day)[:10] for day in rows.frame.day.tolist()] == ["2024-01-11", "2024-01-12"]
    assert rows.frame.flow_usd.tolist() == [655.3e6, -1.0]
    with pytest.raises(InputError, match="column 'flow_usd' is missing"):
        read_etf_flows(b'[{"date": "2024-01-11", "total": 655.3}]', "f")


@pytest.mark.parametrize(
    ("raw", "outlet", "plain"),
    [
        ("Rupiah melemah - Kompas.com - Kompas.com", "Kompas.com", "Rupiah melemah"),
        ("Rupiah melemah - kompas.com", "Kompas.com", "Rupiah melemah"),
        ("Rupiah - dolar", "Kompas.com", "Rupiah - dolar"),
        ("A - B", "", "A - B"),
        ("Stra\u00dfe - Stra\u00dfe", "Stra\u00dfe", "Stra\u00dfe"),
        (" - The Herald", "The Herald", ""),
    ],
)
def test_the_outlet_goes_from_the_end_of_a_title(raw, outlet, plain):
    assert plain_title(raw, outlet) == plain


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("a\x00b\x1b[2Jc\x9bd", "a b [2Jc d"),
        ("a\u202eb\u2066c\ufeffd\u00ade", "abcde"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("a<script>b</script>c", "a c"),
        ("a<SCRIPT src=x>b", "a"),
        ("a&amp;lt;b&amp;gt;c", "a c"),
        ("a <img src=x onerror=y", "a"),
        ("&lt;i&gt;a&lt;/i&gt; &amp; b", "a & b"),
        ("a\u2028b", "a b"),
        ("x" * 9_000, "x" * 5_000),
    ],
)  # fmt: skip
def test_text_comes_out_plain(raw, plain):
    assert plain_text(raw) == plain
