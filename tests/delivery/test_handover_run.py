"""The whole platform at the market's own pace: midnight and new code cross without a missed minute."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from babingepet.market.intervals import DAY, MINUTE
from babingepet_delivery.supervision.home import free_port
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import gaps, history
from babingepet_services.market.source import open_warehouse
from babingepet_services.version import PACKAGES, ROOT, version_of

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(2400)]

EDITED = Path("babingepet_services") / "market" / "gap_report.py"
"""A module that every process of the platform may import and none needs for a decision."""
RELOAD = """
mutation { reloadRepositoryLocation(repositoryLocationName: "babingepet") {
  ... on WorkspaceLocationEntry { loadStatus } } }
"""


@dataclass
class Platform:
    """A `babingepet run` over a copy of the sources, so that they can be edited."""

    tree: Path
    data: Path
    pages: int

    def decisions(self):
        settings = load_settings(data_dir=self.data, market="simulated")
        if not Path(settings.data_dir / "babingepet-simulated.sqlite").exists():
            return [], []
        database = open_warehouse(settings, "simulated")
        try:
            with database.reading() as connection:
                made = history.decisions(connection, "paper", "BTCUSDT", 0, 1 << 60)
                missed = [
                    gap for gap in gaps.read(connection, "BTCUSDT", 0, 1 << 60)
                    if gap.feed == "decision"
                ]  # fmt: skip
        finally:
            database.close()
        return made, missed

    def wait_for_fence(self, fence, minutes, seconds):
        """Wait until the loop of a fence has made some decisions."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            made, _ = self.decisions()
            if sum(decision.fence == fence for decision in made) >= minutes:
                return made
            time.sleep(2)
        pytest.fail(f"fence {fence} made no {minutes} decisions in {seconds} s")

    def reload(self):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.pages}/graphql",
            json.dumps({"query": RELOAD}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["data"]["reloadRepositoryLocation"]["loadStatus"]


def compile_rules(tree, data):
    """Decide once: machine code is kept beside the sources, and a copy of them has none yet."""
    command = [
        sys.executable, "-m", "babingepet_delivery.cli", "demo", "--market", "simulated",
        "--cycles", "2", "--speed", "max", "--json",
    ]  # fmt: skip
    environment = os.environ | {"BABINGEPET_DATA_DIR": str(data)}
    subprocess.run(command, cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def platform(tmp_path):
    tree, data, pages = tmp_path / "tree", tmp_path / "data", free_port()
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("compiled-*"))
    shutil.copy(ROOT / "dagster.yaml", tree)
    compile_rules(tree, tmp_path / "compiled")
    command = [
        sys.executable, "-m", "babingepet_delivery.cli", "run", "--market", "simulated",
        "--speed", "1", "--from", "2025-04-22T23:56", "--port", str(pages),
    ]  # fmt: skip
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = ours | {"BABINGEPET_DATA_DIR": str(data), "BABINGEPET_EVENTS_PER_RUN": "1"}
    with (tmp_path / "run.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=tree, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield Platform(tree, data, pages)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)
    assert process.returncode == 0


def test_midnight_and_a_reload_of_the_code_cross_without_a_missed_minute(platform, record_property):
    began = time.monotonic()
    made = platform.wait_for_fence(2, 2, 900)
    midnight = made[0].as_of // DAY * DAY + DAY
    assert made[0].as_of < midnight < made[-1].as_of
    record_property("midnight_crossed_after_s", time.monotonic() - began)

    with (platform.tree / EDITED).open("a") as module:
        module.write("\n# edited while the platform ran\n")
    edited = time.monotonic()
    assert platform.reload() == "LOADED"
    made = platform.wait_for_fence(3, 2, 600)
    record_property("new_code_decided_after_s", time.monotonic() - edited)

    made, missed = platform.decisions()
    times = [decision.as_of for decision in made]
    assert times == list(range(times[0], times[-1] + MINUTE, MINUTE))
    assert missed == []
    fences = [decision.fence for decision in made]
    assert fences == sorted(fences)
    assert set(fences) == {1, 2, 3}
    assert len({(decision.fence, decision.owner) for decision in made}) == 3
    assert len({decision.owner for decision in made}) == 3
    versions = {decision.fence: decision.code_version for decision in made}
    assert versions[1] == versions[2] != versions[3] == version_of(platform.tree)
