"""A queue full of reports never delays the loop: its successor starts while they run.

Real processes and a real run queue, as in test_dagster_faults. Thirty runs of one asset are queued,
then the loop's worker is killed: the sensor needs 90 s to believe it dead, and the queue none.
"""

import httpx
import pytest

from tests.faults import test_dagster_faults as faults
from tests.faults.platform import wait_until

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1200)]

platform = faults.platform

REPORTS = 30
LAUNCH = """
mutation($params: ExecutionParams!) {
  launchRun(executionParams: $params) { __typename ... on PythonError { message } }
}
"""
UNFINISHED = """
query {
  runsOrError(filter: {
    pipelineName: "__ASSET_JOB", statuses: [QUEUED, NOT_STARTED, STARTING, STARTED]
  }) { ... on Runs { results { status } } }
}
"""
LOOPS = """
query { runsOrError(filter: {pipelineName: "btc_loop"}, limit: 1) {
  ... on Runs { results { creationTime startTime } }
} }
"""
PARAMS = {
    "selector": {
        "repositoryLocationName": "babingepet",
        "repositoryName": "__repository__",
        "jobName": "__ASSET_JOB",
        "assetSelection": [{"path": ["btc", "signals"]}],
    },
    "executionMetadata": {"tags": [{"key": "dagster/partition", "value": "2025-04-22"}]},
}


@pytest.fixture
def server():
    """None: the run queue is the same over both databases."""
    return None, None


def ask(platform, query, **variables):
    """Ask Dagster's pages; None while they do not answer."""
    question = {"query": query, "variables": variables}
    try:
        answer = httpx.post(f"http://127.0.0.1:{platform.port}/graphql", json=question, timeout=60)
    except httpx.TransportError:
        return None
    return answer.json()["data"]


def unfinished(platform):
    found = ask(platform, UNFINISHED)
    return [run["status"] for run in found["runsOrError"]["results"]] if found else []


def test_thirty_queued_reports_do_not_delay_the_successor_of_a_killed_loop(
    platform, record_property
):
    wait_until(lambda: faults.has_worked(platform, 1), 240)
    worker = platform.worker()
    wait_until(lambda: ask(platform, UNFINISHED), 120)
    for _ in range(REPORTS):
        launched = ask(platform, LAUNCH, params=PARAMS)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
    wait_until(lambda: "STARTED" in unfinished(platform), 120)
    assert len(unfinished(platform)) > REPORTS // 2

    last, first, seconds = faults.killed_and_back(platform, 1, worker)
    waiting = unfinished(platform)
    record_property("seconds", seconds)
    record_property("reports_unfinished", len(waiting))
    (successor,) = ask(platform, LOOPS)["runsOrError"]["results"]
    record_property("queued_and_starting", successor["startTime"] - successor["creationTime"])
    assert "QUEUED" in waiting, "the reports were over before the loop came back: nothing is shown"
    assert len(waiting) - waiting.count("QUEUED") <= 1
    faults.assert_goes_on(last, first, seconds)
