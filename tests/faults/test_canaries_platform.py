"""The whole platform with every secret set and everything failing: its pages, rows and files tell none.

Real processes: the exchange behind a proxy that is not there, models and feeds that repeat what they
were sent, and a server that stops. The runs are those of Dagster's own home, so that its pages show
them.
"""

import os
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import httpx
import psutil
import psycopg2
import pytest

from babingepet.errors import BabingepetError
from babingepet_resources.settings import REAL, load_settings, variable_of
from babingepet_services.market.source import open_warehouse
from babingepet_services.orchestration.instance import VARIABLE
from babingepet_services.orchestration.storage import storage_url
from tests.faults import canaries
from tests.faults.canaries import canary, cell_text, folder_texts, leaks
from tests.faults.platform import guarded_server, running, wait_until
from tests.faults.test_canaries import (
    COMMANDS,
    STEPS,
    fail_at_models_and_feeds,
    printed,
)  # fmt: skip
from tests.loopback_feed import served_feed
from tests.openrouter_server import openrouter_server
from tests.services.swarm.seats import decide

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]

PROXY = "HTTPS_PROXY"
PAGES = ("/", "/server_info", "/dagit_info", "/runs", "/overview/activity", "/deployment/config")
RUNS = """{ runsOrError { ... on Runs { results { runId status runConfigYaml tags { key value }
  assets { key { path } } resolvedRunConfig: runConfig
  eventConnection { events { __typename ... on MessageEvent { message }
    ... on ErrorEvent { error { message stack className
      errorChain { error { message stack } } } }
    ... on DisplayableEvent { label description metadataEntries { label description
      ... on TextMetadataEntry { text } ... on MarkdownMetadataEntry { mdStr }
      ... on JsonMetadataEntry { jsonString } } } } } } } } }"""
QUERIES = (
    RUNS,
    (
        "{ instance { info executablePath daemonHealth { allDaemonStatuses { daemonType "
        "lastHeartbeatErrors { message stack } } } } }"
    ),
    """{ allTopLevelResourceDetailsOrError(repositorySelector: {
      repositoryName: "__repository__", repositoryLocationName: "babingepet"}) {
      __typename ... on ResourceDetailsList { results { name description resourceType
      configFields { name defaultValueAsJson } configuredValues { key value type } } } } }""",
    """{ sensorsOrError(repositorySelector: {
      repositoryName: "__repository__", repositoryLocationName: "babingepet"}) {
      __typename ... on Sensors { results { name sensorState { ticks { status skipReason
      error { message stack } } } } } } }""",
    """{ assetNodes { assetKey { path } description metadataEntries { label description }
      configField { name } } }""",
    (
        "{ workspaceOrError { __typename ... on Workspace { locationEntries { name displayMetadata "
        "{ key value } locationOrLoadError { __typename ... on PythonError { message stack } } } } } }"
    ),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request):
    """The address of a server's database whose password is a canary; none for the embedded one."""
    password = canary("database_url")
    own = nullcontext((None, None)) if request.param == "sqlite" else guarded_server(password)
    with own as found:
        yield found


def variables_of(folder, place, database_url, api_url):
    """The whole environment of the platform: every secret, and what is asked about."""
    secret = quote(canary(PROXY), safe="")
    values = canaries.planted(place) | {PROXY: f"http://trader:{secret}@127.0.0.1:9"}
    values |= {
        variable_of(name): str(value)
        for name, value in {
            "data_dir": folder / "data", "market": REAL, "openrouter_url": api_url,
            "database_url": database_url, "dagster_database_url": database_url,
        }.items()
    }  # fmt: skip
    unset = {name for name, value in values.items() if value == "None"}
    # A loopback exchange that does not answer would keep the sensor from launching anything.
    unset.add(variable_of("exchange_url"))
    return {name: value for name, value in values.items() if name not in unset}


def pages(port):
    """Everything that can be had of Dagster without a browser."""
    url = f"http://127.0.0.1:{port}"
    for path in PAGES:
        yield path, httpx.get(url + path, timeout=60).text
    for query in QUERIES:
        answer = httpx.post(f"{url}/graphql", json={"query": query}, timeout=60)
        assert "errors" not in answer.json(), answer.text[:500]
        yield query, answer.text


def rows(server):
    """Every row of every table of a server's database."""
    with closing(psycopg2.connect(f"{server.url}/platform")) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table in cursor.fetchall():
            cursor.execute(f'SELECT * FROM "{schema}"."{table}"')
            cells = [cell_text(cell) for row in cursor.fetchall() for cell in row]
            yield f"{schema}.{table}", "\n".join(cells)


def loops_failed(home):
    """Whether runs of the loop failed, since the exchange does not answer."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        asked = dg.RunsFilter(job_name="btc_loop", statuses=[dg.DagsterRunStatus.FAILURE])
        return len(instance.get_runs(asked)) > 0


def test_the_whole_platform_tells_no_secret(server, tmp_path, monkeypatch):
    with served_feed() as feed, openrouter_server() as models:
        here = feed.url.removeprefix("http://").removesuffix("/feed")
        values = variables_of(tmp_path, here, server[1], models.url)
        for name in [name for name in os.environ if name.startswith("BABINGEPET_")]:
            monkeypatch.delenv(name)
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        texts = list(lived(server, feed, models, tmp_path, monkeypatch, values))
    found = leaks([*texts, *folder_texts(tmp_path)], [*canaries.names(), PROXY])
    assert "\n".join(map(str, found)) == ""
    assert any(f"Bearer {canary('openrouter_api_key')}" in str(one) for one in models.headers)
    assert len(feed.asked) > len(STEPS)


def lived(server, feed, models, folder, monkeypatch, values):
    """Everything that the platform said while it ran."""
    settings = load_settings()
    home = settings.data_dir / "dagster"
    if server[0] is not None:
        monkeypatch.setenv(VARIABLE, storage_url(settings))
        yield from printed("db", "upgrade")
    # What is asked by the clock goes through the code server, which knows every secret itself.
    with running(settings, folder, variables=values) as platform:
        wait_until(lambda: answers(platform.port), 120)
        with closing(open_warehouse(settings, REAL)) as database:
            decide(database, 3)
            with dg.DagsterInstance.from_config(str(home)) as instance:
                yield from fail_at_models_and_feeds(
                    instance, models, feed, settings, database, (*STEPS, "hang")
                )
        wait_until(lambda: loops_failed(home), 120)
        shown = list(pages(platform.port))
        assert "ExecutionStepFailureEvent" in str(shown), "the pages tell of what failed"
        yield from shown
        for command in COMMANDS:
            yield from printed(*command)
        everything = [psutil.Process(platform.process.pid), *platform.below()]
        for process in everything:
            with suppress(psutil.Error):
                yield "command line", " ".join(process.cmdline())
        if server[0] is not None:
            yield from rows(server[0])
            server[0].halt()
            for command in COMMANDS:
                yield from printed(*command)
            with pytest.raises(BabingepetError) as refused:
                open_warehouse(settings, REAL)
            yield from canaries.error_texts(refused.value)
            server[0].resume()
    yield "what it said", Path(platform.log).read_text()


def answers(port):
    """Whether the pages are served and the graph is loaded."""
    query = {"query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"}
    with suppress(httpx.HTTPError):
        answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json=query, timeout=10)
        return "__repository__" in answer.text
    return False
