"""Headlines, their tone and fund flows as assets: today is asked about, a day that is over is not."""

import json
from contextlib import closing

import dagster as dg
import pytest
from pydantic import SecretStr

from babingepet.market.context import EtfFlows
from babingepet.market.intervals import DAY, HOUR, MINUTE, day_key
from babingepet_assets.btc.context import etf_flow, news, sentiment
from babingepet_assets.definitions import build_definitions
from babingepet_resources.market_files.fear_greed import FearGreed
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import etf_flows, fear_greed
from babingepet_services.btc_day.context import NOBODY, as_code
from babingepet_services.btc_day.sentiment import CLOSED
from babingepet_services.context.daily import flow_records, index_records
from babingepet_services.market.source import open_warehouse
from tests.fakes import FakeClock
from tests.loopback_feed import NOW, Answer, addresses_at, item, rss
from tests.openrouter_server import KEY, openrouter_server

TODAY, YESTERDAY = day_key(NOW), day_key(NOW - DAY)
HOSTILE = "Bitcoin `x` | ![a](http://evil.test/b) <img src=x> www.evil.test"


@pytest.fixture
def clock():
    return FakeClock(NOW)


@pytest.fixture
def settings(feed, real_place):
    return load_settings(**real_place, **addresses_at(feed))


@pytest.fixture
def shown(settings, clock):
    """Metadata of an asset that is called as a function."""

    def call(asset, day=TODAY, given=settings):
        with dg.build_asset_context(partition_key=day) as context:
            result = asset(context, settings=given, clock=clock)
        return {name: value.value for name, value in result.metadata.items()}

    return call


def headlines(feed):
    titles = ("Bitcoin surges", "Bitcoin plunges as outflows grow", HOSTILE)
    items = [item(title, NOW - hours * HOUR) for hours, title in enumerate(titles, 1)]
    feed.answer = Answer(rss(*items, item("Bitcoin", None)))


def figures(feed):
    """Flows and an index of six weeks' trading days, told by one address in two forms at once."""
    days = [NOW // DAY * DAY - n * DAY for n in range(1, 43)]
    flows = [{"day": day_key(day), "flow_usd": 1e6 * n} for n, day in enumerate(days)]
    feed.answer = Answer(json.dumps(flows).encode())


def test_todays_headlines_are_asked_for_and_reported_with_what_was_dropped(feed, shown):
    headlines(feed)
    said = shown(news)
    assert said["dagster/row_count"] == 3
    assert said["fetched"] == "ok: 3 rows, 3 new, 1 undated"
    assert (said["rows_new"], said["rows_dropped"], said["dropped"]) == (3, 1, "1 undated")
    assert (said["outlets"], said["busiest_outlets"]) == (1, "The Herald 3")
    assert said["window"].startswith(TODAY)
    assert (said["source"], said["market"]) == ("google_news", "binance")
    assert (said["asked"], said["failed"]) == (1, 0)
    assert said["table"].index("Bitcoin surges") < said["table"].index("Bitcoin plunges")


def test_who_read_todays_headlines_is_told_and_why_a_model_did_not(feed, shown, settings):
    headlines(feed)
    said = shown(news, given=settings.model_copy(update={"news_tone": "model"}))
    assert said["read_by"] == "3 lexicon"
    assert said["model_did_not_read"].endswith("OPENROUTER_API_KEY is not set")
    assert said.get("tone_prompt_version") is None


def test_todays_headlines_are_read_by_the_model_that_was_asked_for(feed, shown, settings):
    headlines(feed)
    rows = [{"number": n, "polarity": 0.5, "relevance": 1} for n in (1, 2, 3)]
    with openrouter_server() as server:
        server.script("google/gemini-2.5-flash", json.dumps({"tones": rows}))
        given = {"news_tone": "model", "openrouter_api_key": SecretStr(KEY)}
        said = shown(news, given=settings.model_copy(update=given | {"openrouter_url": server.url}))
    assert said["read_by"] == "3 model:google/gemini-2.5-flash"
    assert len(said["tone_prompt_version"]) == 12


def test_a_hostile_title_stays_text_in_the_table(feed, shown):
    headlines(feed)
    row = next(line for line in shown(news)["table"].splitlines() if "evil" in line)
    assert row.count("|") == 7  # six cells: the title's own bar is none
    assert row.count("`") == 6  # outlet, title and reader, a span each
    (title,) = (part for part in row.split("`") if "evil" in part)
    assert "![a](http://evil.test/b)" in title
    assert as_code("") == "-"
    assert as_code("x" * 500) == f"`{'x' * 159}…`"


@pytest.mark.slow
def test_a_day_that_is_over_asks_nobody_and_shows_what_was_filed_on_it(feed, shown, clock):
    headlines(feed)
    shown(news)
    shown(sentiment)
    asked = len(feed.asked)
    clock.advance(DAY / 1_000)
    for asset in (news, sentiment, etf_flow):
        assert shown(asset, YESTERDAY)["dagster/row_count"] == 0
    said = shown(news)
    assert (said["dagster/row_count"], said["fetched"]) == (3, NOBODY)
    assert (said["asked"], said["last_answer"][-7:]) == (1, "undated")
    assert "rows_new" not in said
    tone = shown(sentiment)
    assert (tone["dagster/row_count"], tone["scored"]) == (1, CLOSED)
    assert len(feed.asked) == asked


@pytest.mark.slow
def test_the_tone_of_today_is_scored_of_the_headlines_known_now(feed, shown, clock):
    headlines(feed)
    shown(news)
    clock.advance(60)
    first = shown(sentiment)
    clock.advance(1_800)
    said = shown(sentiment)
    assert [one["dagster/row_count"] for one in (first, said)] == [1, 2]
    assert said["source"] == "lexicon"
    assert -1.0 < said["score"] < 1.0
    assert said["score"] != first["score"]
    assert said["scored"] == f"{said['score']:+.3f} from 3 stories"
    assert "| 18:00  |         2 |" in said["table"]
    assert said["plot"].startswith("![plot](data:image/png;base64,")


def test_without_an_answer_there_is_no_tone_and_the_reason_is_told(feed, shown):
    feed.answer = Answer(status=503)
    said = shown(news)
    assert said["dagster/row_count"] == 0
    assert said["fetched"].startswith("failed: ")
    assert "503" in said["last_failure"]
    assert "rows_new" not in said  # unavailable is not zero
    tone = shown(sentiment)
    assert (tone["unavailable"], tone["moments_without_score"]) == (
        "the news feed has never answered",
        1,
    )
    assert "score" not in tone
    assert "plot" not in tone


@pytest.mark.slow
def test_flows_and_the_index_are_reported_as_they_were_known(feed, shown, settings, clock):
    figures(feed)
    said = shown(etf_flow)
    assert said["dagster/row_count"] == said["rows_new"] == 42
    assert (said["flow_day"], said["flow_usd"], said["flow_5_days_usd"]) == (YESTERDAY, 0.0, 1e7)
    assert said["fear_greed_fetched"].startswith("failed: ")  # flows are no index
    assert "fear_greed" not in said
    clock.advance(HOUR / 1_000)
    with closing(open_warehouse(settings, "binance")) as database, database.writing() as writing:
        index = FearGreed.from_rows([(NOW // DAY * DAY, 31)])
        fear_greed.insert(writing, index_records(index, "file", clock.now()))
        later = EtfFlows.from_rows([(NOW // DAY * DAY - DAY, 7e6)])
        etf_flows.insert(writing, flow_records(later, "BTC", "file", clock.now()))
    clock.advance(DAY / 1_000)
    known = shown(etf_flow)
    assert (known["flow_usd"], known["fear_greed"], known["fear_greed_rows"]) == (7e6, 31, 1)
    assert known["dagster/row_count"] == 43
    assert known["fetched"] == known["fear_greed_fetched"] == NOBODY
    assert known["plot"].startswith("![plot](data:image/png;base64,")
    assert shown(etf_flow, YESTERDAY)["dagster/row_count"] == 0


def test_a_market_without_an_address_of_flows_says_so(shown, settings):
    said = shown(etf_flow, given=settings.model_copy(update={"etf_flows_url": None}))
    assert said["fetched"].startswith("absent: BABINGEPET_ETF_FLOWS_URL is not set")


def test_an_address_that_is_none_ends_the_run_with_its_sentence(shown, settings):
    with pytest.raises(dg.Failure, match="https:// is needed") as raised:
        shown(news, given=settings.model_copy(update={"news_url": "ftp://x"}))
    assert not raised.value.allow_retries


def run(settings, clock, **how):
    """A run of the job of headlines: evaluations by asset and day, metadata of headlines by day."""
    definitions = build_definitions(resources={"settings": settings, "clock": clock})
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_job_def("btc_news")
        result = job.execute_in_process(instance=instance, **how)
        records = instance.fetch_materializations(news.key, limit=10).records
    assert result.success
    found = result.get_asset_check_evaluations()
    checked = {(one.asset_key.to_user_string(), one.partition): one for one in found}
    return checked, {one.partition_key: one.asset_materialization.metadata for one in records}


@pytest.mark.slow
def test_a_feed_that_is_down_fails_no_run_and_is_a_warning(feed, settings, clock):
    headlines(feed)
    well, _ = run(settings, clock, partition_key=TODAY)
    assert {key: one.passed for key, one in well.items()} == {
        ("btc/news", TODAY): True,
        ("btc/sentiment", TODAY): True,
    }
    feed.answer = Answer(status=503)
    clock.advance(91 * MINUTE / 1_000)
    ill, _ = run(settings, clock, partition_key=TODAY)
    assert {(one.passed, one.severity) for one in ill.values()} == {
        (False, dg.AssetCheckSeverity.WARN)
    }
    reason = ill["btc/news", TODAY].description
    assert "answered 91 minutes ago" in reason
    assert "status 503" in reason
    assert "stale" in ill["btc/sentiment", TODAY].description


@pytest.mark.slow
def test_a_backfill_asks_once_for_today_and_each_day_keeps_its_report_and_its_check(
    feed, settings, clock
):
    headlines(feed)
    days = {
        "dagster/asset_partition_range_start": YESTERDAY,
        "dagster/asset_partition_range_end": TODAY,
    }
    checked, shown = run(settings, clock, tags=days)
    assert {day: of["dagster/row_count"].value for day, of in shown.items()} == {
        YESTERDAY: 0,
        TODAY: 3,
    }
    assert (shown[YESTERDAY]["fetched"].value, len(feed.asked)) == (NOBODY, 1)
    of_news = {day: one.passed for (asset, day), one in checked.items() if asset == "btc/news"}
    assert of_news.items() >= {YESTERDAY: False, TODAY: True}.items()
