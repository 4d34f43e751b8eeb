"""No secret leaves the place that it was put in: a day on which everything fails, and then a search.

The model's host, the feeds and the database refuse, break off and repeat what they were told; what
was written, logged, printed and raised is searched for every secret.
"""

import base64
import gzip
import logging
import os
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from urllib.parse import quote

import dagster as dg
import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from sqlalchemy import select

from babingepet.errors import BabingepetError, ConfigurationError
from babingepet.market.intervals import HOUR
from babingepet_assets.btc.context import etf_flow, news, sentiment
from babingepet_assets.btc.swarm import swarm_verdicts
from babingepet_resources.addresses import HIDDEN
from babingepet_resources.clients.archive.client import ArchiveOptions, BinanceArchive
from babingepet_resources.clients.archive.files import day_of
from babingepet_resources.clients.openrouter.catalogue import MODELS
from babingepet_resources.resources import SettingsResource
from babingepet_resources.settings import REAL, load_settings, variable_of
from babingepet_resources.warehouse import tables
from babingepet_services.context.daily import refresh_etf_flows, refresh_fear_greed
from babingepet_services.context.news import refresh_news
from babingepet_services.market.exchange_state import is_over
from babingepet_services.market.source import open_warehouse
from babingepet_services.orchestration.storage import prepare_storage
from tests.delivery.conftest import call
from tests.fakes import FakeClock
from tests.faults import canaries
from tests.faults.canaries import canary, error_texts, folder_texts, forms, leaks
from tests.loopback_feed import Answer, item, rss, served_feed
from tests.openrouter_server import openrouter_server
from tests.services.swarm.seats import DECIDED, decide

DAY = "2025-04-22"
NOW = DECIDED + 5_000
SECRET = "openrouter_api_key"
STEPS = ("401 echo", "500 echo", "200 echo", "500 cut echo", "cut connection", "10 MB")
FEEDS = ("news_url", "etf_flows_url", "fear_greed_url")
REFUSING = "127.0.0.1:9"
"""The discard port: nobody listens there."""
COMMANDS = (
    ("doctor",), ("jobs",), ("swarm", "agents"), ("swarm", "round"), ("swarm", "spend"),
    ("memory", "stats"), ("gaps",), ("performance",), ("explain", "btc-20250422T1003Z-hold"),
    ("signals",), ("replays",), ("minutes",),
)  # fmt: skip


def repeating(secret):
    """What a feed answers that repeats how it was asked, each in its own way."""
    quoted = quote(secret, safe="")
    return (
        Answer(f"who is {secret}?".encode(), status=500),
        Answer(status=302, headers={"Location": f"https://{secret[:20]}.example/{quoted}"}),
        Answer(f"day,flow_usd,value\n{secret},1,2\n".encode()),
        Answer(f"<html>{secret}".encode()),
        Answer(rss(item(f"Bitcoin {secret} rises", NOW - HOUR, link=f"https://x/?{quoted}"))),
        Answer(secret.encode() * 10, way="cut"),
    )


@pytest.fixture
def feed():
    with served_feed() as served:
        yield served


@pytest.fixture
def set_variables(monkeypatch, tmp_path):
    """Sets every secret and the others that are given."""
    for name in [name for name in os.environ if name.startswith("BABINGEPET_")]:
        monkeypatch.delenv(name)

    def to(place, *, without=(), **settings):
        values = canaries.planted(place) | {
            variable_of(name): str(value) for name, value in settings.items()
        }
        values["BABINGEPET_DATA_DIR"] = str(tmp_path / "data")
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        for name in without:
            monkeypatch.delenv(variable_of(name))
        return values

    return to


def found(texts):
    return leaks(texts, canaries.names())


def raised(work):
    """What an attempt raised, as texts; it must raise what the product means to."""
    with pytest.raises(BabingepetError) as error:
        work()
    return list(error_texts(error.value))


def printed(*arguments):
    """What a command says, in words and as JSON."""
    told = [call(*arguments, *more, **_given()) for more in ((), ("--json",))]
    return [(" ".join(arguments), one.out + one.err) for one in told]


def _given():
    start = "BABINGEPET_"
    return {k.removeprefix(start): v for k, v in os.environ.items() if k.startswith(start)}


def materialize(instance):
    """Today's assets of context and analysts, as a run of the product."""
    resources = {
        "settings": SettingsResource(),
        "clock": dg.ResourceDefinition.hardcoded_resource(FakeClock(NOW)),
    }
    return dg.materialize(
        [news, sentiment, etf_flow, swarm_verdicts],
        instance=instance, partition_key=DAY, resources=resources, raise_on_error=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_day_on_which_models_feeds_and_database_fail_tells_no_secret(
    set_variables, feed, tmp_path, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    here = feed.url.removeprefix("http://").removesuffix("/feed")
    texts, home = [], tmp_path / "dagster"
    home.mkdir()
    with (
        openrouter_server() as server,
        dg.DagsterInstance.local_temp(str(home)) as instance,
    ):
        embedded = ("database_url", "dagster_database_url")
        set_variables(
            here, without=embedded, market=REAL, openrouter_url=server.url, news_tone="model"
        )
        settings = load_settings()
        with closing(open_warehouse(settings, REAL)) as database:
            decide(database, 3)
            texts += fail_at_models_and_feeds(instance, server, feed, settings, database)
        texts += [text for command in COMMANDS for text in printed(*command)]
        set_variables(REFUSING, market=REAL, openrouter_url=server.url)
        refused = load_settings()
        texts += fail_at_the_database(instance, refused)
        texts += [text for command in COMMANDS for text in printed(*command)]
        texts += [("settings", repr([settings, refused]) + str(settings) + str(refused))]
        asked = [header["Authorization"] for header in server.headers]
    said = capfd.readouterr()
    records = "\n".join(repr(record.__dict__) for record in caplog.records)
    texts += [("log", caplog.text + records), ("output", said.out + said.err)]
    assert f"Bearer {canary(SECRET)}" in asked, "the key was sent, and repeated"
    assert "\n".join(map(str, found([*texts, *folder_texts(tmp_path)]))) == ""
    assert len(texts) > 60


def fail_at_models_and_feeds(instance, server, feed, settings, database, steps=STEPS):
    """A run over hosts that repeat secrets; what they repeat is never empty."""
    for number, model in enumerate(MODELS):
        first = number % len(steps)
        server.script(model, *steps[first:], *steps[:first])
    feed.answer = repeating(canary("news_url"))[4]
    done = materialize(instance)
    assert len(server.asked) >= len(steps), "every end was met"
    texts = [("run", repr(done.all_events))]
    for name, refresh in zip(
        FEEDS, (refresh_news, refresh_etf_flows, refresh_fear_greed), strict=True
    ):
        for answer in repeating(canary(name)):
            feed.answer = answer
            texts.append((name, repr(refresh(settings, database, FakeClock(NOW)))))
    for answer in repeating(canary("archive_url")):
        feed.answer = answer
        texts += ask_archive(settings)
    with database.reading() as connection:
        titles = connection.execute(select(tables.news.c.title)).scalars().all()
        details = connection.execute(select(tables.swarm_calls.c.detail)).scalars().all()
        asking = set(connection.execute(select(tables.swarm_calls.c.market)).scalars())
    assert asking == {"BTC", "TONE"}, "analysts were asked, and the reader of headlines"
    assert any(HIDDEN in title for title in titles), "a feed repeated what it was sent"
    assert any(HIDDEN in detail for detail in details), "and so did the models' host"
    return texts


def fail_at_the_database(instance, settings):
    """A run whose database refuses; errors that say so, with all that led to them."""
    done = materialize(instance)
    assert not done.success
    return [
        ("run", repr(done.all_events)),
        *raised(lambda: open_warehouse(settings, REAL)),
        *raised(lambda: prepare_storage(settings)),
        *raised(lambda: is_over(settings)),
        *ask_archive(settings),
    ]


def ask_archive(settings):
    """What the archive of the settings, which does not deliver, is said to be."""
    once = ArchiveOptions(attempts=1)
    with closing(
        BinanceArchive(settings.archive_url, settings.data_dir, FakeClock(NOW), once)
    ) as archive:
        return raised(lambda: archive.fetch(day_of("klines", "BTCUSDT", NOW)))


@pytest.mark.parametrize("name", canaries.secret_fields())
def test_every_setting_that_may_hold_a_secret_has_a_canary_and_is_never_shown(name, set_variables):
    values = set_variables(REFUSING, market=REAL)
    assert forms(canary(name)).keys() & {"plain", "beginning"}
    assert any(form in values[variable_of(name)] for form in forms(canary(name)).values())
    settings = load_settings()
    assert found([("shown", repr(settings) + str(settings) + f"{settings!r}")]) == []


def test_a_setting_that_looks_like_a_secret_is_taken_for_one():
    secret, plain = SecretStr | None, str | None
    looks = {
        ("telegram_bot_token", plain): True, ("exchange_secret", plain): True,
        ("database_password", plain): True, ("mirror_url", plain): True, ("harmless", secret): True,
        ("symbol", plain): False, ("data_dir", plain): False, ("keyboard", plain): False,
    }  # fmt: skip
    fields = {asked: FieldInfo(annotation=asked[1]) for asked in looks}
    assert {asked: canaries.is_secret(asked[0], one) for asked, one in fields.items()} == looks
    with pytest.raises(LookupError, match="has no canary"):
        canaries.value_of("exchange_secret", FieldInfo(annotation=plain), REFUSING)


def test_the_address_of_the_models_takes_no_secret_and_shows_none():
    for address in (f"http://u:{SECRET}@h/v1", f"http://{SECRET}@h/v1", f"http://h/v1?k={SECRET}"):
        with pytest.raises(ConfigurationError, match="neither user nor query") as refused:
            load_settings(openrouter_url=address)
        assert SECRET not in str(refused.value)


def leave_in_a_row(folder, text):
    with closing(sqlite3.connect(folder / "x.sqlite")) as database:
        database.execute("CREATE TABLE kept (said TEXT)")
        database.execute("INSERT INTO kept VALUES (?)", [text])
        database.commit()


def leave_packed_in_a_row(folder, text):
    with closing(sqlite3.connect(folder / "x.sqlite")) as database:
        database.execute("CREATE TABLE kept (content BLOB)")
        database.execute("INSERT INTO kept VALUES (?)", [zlib.compress(text.encode())])
        database.commit()


def leave_in_the_log_of_a_child(folder, text):
    with (folder / "child.log").open("wb") as log:
        program = "import sys; sys.stderr.write(sys.argv[1])"
        subprocess.run([sys.executable, "-c", program, text], stderr=log, check=True)


def leave_in_a_packed_file(folder, text):
    (folder / "x.gz").write_bytes(gzip.compress(text.encode()))


@pytest.mark.parametrize(
    "leave",
    [leave_in_a_row, leave_packed_in_a_row, leave_in_the_log_of_a_child, leave_in_a_packed_file],
)
@pytest.mark.parametrize(
    "said",
    [
        lambda secret: f"Bearer {secret}",
        lambda secret: secret[:12] + "...",
        lambda secret: f"http://x/?key={quote(secret, safe='')}",
        lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
        lambda secret: base64.b64encode(f"trader:{secret}".encode()).decode(),
        lambda secret: base64.b64encode(f"a:{secret}".encode()).decode(),
    ],
)
def test_the_search_finds_what_was_leaked_on_purpose(leave, said, tmp_path):
    leave(tmp_path, said(canary(SECRET)))
    assert {leak.secret for leak in found(folder_texts(tmp_path))} == {SECRET}


def test_the_search_looks_at_what_led_to_an_error():
    error = ValueError("It cannot be reached.")
    error.__cause__ = OSError(f"postgresql://u:{canary('database_url')}@h")
    assert {leak.secret for leak in found(error_texts(error))} == {"database_url"}
