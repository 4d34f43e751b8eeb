"""The day under random kills, as a few minutes: it runs whole, kills somebody, and draws."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PRODUCT = Path(__file__).resolve().parents[2]


@pytest.mark.nightly
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_minutes_under_a_kill_are_all_accounted_for(database, tmp_path):
    command = [
        sys.executable, "-m", "scripts.bench.soak", "--json", "--database", database,
        "--hours", "0.42", "--kills", "1", "--seed", "3", "--out", str(tmp_path),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=PRODUCT, capture_output=True, text=True, timeout=1400, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    verdict = figures["verdict"]
    assert verdict["decided"] + verdict["missed"] == verdict["minutes"] >= 25
    assert verdict["fences"] >= 2
    assert [kill["processes"] > 0 for kill in figures["kills"]] == [True]
    first, last = figures["samples"][0], figures["samples"][-1]
    assert last["event_log_rows"] > first["event_log_rows"] >= 1
    assert last["roles"]["worker"]["rss_mib"] > 50
    assert any(name.endswith("btc_decisions") for name in last["tables"])
    assert (tmp_path / "soak.png").read_bytes().startswith(b"\x89PNG")
